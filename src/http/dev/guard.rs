//! No web page gets at the stub: not by a name of its own that leads here (DNS rebinding), and not by a
//! form. Who could, would sign anybody in.

use actix_web::Error;
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::Method;
use actix_web::http::header::HOST;
use actix_web::middleware::{Condition, Next, from_fn};

use crate::config::dev::Dev;
use crate::http::body::has_json_type;
use crate::http::code::Code;
use crate::http::error::Problem;
use crate::http::origin::single;
use crate::http::site::{address_of, is_this_machine, split_authority};

/// Refuses what asks for the stub by a name that could be anybody's. In earnest it does nothing.
pub fn loopback_host<S, B>(
    dev: Option<Dev>,
) -> Condition<impl Transform<S, ServiceRequest, Response = ServiceResponse, Error = Error, InitError = ()>>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    let anywhere = dev.is_some_and(|dev| dev.anywhere);
    let look = from_fn(move |request: ServiceRequest, next: Next<B>| async move {
        let host = single(request.headers(), &HOST).ok().flatten().unwrap_or_default();
        if is_this_machine(host) || (anywhere && is_nobodys_name(host)) {
            return next.call(request).await.map(ServiceResponse::map_into_boxed_body);
        }
        let text = "This development stub answers to localhost, 127.0.0.1 and [::1] alone: `Host` names another.";
        Ok(request.error_response(Problem::new(Code::WrongHost).detail(text)))
    });
    Condition::new(dev.is_some(), look)
}

/// An address, or one word as containers have for each other: neither can be a web page's domain.
fn is_nobodys_name(host: &str) -> bool {
    let Some((name, _)) = split_authority(host) else { return false };
    address_of(&name).is_some() || !name.contains('.')
}

/// Refuses a change that isn't sent as JSON, even one without a body: no form can send that.
pub fn json_only<S, B>() -> impl Transform<S, ServiceRequest, Response = ServiceResponse, Error = Error, InitError = ()>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    from_fn(move |request: ServiceRequest, next: Next<B>| async move {
        if request.method() == Method::POST && !has_json_type(request.headers()) {
            let text = "Calls of /dev need `Content-Type: application/json`, even without a body.";
            return Ok(request.error_response(Problem::new(Code::UnsupportedMediaType).detail(text)));
        }
        next.call(request).await.map(ServiceResponse::map_into_boxed_body)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn containers_have_one_word_and_pages_a_domain() {
        for inside in ["doorward:8484", "10.0.0.7:8484", "[fd00::1]:80", "auth"] {
            assert!(is_nobodys_name(inside), "{inside}");
        }
        for page in ["evil.example", "evil.example:8484", "a.b", "", "evil.localhost.example"] {
            assert!(!is_nobodys_name(page), "{page}");
        }
    }
}
