//! The one refusal: what the client is told, and, apart from it, what the log is told.
//!
//! `application/problem+json` of RFC 9457. The cause never reaches the client; it is logged once,
//! with the request's id, where the answer leaves ([`headers`](crate::http::headers)).

use std::borrow::Cow;
use std::fmt;

use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, HeaderValue, RETRY_AFTER, TryIntoHeaderValue as _, WWW_AUTHENTICATE,
};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

use crate::domain::reason::Reason;
use crate::http::code::Code;
use crate::http::rate::RateState;

/// Where no token was shown: no error code (RFC 6750, section 3.1).
const ASK_BEARER: HeaderValue = HeaderValue::from_static("Bearer realm=\"doorward\"");
/// Where a token was shown that is not good (any more).
const BAD_BEARER: HeaderValue = HeaderValue::from_static("Bearer realm=\"doorward\", error=\"invalid_token\"");
/// The content type of every refusal.
pub const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A refusal. Boxed, so that a `Result` with it stays small.
#[derive(Debug)]
pub struct Problem(Box<Parts>);

#[derive(Debug)]
struct Parts {
    code: Code,
    detail: Cow<'static, str>,
    reason: Option<Reason>,
    field: Option<Cow<'static, str>>,
    rule: Option<Rule>,
    rate: Option<RateState>,
    violated: Option<&'static str>,
    retry_after: Option<u64>,
    allow: Option<Cow<'static, str>>,
    challenge: Option<HeaderValue>,
    cause: Option<String>,
}

/// A rule that a value breaks, so that a page can say it in its own words.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Rule {
    /// Its stable word.
    #[serde(rename = "rule")]
    pub word: &'static str,
    /// The least that it allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min: Option<usize>,
    /// The most that it allows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max: Option<usize>,
}

/// Its body (RFC 9457, section 3).
#[derive(Serialize)]
struct Body<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    detail: &'a str,
    code: &'a str,
    error: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Reason>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    #[serde(flatten)]
    rule: Option<Rule>,
    #[serde(rename = "violated-policies", skip_serializing_if = "Option::is_none")]
    violated: Option<[&'a str; 1]>,
    #[serde(rename = "requestId", skip_serializing_if = "Option::is_none")]
    request_id: Option<&'a str>,
}

impl Problem {
    /// As the table has it.
    pub fn new(code: Code) -> Self {
        let bad_bearer = [Code::InvalidAccessToken, Code::AccessTokenExpired].contains(&code).then_some(BAD_BEARER);
        let challenge = if code == Code::NoAccessToken { Some(ASK_BEARER) } else { bad_bearer };
        // 503 without a word on when to come back invites a stampede.
        let retry_after = (code.status() == StatusCode::SERVICE_UNAVAILABLE).then_some(1);
        let detail = Cow::Borrowed(code.text());
        let (reason, field, rule, rate, allow, cause) = (None, None, None, None, None, None);
        let violated = None;
        Self(Box::new(Parts {
            code,
            detail,
            reason,
            field,
            rule,
            rate,
            violated,
            retry_after,
            allow,
            challenge,
            cause,
        }))
    }

    /// The table's text would say less than this one. It is public: no values, no causes.
    pub fn detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.0.detail = detail.into();
        self
    }

    /// What the log should know and the client should not.
    pub fn cause(mut self, cause: impl fmt::Display) -> Self {
        self.0.cause = Some(cause.to_string());
        self
    }

    /// Why the session ended.
    pub fn reason(mut self, reason: Reason) -> Self {
        self.0.reason = Some(reason);
        self
    }

    /// The member of the body that is meant.
    pub fn field(mut self, field: impl Into<Cow<'static, str>>) -> Self {
        self.0.field = Some(field.into());
        self
    }

    /// The rule that the value breaks.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.0.rule = Some(rule);
        self
    }

    /// Seconds after which to try again; at least one is said.
    pub fn retry_after(mut self, secs: u64) -> Self {
        self.0.retry_after = Some(secs.max(1));
        self
    }

    /// The methods that the address takes, such as `GET, HEAD`.
    pub fn allow(mut self, methods: impl Into<Cow<'static, str>>) -> Self {
        self.0.allow = Some(methods.into());
        self
    }

    /// It was an access token that was refused: adds the challenge of RFC 6750, section 3, to a
    /// code that also serves refresh tokens.
    pub fn bearer(mut self) -> Self {
        self.0.challenge = Some(BAD_BEARER);
        self
    }

    /// The limit that this request counted for: its headers tell of it.
    pub fn counts(mut self, state: RateState) -> Self {
        self.0.rate = Some(state);
        self
    }

    /// The limit that is used up, where no header tells of it: names it in `violated-policies`.
    pub fn violates(mut self, policy: &'static str) -> Self {
        self.0.violated = Some(policy);
        self
    }

    /// The limit that is used up: names it in `violated-policies`, says when to come back, and lets
    /// the limit's headers tell of it.
    pub fn exceeds(mut self, state: RateState) -> Self {
        self.0.violated = Some(state.policy);
        self.0.rate = Some(state);
        let said = self.0.retry_after.unwrap_or(0);
        self.retry_after(said.max(state.reset_secs))
    }

    /// Its code.
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The public text.
    pub fn public_text(&self) -> &str {
        &self.0.detail
    }

    /// What only the log may see.
    pub fn logged_cause(&self) -> Option<&str> {
        self.0.cause.as_deref()
    }

    /// The body, with the request's id where the client should be able to name the request.
    pub fn body(&self, request_id: Option<&str>) -> String {
        let code = self.0.code;
        let body = Body {
            r#type: code.type_uri(),
            title: code.title(),
            status: code.status().as_u16(),
            detail: &self.0.detail,
            code: code.word(),
            error: code.title(),
            reason: self.0.reason,
            field: self.0.field.as_deref(),
            rule: self.0.rule,
            violated: self.0.violated.map(|policy| [policy]),
            request_id,
        };
        // Strings and numbers alone: this can't fail.
        serde_json::to_string(&body).unwrap_or_default()
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.0.code, self.0.detail)
    }
}

impl std::error::Error for Problem {}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.0.code.status()
    }

    fn error_response(&self) -> HttpResponse<BoxBody> {
        let mut builder = HttpResponse::build(self.status_code());
        builder.insert_header((CONTENT_TYPE, PROBLEM_JSON));
        builder.insert_header((CACHE_CONTROL, "no-store"));
        if let Some(secs) = self.0.retry_after {
            builder.insert_header((RETRY_AFTER, secs));
        }
        if let Some(challenge) = &self.0.challenge {
            builder.insert_header((WWW_AUTHENTICATE, challenge.clone()));
        }
        if let Some(allow) = self.0.allow.as_deref().and_then(|allow| allow.try_into_value().ok()) {
            builder.insert_header((ALLOW, allow));
        }
        // Part of the body is still on its way: this connection can't carry another request.
        if matches!(self.0.code, Code::RequestTimeout | Code::BodyTooLarge) {
            builder.force_close();
        }
        let mut response = builder.body(self.body(None));
        if let Some(state) = self.0.rate {
            response.extensions_mut().insert(state);
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use actix_web::body::to_bytes;
    use actix_web::http::ConnectionType;

    use super::*;
    use crate::http::rate::LOGIN;

    async fn json(problem: &Problem) -> serde_json::Value {
        serde_json::from_slice(&to_bytes(problem.error_response().into_body()).await.unwrap()).unwrap()
    }

    fn header(problem: &Problem, name: &str) -> Option<String> {
        problem.error_response().headers().get(name).map(|value| value.to_str().unwrap().to_owned())
    }

    #[tokio::test]
    async fn a_refusal_has_the_members_of_the_contract_and_no_cause() {
        let problem = Problem::new(Code::SessionEnded).reason(Reason::RefreshReuse).cause("row 7 of sessions");
        assert_eq!(
            json(&problem).await,
            serde_json::json!({
                "type": "urn:doorward:error:session_ended", "title": "Session ended", "status": 401,
                "detail": "This session is over; `reason` says why. Sign in again.",
                "code": "session_ended", "error": "Session ended", "reason": "refresh_reuse",
            })
        );
        assert_eq!(header(&problem, "content-type").as_deref(), Some("application/problem+json"));
        assert_eq!(header(&problem, "cache-control").as_deref(), Some("no-store"));
        assert_eq!(header(&problem, "www-authenticate"), None, "a refresh token is no bearer token");
        assert_eq!(problem.logged_cause(), Some("row 7 of sessions"));
    }

    #[test]
    fn only_a_token_that_was_shown_is_called_invalid() {
        let challenge = |problem: Problem| header(&problem, "www-authenticate");
        assert_eq!(challenge(Code::NoAccessToken.into()).as_deref(), Some("Bearer realm=\"doorward\""));
        let bad = Some("Bearer realm=\"doorward\", error=\"invalid_token\"".to_owned());
        assert_eq!(challenge(Code::InvalidAccessToken.into()), bad);
        assert_eq!(challenge(Code::AccessTokenExpired.into()), bad);
        assert_eq!(challenge(Problem::new(Code::SessionEnded).bearer()), bad);
    }

    #[tokio::test]
    async fn a_used_up_limit_is_named_and_never_says_zero_seconds() {
        let state = RateState { policy: LOGIN, quota: 5, window_secs: 900, remaining: 0, reset_secs: 0 };
        let problem = Problem::new(Code::TooManyAttempts).exceeds(state);
        assert_eq!(header(&problem, "retry-after").as_deref(), Some("1"));
        let body = json(&problem).await;
        assert_eq!(body["violated-policies"], serde_json::json!(["login"]));
        assert_eq!(body["type"], "https://iana.org/assignments/http-problem-types#quota-exceeded");
        assert_eq!(problem.error_response().extensions().get::<RateState>(), Some(&state));
        let longer = Problem::new(Code::TooManyAttempts).retry_after(90).exceeds(state);
        assert_eq!(header(&longer, "retry-after").as_deref(), Some("90"), "the longer wait stands");
    }

    #[test]
    fn a_connection_with_half_a_body_on_it_is_closed() {
        let closes = |code: Code| {
            let response = Problem::new(code).error_response();
            response.head().connection_type() == ConnectionType::Close
        };
        assert!(closes(Code::RequestTimeout) && closes(Code::BodyTooLarge));
        assert!(!closes(Code::MalformedBody));
    }

    #[test]
    fn every_503_says_when_to_come_back_and_405_what_to_use() {
        assert_eq!(header(&Code::Busy.into(), "retry-after").as_deref(), Some("1"));
        assert_eq!(header(&Code::StorageUnavailable.into(), "retry-after").as_deref(), Some("1"));
        assert_eq!(header(&Problem::new(Code::MethodNotAllowed).allow("POST"), "allow").as_deref(), Some("POST"));
    }
}
