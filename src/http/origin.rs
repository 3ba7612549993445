//! Who may ask for a change: the server's own pages, listed ones, and what is no browser.
//!
//! The rule of OWASP's Cross-Site Request Forgery cheat sheet (Fetch Metadata, with `Origin` first),
//! as a pure function of the request's head. No foreign page can log anybody in or out.

use std::fmt;

use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, HeaderValue, ORIGIN};

use crate::http::body::has_json_type;
use crate::http::code::Code;
use crate::http::error::Problem;
use crate::http::site::{Origin, split_authority};

/// Says from which site a browser asks.
pub(in crate::http) const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

/// What this server takes for its own origin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnOrigin {
    /// The one of `public_url`.
    Configured(Origin),
    /// None is set: the one whose host and port the request's `Host` names.
    OfHost,
}

/// What a route acts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActsBy {
    /// Cookies count, or nothing does (login, set-up): a foreign page could send this request.
    Cookies,
    /// An access token alone, which no foreign page has: a request that carries one needs no `Origin`.
    Bearer,
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The page's origin is neither the server's own nor listed. `own` is nothing where `Host` can't be read.
    Foreign {
        /// Where the page comes from.
        page: Origin,
        /// What the server takes for its own.
        own: Option<String>,
    },
    /// `Origin: null`: a sandboxed frame, a file, a page that hides where it comes from.
    Null,
    /// More than one `Origin` or `Sec-Fetch-Site`, or one that can't be read.
    Unreadable,
    /// The browser says that another site asks.
    OtherSite,
    /// Neither `Origin` nor `Sec-Fetch-Site`, and not JSON: it may be an old browser's form.
    NotJson,
}

/// The one line of a header; `Err` where there are several or it is no visible ASCII.
pub fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Refusal> {
    let mut lines = headers.get_all(name);
    match (lines.next(), lines.next()) {
        (None, _) => Ok(None),
        (Some(line), None) => line.to_str().map(Some).map_err(|_| Refusal::Unreadable),
        (Some(_), Some(_)) => Err(Refusal::Unreadable),
    }
}

/// The origin of the page that asks, if it names one that can be read and is not `null`.
pub fn of_request(headers: &HeaderMap) -> Option<Origin> {
    single(headers, &ORIGIN).ok().flatten()?.parse().ok()
}

/// Whether this request may change anything. GET, HEAD and OPTIONS change nothing and pass.
///
/// `Origin` must be the server's own or listed. Without one, `Sec-Fetch-Site` must be `same-origin` or
/// `none`. Without either the JSON content type is needed, which no form can send, even for an empty body.
pub fn judge(
    method: &Method,
    headers: &HeaderMap,
    own: &OwnOrigin,
    allows: &dyn Fn(&Origin) -> bool,
    acts_by: ActsBy,
) -> Result<(), Refusal> {
    let reads = [Method::GET, Method::HEAD, Method::OPTIONS].contains(method);
    if reads || (acts_by == ActsBy::Bearer && headers.get(AUTHORIZATION).is_some_and(is_bearer)) {
        return Ok(());
    }
    if let Some(origin) = single(headers, &ORIGIN)? {
        return judge_origin(origin, headers, own, allows);
    }
    match single(headers, &SEC_FETCH_SITE)? {
        Some("same-origin" | "none") => Ok(()),
        Some(_) => Err(Refusal::OtherSite),
        None if has_json_type(headers) => Ok(()),
        None => Err(Refusal::NotJson),
    }
}

fn judge_origin(
    origin: &str,
    headers: &HeaderMap,
    own: &OwnOrigin,
    allows: &dyn Fn(&Origin) -> bool,
) -> Result<(), Refusal> {
    if origin == "null" {
        return Err(Refusal::Null);
    }
    let page: Origin = origin.parse().map_err(|_| Refusal::Unreadable)?;
    let host = single(headers, &HOST).ok().flatten();
    let is_own = match own {
        OwnOrigin::Configured(own) => page == *own,
        OwnOrigin::OfHost => host.is_some_and(|host| page.is_at(host)),
    };
    if is_own || allows(&page) {
        return Ok(());
    }
    let own = match own {
        OwnOrigin::Configured(own) => Some(own.to_string()),
        OwnOrigin::OfHost => host.filter(|host| split_authority(host).is_some()).map(str::to_owned),
    };
    Err(Refusal::Foreign { page, own })
}

/// Whether `Authorization` carries a bearer token (RFC 6750, section 2.1; the scheme in any case,
/// RFC 9110, section 11.1).
fn is_bearer(value: &HeaderValue) -> bool {
    let (scheme, token) = value.as_bytes().split_at_checked(7).unwrap_or_default();
    scheme.eq_ignore_ascii_case(b"bearer ") && !token.is_empty()
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Foreign { page, own } => {
                let own = own.as_deref().unwrap_or("not known, as no `Host` says it");
                write!(f, "The page comes from {page}, and this server's own origin is {own}. ")?;
                write!(f, "If the page is yours, set allowed_origins = [\"{page}\"]")?;
                match page.scheme() {
                    Some(_) => write!(f, "; if it is this server's own address, set public_url = \"{page}\"."),
                    None => f.write_str("."),
                }
            }
            Self::Null => f.write_str(
                "The page hides its origin (`Origin: null`): a sandboxed frame, a local file, or a form under \
                 `Referrer-Policy: no-referrer`. Serve it from an address in allowed_origins.",
            ),
            Self::Unreadable => f.write_str("`Origin` or `Sec-Fetch-Site` can't be read, or is there more than once."),
            Self::OtherSite => f.write_str(
                "A page of another origin asks, and the browser did not send its `Origin`. List that origin in \
                 allowed_origins, and call with fetch() and mode \"cors\".",
            ),
            Self::NotJson => f.write_str(
                "Without `Origin` or `Sec-Fetch-Site` this call needs `Content-Type: application/json`, \
                 even for an empty body.",
            ),
        }
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        Self::new(Code::CrossOrigin).detail(refusal.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(lines: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(name.parse().unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    fn origin(text: &str) -> Origin {
        text.parse().unwrap()
    }

    fn post(own: &OwnOrigin, lines: &[(&str, &str)]) -> Result<(), Refusal> {
        let allowed = [origin("https://app.example.com"), origin("capacitor://localhost")];
        judge(&Method::POST, &headers(lines), own, &|page| allowed.contains(page), ActsBy::Cookies)
    }

    #[test]
    fn without_public_url_the_page_must_stand_at_host() {
        for (page, host, fits) in [
            ("http://localhost:8484", "localhost:8484", true),
            ("http://localhost", "localhost", true),
            ("http://localhost", "localhost:80", true),
            ("https://auth.example.com", "auth.example.com", true),
            ("https://auth.example.com", "AUTH.example.com:443", true),
            ("https://auth.example.com:8443", "auth.example.com:8443", true),
            ("http://[::1]:8484", "[::1]:8484", true),
            ("http://localhost:8484", "localhost", false),
            ("http://localhost:3000", "localhost:8484", false),
            ("http://127.0.0.1:8484", "localhost:8484", false),
            ("https://auth.example.com", "auth.example.com:80", false),
            ("https://evil.example", "auth.example.com", false),
            ("https://auth.example.com.evil.example", "auth.example.com", false),
            ("https://xauth.example.com", "auth.example.com", false),
            ("ionic://localhost", "localhost", false),
            ("http://localhost", "localhost:", false),
            ("http://localhost", "", false),
        ] {
            let judged = post(&OwnOrigin::OfHost, &[("origin", page), ("host", host)]);
            assert_eq!(judged.is_ok(), fits, "{page} at {host}: {judged:?}");
        }
        let twice = [("origin", "http://a.example"), ("host", "a.example"), ("host", "b.example")];
        assert!(matches!(post(&OwnOrigin::OfHost, &twice), Err(Refusal::Foreign { own: None, .. })));
        let forwarded = [("origin", "http://a.example"), ("host", "b.example"), ("x-forwarded-host", "a.example")];
        assert!(post(&OwnOrigin::OfHost, &forwarded).is_err(), "X-Forwarded-Host is never read");
    }

    #[test]
    fn with_public_url_the_host_header_means_nothing() {
        let own = OwnOrigin::Configured(origin("https://auth.example.com"));
        let from = |page| post(&own, &[("origin", page), ("host", "evil.example")]);
        assert_eq!(from("https://auth.example.com"), Ok(()));
        assert_eq!(from("https://auth.example.com:443"), Ok(()));
        for foreign in ["https://evil.example", "http://auth.example.com", "https://auth.example.com:444"] {
            assert!(matches!(from(foreign), Err(Refusal::Foreign { .. })), "{foreign}");
        }
    }

    #[test]
    fn listed_origins_pass_and_odd_ones_do_not() {
        let from =
            |page| post(&OwnOrigin::OfHost, &[("origin", page), ("host", "h"), ("sec-fetch-site", "same-origin")]);
        assert_eq!(from("https://app.example.com"), Ok(()));
        assert_eq!(from("capacitor://localhost"), Ok(()));
        assert_eq!(from("null"), Err(Refusal::Null));
        for odd in ["", "NULL", "file://", "https://app.example.com/", "https://é", "app.example.com"] {
            assert_eq!(from(odd), Err(Refusal::Unreadable), "{odd:?}");
        }
        let two = [("origin", "https://app.example.com"), ("origin", "https://app.example.com")];
        assert_eq!(post(&OwnOrigin::OfHost, &two), Err(Refusal::Unreadable));
    }

    #[test]
    fn without_an_origin_the_fetch_site_or_the_content_type_decides() {
        let json = ("content-type", "application/json");
        for (lines, judged) in [
            (&[("sec-fetch-site", "same-origin")][..], Ok(())),
            (&[("sec-fetch-site", "none")], Ok(())),
            (&[("sec-fetch-site", "same-site"), json], Err(Refusal::OtherSite)),
            (&[("sec-fetch-site", "cross-site"), json], Err(Refusal::OtherSite)),
            (&[("sec-fetch-site", "Same-Origin")], Err(Refusal::OtherSite)),
            (&[("sec-fetch-site", "")], Err(Refusal::OtherSite)),
            (&[("sec-fetch-site", "none"), ("sec-fetch-site", "cross-site")], Err(Refusal::Unreadable)),
            (&[json], Ok(())),
            (&[("content-type", "application/json; charset=utf-8")], Ok(())),
            (&[("content-type", "text/plain")], Err(Refusal::NotJson)),
            (&[("content-type", "application/x-www-form-urlencoded"), json], Err(Refusal::NotJson)),
            (&[], Err(Refusal::NotJson)),
        ] {
            assert_eq!(post(&OwnOrigin::OfHost, lines), judged, "{lines:?}");
        }
    }

    #[test]
    fn every_changing_method_is_judged_and_a_bearer_stands_for_itself() {
        let evil = headers(&[("origin", "https://evil.example"), ("host", "h"), ("authorization", "bearer abc")]);
        let ask = |method: &Method, acts_by| judge(method, &evil, &OwnOrigin::OfHost, &|_| false, acts_by).is_ok();
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert!(ask(&method, ActsBy::Cookies), "{method}");
        }
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE] {
            assert!(!ask(&method, ActsBy::Cookies), "{method}");
            assert!(ask(&method, ActsBy::Bearer), "{method}");
        }
        for none in ["", "Bearer", "Bearer ", "Basic YTpi", "Bearerx y"] {
            let lines = headers(&[("origin", "https://evil.example"), ("authorization", none)]);
            let judged = judge(&Method::POST, &lines, &OwnOrigin::OfHost, &|_| false, ActsBy::Bearer);
            assert!(judged.is_err(), "{none:?} is no bearer token");
        }
    }

    #[test]
    fn the_refusal_names_both_origins_and_the_line_that_mends_it() {
        let lines = [("origin", "http://localhost:3000"), ("host", "localhost:8484")];
        let problem = Problem::from(post(&OwnOrigin::OfHost, &lines).unwrap_err());
        assert_eq!(problem.code(), Code::CrossOrigin);
        assert_eq!(
            problem.public_text(),
            "The page comes from http://localhost:3000, and this server's own origin is localhost:8484. If the page \
             is yours, set allowed_origins = [\"http://localhost:3000\"]; if it is this server's own address, set \
             public_url = \"http://localhost:3000\"."
        );
        let hostless = post(&OwnOrigin::OfHost, &[("origin", "ionic://x"), ("host", "<script>")]).unwrap_err();
        assert!(!hostless.to_string().contains("script") && !hostless.to_string().contains("public_url"));
    }
}
