//! JSON bodies: one content type, a cap, a deadline, and errors that never echo what was sent.
//!
//! actix bounds the time for the head of a request and not for its body, and its own extractor takes
//! 2 MB, so this one stands in for it.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, ORIGIN};
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpRequest};
use futures_util::{Stream, StreamExt as _};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};
use serde_json::error::Category;
use zeroize::Zeroizing;

use crate::http::code::Code;
use crate::http::cookies::trim;
use crate::http::error::Problem;

/// The longest body of a call that signs in, refreshes or the like, in bytes.
pub const MAX_BODY: usize = 8 * 1024;
/// How long a whole body may take.
pub const DEADLINE: Duration = Duration::from_secs(10);
/// How deep objects and arrays may nest.
const MAX_DEPTH: usize = 32;

/// A JSON object as the body, at most `MAX` bytes long. `T` must refuse unknown members itself
/// (`#[serde(deny_unknown_fields)]`), and hold secrets in types that wipe themselves.
#[derive(Debug)]
pub struct Json<T, const MAX: usize = MAX_BODY>(pub T);

/// The same, or no body at all; then the content type need not be given by a browser, which says
/// where the request comes from by `Origin` or `Sec-Fetch-Site`.
#[derive(Debug)]
pub struct EmptyOr<T, const MAX: usize = MAX_BODY>(pub Option<T>);

type Reading<T> = Pin<Box<dyn Future<Output = Result<T, Problem>>>>;

impl<T: DeserializeOwned + 'static, const MAX: usize> FromRequest for Json<T, MAX> {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let announced = Announced::by(request.headers());
        let payload = payload.take();
        Box::pin(async move {
            announced.must_be_json()?;
            parse(&announced.collect(payload, MAX, DEADLINE).await?).map(Self)
        })
    }
}

impl<T: DeserializeOwned + 'static, const MAX: usize> FromRequest for EmptyOr<T, MAX> {
    type Error = Problem;
    type Future = Reading<Self>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let announced = Announced::by(request.headers());
        let payload = payload.take();
        Box::pin(async move {
            let body = announced.collect(payload, MAX, DEADLINE).await?;
            if body.is_empty() && announced.by_browser {
                return Ok(Self(None));
            }
            announced.must_be_json()?;
            if body.is_empty() { Ok(Self(None)) } else { parse(&body).map(|value| Self(Some(value))) }
        })
    }
}

/// For a member that may be left out and, where it stands, is no `null`.
pub fn given<'de, D, T>(member: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    T::deserialize(member).map(Some)
}

/// What the head says of the body.
#[derive(Clone, Copy, Debug)]
struct Announced {
    json: bool,
    by_browser: bool,
    length: Option<usize>,
}

impl Announced {
    fn by(headers: &HeaderMap) -> Self {
        let identity = headers.get_all(CONTENT_ENCODING).all(|line| line.as_bytes().eq_ignore_ascii_case(b"identity"));
        let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let by_browser = headers.contains_key(ORIGIN) || headers.contains_key("sec-fetch-site");
        Self { json: has_json_type(headers) && identity, by_browser, length }
    }

    fn must_be_json(self) -> Result<(), Problem> {
        if self.json { Ok(()) } else { Err(Code::UnsupportedMediaType.into()) }
    }

    /// The whole body, in one allocation that is wiped.
    async fn collect(
        self,
        payload: impl Stream<Item = Result<Bytes, PayloadError>> + Unpin,
        max: usize,
        deadline: Duration,
    ) -> Result<Zeroizing<Vec<u8>>, Problem> {
        let too_large = || Problem::new(Code::BodyTooLarge).detail(format!("The body is larger than {max} bytes."));
        if self.length.is_some_and(|length| length > max) {
            return Err(too_large());
        }
        let read = async {
            let mut payload = payload;
            let mut body = Zeroizing::new(Vec::with_capacity(self.length.unwrap_or(max)));
            while let Some(chunk) = payload.next().await {
                let chunk = chunk.map_err(|error| Problem::new(Code::BadRequest).cause(error))?;
                if chunk.len() > max.saturating_sub(body.len()) {
                    return Err(too_large());
                }
                body.extend_from_slice(&chunk);
            }
            Ok(body)
        };
        let in_time = actix_web::rt::time::timeout(deadline, read).await;
        in_time.unwrap_or_else(|_| Err(Code::RequestTimeout.into()))
    }
}

/// Whether the body is announced as JSON: one `Content-Type`, `application/json` in any case, with
/// `charset=utf-8` or nothing after it.
pub fn has_json_type(headers: &HeaderMap) -> bool {
    let mut lines = headers.get_all(CONTENT_TYPE);
    matches!((lines.next(), lines.next()), (Some(line), None) if is_json(line.as_bytes()))
}

fn is_json(value: &[u8]) -> bool {
    let mut parts = value.split(|byte| *byte == b';').map(trim);
    let is = |part: Option<&[u8]>, wanted: &[&str]| {
        part.is_some_and(|part| wanted.iter().any(|wanted| part.eq_ignore_ascii_case(wanted.as_bytes())))
    };
    let (media, charset, more) = (parts.next(), parts.next(), parts.next());
    is(media, &["application/json"])
        && (charset.is_none() || is(charset, &["charset=utf-8", "charset=\"utf-8\""]))
        && more.is_none()
}

/// Reads an object, and nothing after it.
fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    // A derived struct would also be read from an array, by the order of its members.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(Problem::new(Code::MalformedBody).detail("The body is not a JSON object."));
    }
    if is_deep(body) {
        return Err(Problem::new(Code::MalformedBody).detail("The body is nested too deeply."));
    }
    serde_json::from_slice(body).map_err(|error| explain(&error))
}

fn is_deep(body: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_DEPTH {
            return true;
        }
    }
    false
}

/// Says where, and of serde's message only what is ours: names of members and of types that we
/// declared, which stand at its end. What the client sent stands before that and is left out.
fn explain(error: &serde_json::Error) -> Problem {
    let place = format!("line {}, column {}", error.line(), error.column());
    if error.classify() != Category::Data {
        return Problem::new(Code::MalformedBody).detail(format!("The body is not valid JSON at {place}."));
    }
    let problem = Problem::new(Code::MalformedBody);
    let message = error.to_string();
    let named = |prefix: &str| message.strip_prefix(prefix)?.split_once('`').map(|(name, _)| name.to_owned());
    if let Some(name) = named("missing field `") {
        return problem.detail(format!("The member `{name}` is missing.")).field(name);
    }
    if let Some(name) = named("duplicate field `") {
        return problem.detail(format!("The member `{name}` is there twice.")).field(name);
    }
    let expected = message.rsplit_once(", expected ").map(|(_, rest)| rest);
    let expected = expected.and_then(|rest| rest.rsplit_once(" at line ")).map(|(expected, _)| expected);
    let expected = expected.map(|expected| format!(": this call takes {expected}")).unwrap_or_default();
    if message.starts_with("unknown field") {
        return problem.detail(format!("An unknown member ends at {place}{expected}."));
    }
    problem.detail(format!("The value that ends at {place} does not fit{expected}."))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use actix_web::test::TestRequest;
    use futures_util::stream;
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Login {
        email: String,
        password: String,
    }

    #[derive(Debug, PartialEq, Eq, Deserialize)]
    #[serde(deny_unknown_fields, rename_all = "camelCase")]
    struct Refresh {
        refresh_token: Option<String>,
    }

    const GOOD: &str = r#"{"email":"a@b","password":"hunter2"}"#;

    async fn send<T: FromRequest<Error = Problem>>(
        lines: &[(&str, &str)],
        body: impl Into<Bytes>,
    ) -> Result<T, Problem> {
        let mut request = TestRequest::post();
        for line in lines {
            request = request.append_header(*line);
        }
        let (request, mut payload) = request.set_payload(body.into()).to_http_parts();
        T::from_request(&request, &mut payload).await
    }

    async fn login(content_type: &str, body: &str) -> Result<Login, Problem> {
        send::<Json<Login>>(&[("content-type", content_type)], body.to_owned()).await.map(|json| json.0)
    }

    #[tokio::test]
    async fn only_json_is_read() {
        for good in [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=UTF-8",
            "application/json ; charset=\"utf-8\"",
        ] {
            assert!(login(good, GOOD).await.is_ok(), "{good}");
        }
        for bad in [
            "",
            "text/plain",
            "application/x-www-form-urlencoded",
            "application/json-patch+json",
            "application/jsonx",
            "application/problem+json",
            "application/json;",
            "application/json; charset=latin1",
            "text/json",
            "application/json; charset=utf-8; charset=utf-8",
            "application/json; q=1",
            "application/json, text/plain",
            "text/plain; application/json",
            "application/json;charset = utf-8",
            "multipart/form-data; boundary=x",
        ] {
            assert_eq!(login(bad, GOOD).await.unwrap_err().code(), Code::UnsupportedMediaType, "{bad:?}");
        }
        let json = ("content-type", "application/json");
        for lines in [&[][..], &[json, json], &[json, ("content-encoding", "gzip")]] {
            let refused = send::<Json<Login>>(lines, GOOD).await.unwrap_err();
            assert_eq!(refused.code(), Code::UnsupportedMediaType, "{lines:?}");
        }
        assert!(send::<Json<Login>>(&[json, ("content-encoding", "identity")], GOOD).await.is_ok());
    }

    #[tokio::test]
    async fn what_does_not_fit_is_named_and_never_echoed() {
        for (body, code, field, detail) in [
            ("", Code::MalformedBody, "", "The body is not a JSON object."),
            (r#"["a@b","hunter2"]"#, Code::MalformedBody, "", "The body is not a JSON object."),
            ("null", Code::MalformedBody, "", "The body is not a JSON object."),
            ("\u{feff}{}", Code::MalformedBody, "", "The body is not a JSON object."),
            (r#"{"email":"hunter2"#, Code::MalformedBody, "", "The body is not valid JSON at line 1, column 17."),
            (
                r#"{"email":"a","password":"hunter2"} x"#,
                Code::MalformedBody,
                "",
                "The body is not valid JSON at line 1, column 36.",
            ),
            (r#"{"email":"hunter2"}"#, Code::MalformedBody, "password", "The member `password` is missing."),
            (r#"{"email":"a","email":"hunter2"}"#, Code::MalformedBody, "email", "The member `email` is there twice."),
            (
                r#"{"email":7,"password":"hunter2"}"#,
                Code::MalformedBody,
                "",
                "The value that ends at line 1, column 10 does not fit: this call takes a string.",
            ),
            (
                r#"{"hunter2, expected `x":"hunter2"}"#,
                Code::MalformedBody,
                "",
                "An unknown member ends at line 1, column 23: this call takes `email` or `password`.",
            ),
        ] {
            let problem = login("application/json", body).await.unwrap_err();
            assert_eq!((problem.code(), problem.public_text()), (code, detail), "{body}");
            assert!(!problem.body(None).contains("hunter2"), "{}", problem.body(None));
            let field = if field.is_empty() { serde_json::Value::Null } else { field.into() };
            let wire: serde_json::Value = serde_json::from_str(&problem.body(None)).unwrap();
            assert_eq!(wire["field"], field, "{body}");
        }
    }

    #[tokio::test]
    async fn large_and_deep_bodies_are_refused() {
        let of_length = |length: usize| format!("{}{GOOD}", " ".repeat(length - GOOD.len()));
        assert!(login("application/json", &of_length(MAX_BODY)).await.is_ok());
        let refused = login("application/json", &of_length(MAX_BODY + 1)).await.unwrap_err();
        assert_eq!(refused.code(), Code::BodyTooLarge);
        let small = send::<Json<Login, 10>>(&[("content-type", "application/json")], GOOD).await;
        assert_eq!(small.unwrap_err().code(), Code::BodyTooLarge);
        let announced = Announced { json: true, by_browser: false, length: Some(MAX_BODY + 1) };
        let refused = announced.collect(stream::pending(), MAX_BODY, DEADLINE).await.unwrap_err();
        assert_eq!(refused.code(), Code::BodyTooLarge, "not a byte is waited for");
        let deep = |depth: usize| format!("{{\"email\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        let text = |problem: Problem| problem.public_text().to_owned();
        let refused = text(login("application/json", &deep(MAX_DEPTH)).await.unwrap_err());
        assert_eq!(refused, "The body is nested too deeply.");
        assert_ne!(text(login("application/json", &deep(MAX_DEPTH - 1)).await.unwrap_err()), refused);
        let quoted = format!(r#"{{"email":"\"{}","password":"p"}}"#, "[".repeat(100));
        assert!(login("application/json", &quoted).await.is_ok(), "brackets in a string nest nothing");
    }

    #[tokio::test]
    async fn a_body_that_never_ends_times_out_and_closes() {
        let announced = Announced { json: true, by_browser: false, length: None };
        let slow = stream::iter([Ok(Bytes::from_static(b"{"))]).chain(stream::pending());
        let refused = announced.collect(slow, MAX_BODY, Duration::ZERO).await.unwrap_err();
        assert_eq!(refused.code(), Code::RequestTimeout);
        let endless = stream::iter(std::iter::repeat_with(|| Ok(Bytes::from_static(&[b' '; 1000]))));
        let refused = announced.collect(endless, MAX_BODY, DEADLINE).await.unwrap_err();
        assert_eq!(refused.code(), Code::BodyTooLarge);
        let cut = stream::iter([Err(PayloadError::Incomplete(None))]);
        assert_eq!(announced.collect(cut, MAX_BODY, DEADLINE).await.unwrap_err().code(), Code::BadRequest);
    }

    #[tokio::test]
    async fn an_empty_body_needs_a_content_type_only_outside_browsers() {
        let (json, form) =
            (("content-type", "application/json"), ("content-type", "application/x-www-form-urlencoded"));
        let (origin, site) = (("origin", "http://a"), ("sec-fetch-site", "same-origin"));
        for lines in [&[origin][..], &[site], &[json], &[origin, form]] {
            assert_eq!(send::<EmptyOr<Refresh>>(lines, "").await.unwrap().0, None, "{lines:?}");
        }
        for (lines, body) in [(&[][..], ""), (&[form], ""), (&[origin], "{}"), (&[origin, form], "{}")] {
            let refused = send::<EmptyOr<Refresh>>(lines, body).await.unwrap_err();
            assert_eq!(refused.code(), Code::UnsupportedMediaType, "{lines:?} {body}");
        }
        let read = |body: &'static str| async move { send::<EmptyOr<Refresh>>(&[json], body).await.map(|it| it.0) };
        assert_eq!(read("{}").await.unwrap(), Some(Refresh { refresh_token: None }));
        let shown = Some(Refresh { refresh_token: Some("t".to_owned()) });
        assert_eq!(read(r#"{"refreshToken":"t"}"#).await.unwrap(), shown);
        assert!(read(r#"{"x":1}"#).await.is_err());
        assert!(read(" ").await.is_err());
    }

    proptest! {
        #[test]
        fn no_content_type_panics_or_is_mistaken(value in proptest::collection::vec(prop_oneof![
            Just(b';'), Just(b' '), Just(b'='), 0x20..=0x7e_u8, 0x80..=0xff_u8,
        ], 0..60)) {
            let mut headers = HeaderMap::new();
            headers.append(CONTENT_TYPE, HeaderValue::from_bytes(&value).unwrap());
            prop_assert!(!has_json_type(&headers));
            let suffixed = [b"application/json", &value[..]].concat();
            let blank = value.iter().all(|byte| *byte == b' ');
            prop_assert_eq!(is_json(&suffixed), blank);
        }

        #[test]
        fn no_body_panics(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse::<Login>(&body);
            let _ = parse::<Login>(&[b"{", &body[..]].concat());
        }
    }
}
