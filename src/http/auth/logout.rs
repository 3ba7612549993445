//! `POST /auth/logout`.

use actix_web::{HttpRequest, HttpResponse};

use crate::crypto::refresh::RefreshToken;
use crate::domain::session::Transport;
use crate::http::answer::clear_refresh;
use crate::http::auth::refresh::ShownToken;
use crate::http::body::EmptyOr;
use crate::http::client::Peer;
use crate::http::code::Code;
use crate::http::cookies::Kind;
use crate::http::error::Problem;
use crate::http::extract::good_refresh_cookies;
use crate::http::state::State;
use crate::ops::logout;

/// Sign out on this device. Nothing to end is no error.
#[utoipa::path(post, path = "/auth/logout", tag = "auth", request_body = Option<ShownToken>,
    responses((status = 204, description = "Signed out; the refresh cookie is cleared.")))]
pub async fn logout(
    state: State,
    peer: Peer,
    request: HttpRequest,
    EmptyOr(body): EmptyOr<ShownToken>,
) -> Result<HttpResponse, Problem> {
    let mut shown = good_refresh_cookies(&state, &peer, request.headers());
    let in_body = body.and_then(|body| body.refresh_token);
    if let Some(text) = &in_body {
        if !state.settings.cookies.read(Kind::Refresh, peer.scheme, request.headers()).is_empty() {
            return Err(Code::TwoTokens.into());
        }
        shown.extend(RefreshToken::parse(&state.ctx.keyring(), text, Transport::Body).ok());
    }
    let sessions = shown.iter().map(|token| token.link().session()).collect();
    logout::logout(&state.ctx, sessions, &peer.client).await?;
    let mut answer = HttpResponse::NoContent();
    if in_body.is_none() {
        clear_refresh(&state, &peer, &mut answer)?;
    }
    Ok(answer.finish())
}
