//! What a person gets to see where a program gets a problem: an address that leads nowhere, a closed door, a form
//! that the browser sent by itself.

use actix_web::http::header::{ACCEPT, ACCEPT_LANGUAGE, ALLOW, CACHE_CONTROL, HeaderMap, LOCATION, VARY};
use actix_web::http::{Method, StatusCode};
use actix_web::{HttpRequest, HttpResponse};

use crate::http::code::Code;
use crate::http::pages::handlers::asked_language;
use crate::http::routes::{DEV_ROUTES, Needs, ROUTES};
use crate::http::state::State;

/// The refusals that have a page.
const SHOWN: [(Code, &str); 3] =
    [(Code::NotFound, "not_found"), (Code::RegistrationClosed, "closed"), (Code::MethodNotAllowed, "unsent")];

/// The page that a browser gets in place of this refusal, if it is on its way to one.
pub(in crate::http) fn instead(request: &HttpRequest, refused: &HttpResponse, code: Code) -> Option<HttpResponse> {
    let (_, name) = *SHOWN.iter().find(|(shown, _)| *shown == code)?;
    let state = State::of(request).ok()?;
    if code == Code::NotFound
        && let Some(target) = without_slash(&state, request)
    {
        let mut answer = HttpResponse::build(StatusCode::PERMANENT_REDIRECT);
        return Some(answer.insert_header((LOCATION, target)).insert_header((CACHE_CONTROL, "no-cache")).finish());
    }
    if is_api(request.path()) || !comes_to_look(request.headers()) {
        return None;
    }
    let served = state.site.page(name, asked_language(request))?;
    let mut answer = HttpResponse::build(code.status());
    for name in [ACCEPT.as_str(), ACCEPT_LANGUAGE.as_str(), "sec-fetch-mode"] {
        answer.append_header((VARY, name));
    }
    if let Some(allow) = refused.headers().get(ALLOW) {
        answer.insert_header((ALLOW, allow.clone()));
    }
    answer.insert_header((CACHE_CONTROL, "no-store"));
    Some(answer.content_type(served.kind.clone()).body(served.plain()))
}

/// The page that is meant by its address with a slash behind it. Only such as there are: what leads anywhere
/// else must not come from a request.
fn without_slash(state: &State, request: &HttpRequest) -> Option<String> {
    let path = request.path().strip_suffix('/')?;
    let pages = ROUTES.iter().chain(if state.ctx.dev.is_some() { DEV_ROUTES } else { &[] });
    let mut pages = pages.filter(|route| route.needs == Needs::Page);
    let reads = [Method::GET, Method::HEAD].contains(request.method());
    if !reads || !pages.any(|route| route.path == path) {
        return None;
    }
    let query = request.query_string();
    Some(if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") })
}

/// What only programs call.
fn is_api(path: &str) -> bool {
    ["/auth", "/dev"].iter().any(|root| path.strip_prefix(root).is_some_and(|rest| rest.starts_with('/')))
}

/// Whether it is a browser that somebody sends somewhere, and nothing that a page or a program fetches.
fn comes_to_look(headers: &HeaderMap) -> bool {
    let says = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let accept = says(ACCEPT.as_str()).unwrap_or_default();
    accept.contains("text/html")
        && !accept.contains("json")
        && says("sec-fetch-mode").is_none_or(|mode| mode == "navigate")
}
