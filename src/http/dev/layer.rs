//! Keeps what calls the stub gets, and lets go wrong what it was told to.

use std::time::Duration;

use actix_web::body::BoxBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::StatusCode;
use actix_web::middleware::{Condition, Next, from_fn};
use actix_web::rt::time::sleep;
use actix_web::{Error, HttpMessage as _, HttpResponse, ResponseError as _};

use crate::http::client::Peer;
use crate::http::code::Code;
use crate::http::dev::faults::word;
use crate::http::dev::look::Look;
use crate::http::dev::slow::slow;
use crate::http::dev::wire::Wire;
use crate::http::error::Problem;
use crate::http::headers::RequestId;
use crate::http::routes::{DEV_ROUTES, Needs, ROUTES};
use crate::http::state::State;
use crate::ops::dev::faults::{Act, Call};
use crate::ops::dev::strike;

/// By these the stub is told: they are never hit.
const NEVER: [&str; 2] = ["/dev/faults", "/dev/reset"];

/// What is to become of a call.
enum Fate {
    /// It goes on.
    Go,
    /// It is refused with this code.
    Refused(HttpResponse, Code),
    /// Nobody hears of it again.
    Gone,
}

/// The layer, just inside of the one that looks at `Host`. In earnest it does nothing.
pub fn told<S>(
    is_dev: bool,
) -> Condition<impl Transform<S, ServiceRequest, Response = ServiceResponse, Error = Error, InitError = ()>>
where
    S: Service<ServiceRequest, Response = ServiceResponse, Error = Error> + 'static,
{
    // Boxed: what the stub alone needs is no part of every call.
    Condition::new(is_dev, from_fn(|request, next| Box::pin(pass(request, next))))
}

async fn pass(mut request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse, Error> {
    let state = State::of(request.request())?;
    let path = request.match_info().as_str().to_owned();
    let (Some(dev), false) = (&state.ctx.dev, is_never_hit(&path)) else { return next.call(request).await };
    let peer = Peer::of(request.request())?;
    let mut look = Look::at(&state, dev, &peer, &mut request).await;
    let (method, is_own) = (request.method().as_str().to_owned(), is_own(&path));
    let call = Call { method: &method, path: &path, is_own, has_session: !look.sessions.is_empty() };
    let met = dev.faults.meet(&call);
    look.request.faults = met.iter().map(|(id, act)| (*id, word(*act))).collect();
    let wire = request.conn_data::<Wire>().cloned();
    let (answer, told) = match befall(&state, &peer, &request, &look, &met).await? {
        Fate::Go => (next.call(request).await, None),
        Fate::Refused(answer, code) => (Ok(request.into_response(answer)), Some(code)),
        Fate::Gone => (Ok(request.into_response(cut(wire.as_ref()).await)), None),
    };
    let is_gone = met.iter().any(|(_, act)| *act == Act::Cut);
    if is_own {
        let (status, code) = outcome(&answer);
        look.request.status = Some(status).filter(|_| !is_gone);
        look.request.code = told.or(code).map(Code::word).filter(|_| !is_gone);
        look.request.millis = look.came.millis();
        dev.requests.note(look.request);
    }
    let mut answer = answer;
    for (_, act) in &met {
        if let Act::SlowBody(millis) = act {
            answer = slow(answer?, Duration::from_millis((*millis).into())).await;
        }
    }
    if met.iter().any(|(_, act)| *act == Act::LostAnswer) {
        let lost = cut(wire.as_ref()).await;
        answer = answer.map(|answer| answer.into_response(lost));
    }
    answer
}

/// Lets happen what is to happen before the call, in its order.
async fn befall(
    state: &State,
    peer: &Peer,
    request: &ServiceRequest,
    look: &Look,
    met: &[(u64, Act)],
) -> Result<Fate, Problem> {
    for (id, act) in met {
        let sessions = || look.sessions.clone();
        match *act {
            Act::Delay(millis) => sleep(Duration::from_millis(millis.into())).await,
            Act::Revoke => strike::revoke(&state.ctx, sessions(), &peer.client).await?,
            Act::Reuse => strike::reuse(&state.ctx, sessions(), &peer.client).await?,
            Act::RotateKeys => strike::rotate_keys(&state.ctx).await?,
            Act::Status { status, code, retry_after } => {
                let code = code_for(status, code);
                return Ok(Fate::Refused(refuse(request, *id, (status, code), retry_after), code));
            }
            Act::Cut => return Ok(Fate::Gone),
            Act::LostAnswer | Act::SlowBody(_) => {}
        }
    }
    Ok(Fate::Go)
}

/// The code that was chosen, else the first of the table with that status, else the one that says most of it.
fn code_for(status: u16, word: Option<&str>) -> Code {
    let with = |code: &&Code| code.status().as_u16() == status && word.is_none_or(|word| code.word() == word);
    let of_status = || StatusCode::from_u16(status).map_or(Code::Internal, Code::of_status);
    Code::ALL.iter().find(with).copied().unwrap_or_else(of_status)
}

/// A refusal as the server writes its own, with any status of 400 and more.
fn refuse(request: &ServiceRequest, id: u64, (status, code): (u16, Code), retry_after: Option<u32>) -> HttpResponse {
    let mut problem = Problem::new(code).detail(format!("The stub was told to refuse this call, by fault {id}."));
    if let Some(secs) = retry_after.or((status == 429).then_some(1)) {
        problem = problem.retry_after(secs.into());
    }
    let name = request.extensions().get::<RequestId>().filter(|_| status >= 500).map(|id| id.0.clone());
    let mut body = problem.body(name.as_deref());
    let mut answer = problem.error_response();
    if answer.status().as_u16() != status {
        let said = format!("\"status\":{}", answer.status().as_u16());
        body = body.replacen(&said, &format!("\"status\":{status}"), 1);
        *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    }
    answer.set_body(BoxBody::new(body))
}

/// Cuts the connection, once what was answered before on it has gone out. What it gives reaches nobody.
async fn cut(wire: Option<&Wire>) -> HttpResponse {
    tokio::task::yield_now().await;
    match wire {
        Some(wire) => {
            wire.cut();
            HttpResponse::NoContent().finish()
        }
        None => Problem::new(Code::Internal).cause("the connection can't be cut").error_response(),
    }
}

/// What became of a call.
fn outcome(answer: &Result<ServiceResponse, Error>) -> (u16, Option<Code>) {
    let code = |error: &Error| error.as_error::<Problem>().map(Problem::code);
    match answer {
        Ok(answer) => (answer.status().as_u16(), answer.response().error().and_then(code)),
        Err(error) => (error.as_response_error().status_code().as_u16(), code(error)),
    }
}

/// Whether this is how the stub is told, and so never hit.
pub fn is_never_hit(path: &str) -> bool {
    NEVER.iter().any(|own| path.strip_prefix(own).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

/// Whether this is the address of a call: neither of a page, nor of what pages load, nor of the stub's own.
fn is_own(path: &str) -> bool {
    let is_page =
        ROUTES.iter().filter(|route| route.needs == Needs::Page).any(|route| match route.path.split_once('{') {
            Some((folder, _)) => path.starts_with(folder),
            None => path == route.path,
        });
    !is_page && path != "/dev" && !path.starts_with("/dev/") && path != "/favicon.ico"
}

/// Whether a fault for these calls could ever be met.
pub fn can_be_met(fits: impl Fn(&str, &str) -> bool) -> bool {
    let routes = ROUTES.iter().chain(DEV_ROUTES).filter(|route| !is_never_hit(route.path));
    routes
        .into_iter()
        .any(|route| fits(route.method, route.path) || (route.method == "GET" && fits("HEAD", route.path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_told_from_pages_and_from_the_stub() {
        for own in ["/auth/refresh", "/auth/nothing", "/healthz", "/.well-known/jwks.json", "/v1/login", "/developer"] {
            assert!(is_own(own), "{own}");
        }
        for other in ["/", "/login", "/assets/1/a.css", "/client/doorward.js", "/dev", "/dev/clock", "/openapi.json"] {
            assert!(!is_own(other), "{other}");
        }
        assert!(is_never_hit("/dev/faults") && is_never_hit("/dev/faults/7") && is_never_hit("/dev/reset"));
        assert!(!is_never_hit("/dev/faultsx") && !is_never_hit("/dev/clock"));
    }

    #[test]
    fn a_status_has_the_code_that_fits_it() {
        for (status, word, code) in [
            (503, None, Code::Busy),
            (503, Some("storage_unavailable"), Code::StorageUnavailable),
            (429, None, Code::TooManyAttempts),
            (401, Some("session_ended"), Code::SessionEnded),
            (418, None, Code::BadRequest),
            (502, None, Code::Internal),
        ] {
            assert_eq!(code_for(status, word), code, "{status}");
        }
    }
}
