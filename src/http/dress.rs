//! How an answer leaves: a refusal as a problem, its cause in the log, and headers on everything.

use actix_cors::CorsError;
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, REFERRER_POLICY, SERVER,
    STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{Error, HttpResponse};

use crate::http::code::Code;
use crate::http::error::{PROBLEM_JSON, Problem};
use crate::http::site::Scheme;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const YEAR: HeaderValue = HeaderValue::from_static("max-age=31536000");
const API_POLICY: HeaderValue = HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'");
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; \
     base-uri 'none'; frame-ancestors 'none'; object-src 'none'",
);
const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
/// On every answer, of whatever kind (OWASP ASVS 5.0, section 3.4).
const ALWAYS: [(HeaderName, HeaderValue); 3] = [
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), midi=(), \
             payment=(), usb=()",
        ),
    ),
];

/// A refusal as it is written: our own, or made from whatever error there was.
pub(in crate::http) struct Refused {
    status: StatusCode,
    body: String,
}

impl Refused {
    /// Logs its cause, once.
    pub(in crate::http) fn of(error: &Error, id: &str) -> Self {
        match error.as_error::<Problem>() {
            Some(problem) => Self::by(problem, id),
            None => Self::by(&translate(error), id),
        }
    }

    /// A failure that actix or a handler answered with nothing but a status.
    pub(in crate::http) fn bare(response: &HttpResponse, id: &str) -> Option<Self> {
        let status = response.status();
        let fails = status.is_client_error() || status.is_server_error();
        let bare = fails && !response.headers().contains_key(CONTENT_TYPE);
        bare.then(|| Self::by(&Problem::new(Code::of_status(status)), id))
    }

    fn by(problem: &Problem, id: &str) -> Self {
        let (code, status) = (problem.code(), problem.code().status());
        match problem.logged_cause() {
            Some(cause) if status.is_server_error() => tracing::error!(request_id = id, %code, cause, "request failed"),
            Some(cause) => tracing::info!(request_id = id, %code, cause, "request refused"),
            None => {}
        }
        Self { status, body: problem.body(status.is_server_error().then_some(id)) }
    }
}

/// An error of actix or of another middleware. Its text is not shown, as it may quote the request, and
/// is logged only where the server is at fault.
fn translate(error: &Error) -> Problem {
    if let Some(cors) = error.as_error::<CorsError>() {
        return Problem::new(Code::CrossOrigin)
            .detail(format!("{cors}. allowed_origins lists the pages that may ask."));
    }
    let problem = Problem::new(Code::of_status(error.as_response_error().status_code()));
    if problem.code().status().is_server_error() { problem.cause(error) } else { problem }
}

/// What every answer to one request gets.
pub(in crate::http) struct Dress {
    /// The request's id.
    pub(in crate::http) id: String,
    /// How the browser came, where it is known.
    pub(in crate::http) scheme: Option<Scheme>,
    /// Whether the browser may hold this address to be trustworthy.
    pub(in crate::http) trustworthy: bool,
}

impl Dress {
    pub(in crate::http) fn finish(&self, mut response: HttpResponse, refused: Option<&Refused>) -> HttpResponse {
        if let Some(refused) = refused {
            *response.status_mut() = refused.status;
            response.headers_mut().insert(CONTENT_TYPE, PROBLEM_JSON);
            response = response.set_body(BoxBody::new(refused.body.clone()));
        }
        let status = response.status();
        let headers = response.headers_mut();
        headers.remove(SERVER);
        for (name, value) in ALWAYS {
            headers.insert(name, value);
        }
        if self.scheme == Some(Scheme::Https) {
            headers.insert(STRICT_TRANSPORT_SECURITY, YEAR);
        }
        // Anywhere else browsers ignore it, and complain on the console (HTML, section 7.1.3.1).
        if self.trustworthy || self.scheme == Some(Scheme::Https) {
            headers.insert(OPENER_POLICY, HeaderValue::from_static("same-origin"));
        }
        if let Ok(id) = HeaderValue::from_str(&self.id) {
            headers.insert(REQUEST_ID, id);
        }
        // The headers of a 304 replace those of the stored answer (RFC 9111, section 4.3.4): it must not
        // put the policy of the API on a page.
        if status != StatusCode::NOT_MODIFIED {
            set_defaults(headers);
        }
        response
    }
}

/// What differs between pages and the rest, where the handler has not said it.
fn set_defaults(headers: &mut HeaderMap) {
    let is_page = headers.get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    let (policy, referrer, cache) =
        if is_page { (PAGE_POLICY, "same-origin", "no-cache") } else { (API_POLICY, "no-referrer", "no-store") };
    for (name, value) in [
        (CONTENT_SECURITY_POLICY, policy),
        (REFERRER_POLICY, HeaderValue::from_static(referrer)),
        (CACHE_CONTROL, HeaderValue::from_static(cache)),
    ] {
        if !headers.contains_key(&name) {
            headers.insert(name, value);
        }
    }
}
