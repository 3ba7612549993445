//! An answer, as a test looks at it.

use reqwest::header::HeaderMap;
use serde_json::Value;

#[derive(Clone)]
pub struct Answer {
    /// What was asked, for messages.
    pub asked: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body as JSON; null where it is empty.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// A text in the body, by JSON pointer.
    pub fn text(&self, pointer: &str) -> String {
        let json = self.json();
        let value = json.pointer(pointer).unwrap_or_else(|| panic!("no {pointer} in {self:?}"));
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    }

    /// The status must be this.
    #[track_caller]
    pub fn expect(&self, status: u16) {
        assert_eq!(self.status, status, "{self:?}");
    }

    /// A refusal with this status and code, and nothing in it but what a refusal has.
    #[track_caller]
    pub fn expect_problem(&self, status: u16, code: &str) {
        self.expect(status);
        assert_eq!(self.header("content-type"), "application/problem+json", "{self:?}");
        let json = self.json();
        assert_eq!((json["code"].as_str(), json["status"].as_u64()), (Some(code), Some(status.into())), "{self:?}");
        assert_eq!(json["title"], json["error"], "{self:?}");
        assert!(json["accessToken"].is_null() && json["refreshToken"].is_null(), "{self:?}");
    }

    /// The end of a session, for this reason.
    #[track_caller]
    pub fn expect_ended(&self, reason: &str) {
        self.expect_problem(401, "session_ended");
        assert_eq!(self.json()["reason"], reason, "{self:?}");
        assert!(self.set_cookies().is_empty(), "a failed refresh touches no cookie: {self:?}");
    }

    /// A header; empty where there is none.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// All cookies that it sets: name, value, attributes.
    pub fn set_cookies(&self) -> Vec<(String, String, String)> {
        let lines = self.headers.get_all("set-cookie").iter();
        let split = |line: &str| {
            let (pair, rest) = line.split_once("; ").unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').unwrap();
            (name.to_owned(), value.to_owned(), rest.to_owned())
        };
        lines.map(|line| split(line.to_str().unwrap())).collect()
    }

    /// The body with all that differs from run to run made alike, for comparing it whole.
    pub fn redacted(&self) -> Value {
        let mut json = self.json();
        redact(&mut json);
        json
    }
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let text = member.as_str().unwrap_or_default();
                let fixed = match name.as_str() {
                    "accessToken" | "refreshToken" => Some("[token]"),
                    "id" | "sessionId" | "userId" | "actorId" if uuid::Uuid::try_parse(text).is_ok() => Some("[id]"),
                    "requestId" if text.len() == 16 => Some("[request]"),
                    "url" if text.contains('#') => Some("[link]"),
                    _ => None,
                };
                match fixed {
                    Some(fixed) => *member = Value::from(fixed),
                    None => redact(member),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} -> {}\n{:#?}\n{}", self.asked, self.status, self.headers, self.text)
    }
}
