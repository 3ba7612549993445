//! Which pages of other origins may read answers (the CORS protocol of the Fetch standard).
//!
//! It only lets listed pages read; what they may change is for [`origin`](crate::http::origin).

use actix_cors::Cors;
use actix_web::dev::RequestHead;
use actix_web::http::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use actix_web::middleware::Condition;

use crate::http::rate::{RATE_LIMIT, RATE_LIMIT_POLICY};
use crate::http::site::Origin;

/// Seconds for which a browser may remember that it may ask.
const MAX_AGE: usize = 600;

/// Answers pages of the listed origins, and for the development stub all of this machine, with credentials.
/// With no origin listed it does nothing at all.
///
/// Wrap the App in it inside of [`headers::outermost`](crate::http::headers::outermost) and outside of
/// the limits, so that a page can read a 429.
pub fn cors(allowed: &[Origin], dev: bool) -> Condition<Cors> {
    let cors = Cors::default()
        .allowed_methods(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])
        .allowed_headers([AUTHORIZATION, CONTENT_TYPE])
        .expose_headers([RETRY_AFTER, RATE_LIMIT, RATE_LIMIT_POLICY])
        .supports_credentials()
        // The server's own pages send an `Origin` too, and it isn't listed.
        .block_on_origin_mismatch(false)
        .max_age(MAX_AGE);
    let cors = allowed.iter().fold(cors, |cors, origin| cors.allowed_origin(&origin.to_string()));
    let cors = if dev { cors.allowed_origin_fn(of_this_machine) } else { cors };
    Condition::new(dev || !allowed.is_empty(), cors)
}

/// Whether a page of this machine asks.
fn of_this_machine(origin: &HeaderValue, _: &RequestHead) -> bool {
    origin.to_str().ok().and_then(|text| text.parse().ok()).is_some_and(|origin: Origin| origin.is_this_machine())
}

#[cfg(test)]
mod tests {
    use actix_web::dev::ServiceResponse;
    use actix_web::http::{Method, StatusCode};
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, HttpResponse, web};

    use super::*;
    use crate::http::code::Code;
    use crate::http::error::Problem;

    async fn ask(allowed: &[&str], method: Method, lines: &[(&str, &str)]) -> ServiceResponse<impl Sized + use<>> {
        let allowed: Vec<Origin> = allowed.iter().map(|origin| origin.parse().unwrap()).collect();
        let refuse = || async { Err::<HttpResponse, _>(Problem::new(Code::TooManyAttempts).retry_after(3)) };
        let app = init_service(App::new().wrap(cors(&allowed, false)).route("/x", web::post().to(refuse))).await;
        let mut request = TestRequest::default().method(method).uri("/x");
        for line in lines {
            request = request.append_header(*line);
        }
        call_service(&app, request.to_request()).await
    }

    fn cors_headers<B>(response: &ServiceResponse<B>) -> Vec<String> {
        let cors = |name: &str| name.starts_with("access-control-") || name == "vary";
        let mut found: Vec<_> = response
            .headers()
            .iter()
            .filter(|(name, _)| cors(name.as_str()))
            .map(|(name, value)| {
                let mut items: Vec<_> = value.to_str().unwrap().split(", ").map(str::to_ascii_lowercase).collect();
                items.sort();
                format!("{name}: {}", items.join(", "))
            })
            .collect();
        found.sort();
        found
    }

    #[tokio::test]
    async fn a_listed_page_reads_even_a_refusal() {
        let listed = ["https://app.example.com", "capacitor://localhost"];
        for origin in listed {
            let response = ask(&listed, Method::POST, &[("origin", origin)]).await;
            assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
            assert_eq!(
                cors_headers(&response),
                [
                    "access-control-allow-credentials: true".to_owned(),
                    format!("access-control-allow-origin: {origin}"),
                    "access-control-expose-headers: ratelimit, ratelimit-policy, retry-after".to_owned(),
                    "vary: access-control-request-headers, access-control-request-method, origin".to_owned(),
                ]
            );
        }
    }

    #[tokio::test]
    async fn a_preflight_is_answered_for_listed_pages_alone() {
        let preflight = |origin| {
            [
                ("origin", origin),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", "authorization,content-type"),
            ]
        };
        let listed = ["https://app.example.com"];
        let response = ask(&listed, Method::OPTIONS, &preflight("https://app.example.com")).await;
        assert_eq!(response.status(), StatusCode::OK);
        let headers = cors_headers(&response).join("\n");
        for part in
            ["allow-origin: https://app.example.com", "max-age: 600", "allow-headers: authorization, content-type"]
        {
            assert!(headers.contains(part), "{part} in {headers}");
        }
        let response = ask(&listed, Method::OPTIONS, &preflight("https://evil.example")).await;
        assert!(response.status().is_client_error());
        assert!(!cors_headers(&response).join("\n").contains("allow-origin"));
    }

    #[tokio::test]
    async fn an_unlisted_page_reads_nothing_and_without_a_list_nothing_is_said() {
        let foreign = [("origin", "https://evil.example")];
        let response = ask(&["https://app.example.com"], Method::POST, &foreign).await;
        assert!(!cors_headers(&response).join("\n").contains("allow-origin"));
        let response = ask(&[], Method::POST, &foreign).await;
        assert!(cors_headers(&response).is_empty());
    }
}
