//! `POST /auth/logout`.

use actix_web::{HttpRequest, HttpResponse};

use crate::base::id::SessionId;
use crate::crypto::refresh::{BadRefresh, RefreshToken};
use crate::domain::session::Transport;
use crate::http::answer::clear_refresh;
use crate::http::auth::refresh::ShownToken;
use crate::http::body::EmptyOr;
use crate::http::client::Peer;
use crate::http::code::Code;
use crate::http::error::Problem;
use crate::http::extract::refresh_cookies;
use crate::http::state::State;
use crate::ops::error::Error;
use crate::ops::logout;

/// Sign out on this device. Nothing to end is no error.
#[utoipa::path(post, path = "/auth/logout", tag = "auth", request_body = Option<ShownToken>,
    responses((status = 204, description = "Signed out; the refresh cookie is cleared. A token that travels the other way than it \
        is shown is refused, and nothing ends.")))]
pub async fn logout(
    state: State,
    peer: Peer,
    request: HttpRequest,
    EmptyOr(body): EmptyOr<ShownToken>,
) -> Result<HttpResponse, Problem> {
    let mut shown = refresh_cookies(&state, &peer, request.headers());
    let in_body = body.and_then(|body| body.refresh_token);
    if let Some(text) = &in_body {
        if !shown.is_empty() {
            return Err(Code::TwoTokens.into());
        }
        shown.push(RefreshToken::parse(&state.ctx.keyring(), text, Transport::Body));
    }
    logout::logout(&state.ctx, sessions(&shown)?, &peer.client).await?;
    let mut answer = HttpResponse::NoContent();
    if in_body.is_none() {
        clear_refresh(&state, &peer, &mut answer)?;
    }
    Ok(answer.finish())
}

/// The sessions to end: those of all that is good. A token that was shown the wrong way, and nothing good
/// beside it, is refused: its session would live on behind a "signed out".
fn sessions(shown: &[Result<RefreshToken, BadRefresh>]) -> Result<Vec<SessionId>, Error> {
    let good: Vec<_> = shown.iter().flatten().map(|token| token.link().session()).collect();
    let astray = shown.iter().any(|shown| matches!(shown, Err(BadRefresh::WrongTransport)));
    if good.is_empty() && astray { Err(Error::InvalidRefreshToken) } else { Ok(good) }
}
