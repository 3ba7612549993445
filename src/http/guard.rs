//! The rule of [`origin`](crate::http::origin) as a layer, before anything of a request is touched.

use std::sync::Arc;

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::middleware::{Next, from_fn};

use crate::http::code::Code;
use crate::http::error::Problem;
use crate::http::origin::{ActsBy, judge};
use crate::http::settings::HttpSettings;
use crate::http::site::Origin;

/// Refuses what a foreign page sends to this resource or scope. It stands outside of the limits, so
/// that no foreign page can use up its visitor's attempts: wrap it *after*
/// [`AddressLimiter::middleware`](crate::http::limits::AddressLimiter::middleware).
pub fn same_origin<S, B>(
    settings: Arc<HttpSettings>,
    acts_by: ActsBy,
) -> impl Transform<S, ServiceRequest, Response = ServiceResponse, Error = Error, InitError = ()>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    from_fn(move |request: ServiceRequest, next: Next<B>| {
        let allows = |page: &Origin| settings.allows(page);
        let judged = judge(request.method(), request.headers(), &settings.own, &allows, acts_by);
        async move {
            match judged {
                Ok(()) => next.call(request).await.map(ServiceResponse::map_into_boxed_body),
                Err(refusal) => Ok(request.error_response(Problem::from(refusal))),
            }
        }
    })
}

/// Refuses a method that the address doesn't take, whoever asks: the last word of a resource, and so the
/// outermost. `allow` is what the header of this name is to say, such as `GET, HEAD`.
pub fn only<S, B>(
    allow: &'static str,
) -> impl Transform<S, ServiceRequest, Response = ServiceResponse, Error = Error, InitError = ()>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    from_fn(move |request: ServiceRequest, next: Next<B>| async move {
        if allow.split(", ").any(|method| method == request.method().as_str()) {
            return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
        }
        Ok(request.error_response(Problem::new(Code::MethodNotAllowed).allow(allow)))
    })
}

#[cfg(test)]
mod tests {
    use actix_web::http::{Method, StatusCode};
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, HttpResponse, web};

    use super::*;
    use crate::base::time::Ttl;
    use crate::domain::lockout::Rate;
    use crate::http::cookies::CookieNames;
    use crate::http::limits::AddressLimiter;
    use crate::http::origin::OwnOrigin;

    fn settings() -> Arc<HttpSettings> {
        Arc::new(HttpSettings {
            own: OwnOrigin::OfHost,
            dev: None,
            allowed_origins: vec!["https://app.example.com".parse().unwrap()],
            trusted_proxies: Vec::new(),
            cookies: CookieNames::new("refreshToken").unwrap(),
            login_address: Rate { burst: 1, window: Ttl::from_mins(15) },
        })
    }

    #[tokio::test]
    async fn a_foreign_page_reaches_neither_the_limit_nor_the_handler() {
        let settings = settings();
        let limiter = AddressLimiter::new(settings.login_address).unwrap();
        let resource = web::resource("/login")
            .wrap(limiter.middleware())
            .wrap(same_origin(settings, ActsBy::Cookies))
            .route(web::route().to(|| async { HttpResponse::Ok().finish() }));
        let app = init_service(App::new().service(resource)).await;
        for (method, origin, status) in [
            (Method::POST, "https://evil.example", StatusCode::FORBIDDEN),
            (Method::GET, "https://evil.example", StatusCode::OK),
            // Without the outermost layer the limit is a fault: so it was reached.
            (Method::POST, "https://app.example.com", StatusCode::INTERNAL_SERVER_ERROR),
        ] {
            let request = TestRequest::with_uri("/login").method(method).append_header(("origin", origin));
            assert_eq!(call_service(&app, request.to_request()).await.status(), status, "{origin}");
        }
    }

    #[tokio::test]
    async fn a_method_that_is_not_taken_is_called_so_before_anything_else() {
        let resource = web::resource("/login")
            .route(web::post().to(|| async { HttpResponse::Ok().finish() }))
            .wrap(same_origin(settings(), ActsBy::Cookies))
            .wrap(only("POST"));
        let app = init_service(App::new().service(resource)).await;
        for (method, origin, status) in [
            (Method::POST, "https://app.example.com", StatusCode::OK),
            (Method::POST, "https://evil.example", StatusCode::FORBIDDEN),
            (Method::TRACE, "https://evil.example", StatusCode::METHOD_NOT_ALLOWED),
            (Method::PUT, "https://app.example.com", StatusCode::METHOD_NOT_ALLOWED),
            (Method::HEAD, "https://app.example.com", StatusCode::METHOD_NOT_ALLOWED),
        ] {
            let request = TestRequest::with_uri("/login").method(method.clone()).append_header(("origin", origin));
            let answer = call_service(&app, request.to_request()).await;
            assert_eq!(answer.status(), status, "{method} {origin}");
            let allow = answer.headers().get("allow").map(|allow| allow.to_str().unwrap());
            assert_eq!(allow, (status == StatusCode::METHOD_NOT_ALLOWED).then_some("POST"), "{method}");
        }
    }
}
