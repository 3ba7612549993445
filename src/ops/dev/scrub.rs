//! Takes secrets out of what is kept of a request. In doubt it hides too much.

use serde_json::{Map, Value};

/// What stands in place of what is hidden.
pub const HIDDEN: &str = "[hidden]";

/// A run of so many characters of tokens and secrets is taken for one: a secret of 32 bytes has 43, a UUID 36.
const LONG: usize = 40;

/// The members of bodies whose values are no secrets. Of any other the value is hidden, since a password may
/// stand in a member with a slip in its name.
const SHOWN: [&str; 3] = ["email", "role", "transport"];

/// The parameters of queries whose values are no secrets.
const SHOWN_PARAMETERS: [&str; 7] = ["after", "cursor", "kind", "limit", "search", "since", "user"];

/// A text of at most `max` bytes without anything that looks like a token or a secret.
pub fn text(text: &str, max: usize) -> String {
    let mut scrubbed = String::new();
    let mut rest = text;
    while !rest.is_empty() {
        let run = rest.find(|c| !is_token_char(c)).unwrap_or(rest.len());
        let (long, after) = rest.split_at(run);
        scrubbed.push_str(if long.len() >= LONG { HIDDEN } else { long });
        let plain = after.find(is_token_char).unwrap_or(after.len());
        let (between, next) = after.split_at(plain);
        scrubbed.push_str(between);
        rest = next;
    }
    cut(scrubbed, max)
}

/// Base64url, the dots between the parts of a JWT, and what either may be escaped with.
fn is_token_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || "-_.%+=~".contains(c)
}

/// A text of at most `max` bytes.
pub fn cut(mut text: String, max: usize) -> String {
    text.truncate(text.floor_char_boundary(max));
    text
}

/// An address with its query, at most `max` bytes long.
pub fn path(path: &str, query: &str, max: usize) -> String {
    let mut scrubbed = text(path, max);
    for (at, pair) in query.split('&').enumerate().filter(|_| !query.is_empty()) {
        scrubbed.push(if at == 0 { '?' } else { '&' });
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        scrubbed.push_str(&text(name, max));
        if !value.is_empty() {
            scrubbed.push('=');
            scrubbed.push_str(&if SHOWN_PARAMETERS.contains(&name) { text(value, max) } else { HIDDEN.to_owned() });
        }
    }
    cut(scrubbed, max)
}

/// The object that a body is: names, and the values that are no secrets. Null for any other body; a text where
/// it is longer than `max` bytes.
pub fn body(body: &[u8], max: usize) -> Value {
    let Ok(Value::Object(members)) = serde_json::from_slice(body) else { return Value::Null };
    let shown = object(&members);
    if shown.to_string().len() > max { Value::from("[too long]") } else { shown }
}

fn object(members: &Map<String, Value>) -> Value {
    let member = |(name, value): (&String, &Value)| (text(name, 64), value_of(name, value));
    Value::Object(members.iter().map(member).collect())
}

fn value_of(name: &str, value: &Value) -> Value {
    match value {
        Value::Null | Value::Bool(_) => value.clone(),
        Value::String(shown) if SHOWN.contains(&name) => Value::from(text(shown, 320)),
        Value::Object(members) => object(members),
        Value::String(_) | Value::Number(_) | Value::Array(_) => Value::from(HIDDEN),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn what_looks_like_a_secret_is_hidden_wherever_it_stands() {
        let secret = "a".repeat(43);
        let token = format!("eyJ0.{secret}.{secret}");
        for (given, kept) in [
            (format!("Mozilla/5.0 ({token}) x"), "Mozilla/5.0 ([hidden]) x"),
            (format!("{secret},{secret}"), "[hidden],[hidden]"),
            ("018f0000-0000-7000-8000-000000000000".to_owned(), "018f0000-0000-7000-8000-000000000000"),
            ("é ü".to_owned(), "é ü"),
        ] {
            assert_eq!(text(&given, 100), kept);
        }
        assert_eq!(text("ééé", 5), "éé");
        assert_eq!(path("/auth/me", "", 99), "/auth/me");
        assert_eq!(path("/a", "limit=2&pasword=hunter2&x", 99), "/a?limit=2&pasword=[hidden]&x");
        assert_eq!(path(&format!("/link/{secret}"), &format!("search={token}"), 99), "/link/[hidden]?search=[hidden]");
    }

    #[test]
    fn of_a_body_the_names_stay_and_only_known_values() {
        let given = json!({"email": "bob@example.com", "password": "hunter2", "pasword": ["hunter2"], "pin": 1234,
            "transport": "body", "in": {"secret": "hunter2", "role": "user"}, "on": true, "refreshToken": "hunter2"});
        let kept = json!({"email": "bob@example.com", "password": "[hidden]", "pasword": "[hidden]", "pin": "[hidden]",
            "transport": "body", "in": {"secret": "[hidden]", "role": "user"}, "on": true,
            "refreshToken": "[hidden]"});
        assert_eq!(body(given.to_string().as_bytes(), 4_096), kept);
        assert_eq!(body(given.to_string().as_bytes(), 9), json!("[too long]"));
        for none in ["", "hunter2", "\"hunter2\"", "[\"hunter2\"]", "{\"password\":\"hunter2\"", "7"] {
            assert_eq!(body(none.as_bytes(), 4_096), Value::Null, "{none}");
        }
    }

    proptest! {
        #[test]
        fn no_secret_passes_and_nothing_grows_past_its_bound(
            before in ".{0,30}", secret in "[A-Za-z0-9_-]{43}", after in ".{0,30}", max in 0..200_usize,
        ) {
            let given = format!("{before}{secret}{after}");
            for kept in [text(&given, max), path(&given, &given, max)] {
                prop_assert!(!kept.contains(&secret) && kept.len() <= max, "{}", kept);
            }
            let kept = body(json!({ given.clone(): {"email": given} }).to_string().as_bytes(), 9_999);
            prop_assert!(!kept.to_string().contains(&secret));
        }
    }
}
