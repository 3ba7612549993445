//! The answers: pages with a validator, assets to be kept for ever, and `/`, which leads to the right page.

use actix_web::http::StatusCode;
use actix_web::http::header::{
    ACCEPT_ENCODING, ACCEPT_LANGUAGE, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderName,
    IF_NONE_MATCH, LOCATION, VARY,
};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use crate::http::client::Peer;
use crate::http::code::Code;
use crate::http::cookies::Kind;
use crate::http::error::Problem;
use crate::http::extract::refresh_cookie;
use crate::http::pages::site::Served;
use crate::http::pages::texts::language;
use crate::http::state::State;
use crate::ops::refresh::may_live;

/// Less than this is not worth compressing, in bytes.
const SMALL: usize = 512;

/// `GET /`: where there is no administrator yet, what to do; else the account, or the sign-in.
pub async fn index(state: State, peer: Peer, request: HttpRequest) -> Result<HttpResponse, Problem> {
    if state.ctx.store.read(|rows| rows.admins()).await?.is_empty() {
        return page(&state, &request, "welcome");
    }
    let shown = !state.settings.cookies.read(Kind::Refresh, peer.scheme, request.headers()).is_empty();
    Ok(lead_to(if shown { "/account" } else { "/login" }))
}

macro_rules! pages {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        pub async fn $name(state: State, request: HttpRequest) -> Result<HttpResponse, Problem> {
            page(&state, &request, stringify!($name))
        }
    )*};
}

/// `GET /setup`: where there is an administrator already, the way to the sign-in.
pub async fn setup(state: State, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let none = state.ctx.store.read(|rows| rows.admins()).await?.is_empty();
    page(&state, &request, if none { "setup" } else { "setup_done" })
}

pages! {
    /// `GET /link`.
    link;
    /// `GET /dev`, which the stub alone has.
    dev;
}

/// `GET /login`: the sign-in; on to where one was going for who is signed in, unless a reason stands in
/// the query, for then a session has just ended.
pub async fn login(state: State, peer: Peer, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let shown = refresh_cookie(&state, &peer, request.headers());
    let query = web::Query::<LoginQuery>::from_query(request.query_string()).map(web::Query::into_inner);
    let query = query.unwrap_or_default();
    if query.reason.is_none() && shown.is_some_and(|token| may_live(&state.ctx, &token)) {
        return Ok(lead_to(query.return_to.as_deref().filter(|path| is_own_path(path)).unwrap_or("/account")));
    }
    page(&state, &request, "login")
}

#[derive(Default, Deserialize)]
struct LoginQuery {
    return_to: Option<String>,
    reason: Option<String>,
}

/// A path of this server: one slash, then no second and no backslash; no control characters (ASVS 5.0, 3.7.2).
fn is_own_path(path: &str) -> bool {
    let second = path.as_bytes().get(1);
    path.starts_with('/')
        && !matches!(second, Some(b'/' | b'\\'))
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
        && !path.starts_with("/login")
}

fn lead_to(target: &str) -> HttpResponse {
    let mut answer = HttpResponse::build(StatusCode::SEE_OTHER);
    answer.insert_header((LOCATION, target)).insert_header((CACHE_CONTROL, "no-store")).finish()
}

/// `GET /account`.
pub async fn account(state: State, peer: Peer, request: HttpRequest) -> Result<HttpResponse, Problem> {
    for_signed_in(&state, &peer, &request, "account")
}

/// `GET /admin`.
pub async fn admin(state: State, peer: Peer, request: HttpRequest) -> Result<HttpResponse, Problem> {
    for_signed_in(&state, &peer, &request, "admin")
}

/// A page that is of no use without a session: who shows no cookie is led to the sign-in.
fn for_signed_in(
    state: &State,
    peer: &Peer,
    request: &HttpRequest,
    name: &'static str,
) -> Result<HttpResponse, Problem> {
    if state.settings.cookies.read(Kind::Refresh, peer.scheme, request.headers()).is_empty() {
        return Ok(lead_to(&format!("/login?return_to=/{name}")));
    }
    page(state, request, name)
}

/// `GET /register`, where anybody may.
pub async fn register(state: State, request: HttpRequest) -> Result<HttpResponse, Problem> {
    if state.ctx.config.registration == crate::config::Registration::Closed {
        return Err(Code::RegistrationClosed.into());
    }
    page(&state, &request, "register")
}

/// `GET /demo`, where the settings have it.
pub async fn demo(state: State, request: HttpRequest) -> Result<HttpResponse, Problem> {
    if !state.ctx.config.demo {
        return Err(Code::NotFound.into());
    }
    page(&state, &request, "demo")
}

/// `GET /assets/{digest}/…`.
pub async fn asset(
    state: State,
    request: HttpRequest,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (served, current) = state.site.asset(&path.0, &path.1).ok_or(Code::NotFound)?;
    // A page that was open over an upgrade asks by an old digest: it gets what there is now, unkept.
    let cache = if current { "public, max-age=31536000, immutable" } else { "no-cache" };
    Ok(answer(&request, served, cache, &[ACCEPT_ENCODING]))
}

/// `GET /client/…`: the browser client under an address that does not change.
pub async fn client(state: State, request: HttpRequest, path: web::Path<String>) -> Result<HttpResponse, Problem> {
    let (served, _) = state.site.asset("", &format!("client/{path}")).ok_or(Code::NotFound)?;
    let mut answer = answer(&request, served, "no-cache", &[ACCEPT_ENCODING]);
    // Listed origins load it as a module.
    let open = actix_web::http::header::HeaderValue::from_static("*");
    answer.headers_mut().insert(actix_web::http::header::ACCESS_CONTROL_ALLOW_ORIGIN, open);
    Ok(answer)
}

fn page(state: &State, request: &HttpRequest, name: &'static str) -> Result<HttpResponse, Problem> {
    let served = state.site.page(name, asked_language(request)).ok_or(Code::NotFound)?;
    Ok(answer(request, served, "no-cache", &[ACCEPT_ENCODING, ACCEPT_LANGUAGE]))
}

/// The language that this browser asks for.
pub(super) fn asked_language(request: &HttpRequest) -> &'static str {
    language(request.headers().get(ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()))
}

fn answer(request: &HttpRequest, served: &Served, cache: &'static str, vary: &[HeaderName]) -> HttpResponse {
    let gzip = served.bytes.len() > SMALL && takes_gzip(request.headers());
    // The compressed form is another representation: a validator of its own (RFC 9110, section 8.8.3).
    let etag = if gzip { served.etag.replacen('"', "\"z", 1) } else { served.etag.clone() };
    let known = request.headers().get(IF_NONE_MATCH).and_then(|value| value.to_str().ok());
    let fresh = known.is_some_and(|known| known.split(',').any(|tag| tag.trim().trim_start_matches("W/") == etag));
    let mut answer = HttpResponse::build(if fresh { StatusCode::NOT_MODIFIED } else { StatusCode::OK });
    answer.insert_header((ETAG, etag)).insert_header((CACHE_CONTROL, cache));
    for name in vary {
        answer.append_header((VARY, name.as_str()));
    }
    if fresh {
        return answer.finish();
    }
    answer.insert_header((CONTENT_TYPE, served.kind.clone()));
    if gzip {
        return answer.insert_header((CONTENT_ENCODING, "gzip")).body(served.gzip().to_vec());
    }
    answer.body(served.plain())
}

/// Whether the browser takes gzip (RFC 9110, section 12.5.3).
fn takes_gzip(headers: &HeaderMap) -> bool {
    let accept = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accept.split(',').any(|item| {
        let (name, weight) = item.trim().split_once(';').unwrap_or((item.trim(), ""));
        name.eq_ignore_ascii_case("gzip") && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
    })
}
