//! `POST /auth/refresh`. A failed refresh never sets or clears a cookie: the browser may hold a newer
//! one by now.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::crypto::refresh::RefreshToken;
use crate::domain::session::Transport;
use crate::http::answer::{TokenAnswer, Tokens};
use crate::http::body::EmptyOr;
use crate::http::client::Peer;
use crate::http::code::Code;
use crate::http::cookies::Kind;
use crate::http::error::Problem;
use crate::http::extract::device_hash;
use crate::http::state::State;
use crate::ops::error::Error;
use crate::ops::refresh;

/// Empty in a browser, where the cookie is shown.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ShownToken {
    /// The refresh token, in the body transport.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    pub refresh_token: Option<Zeroizing<String>>,
}

/// Get a new access token for the refresh token.
#[utoipa::path(post, path = "/auth/refresh", tag = "auth", request_body = Option<ShownToken>,
    responses((status = 200, description = "A new access token; the current refresh cookie is set.", body = TokenAnswer)))]
pub async fn refresh(
    state: State,
    peer: Peer,
    request: HttpRequest,
    EmptyOr(body): EmptyOr<ShownToken>,
) -> Result<HttpResponse, Problem> {
    let shown = shown(&state, &peer, &request, body)?;
    let device = device_hash(&state, &peer, request.headers());
    let (access, refresh) = refresh::refresh(&state.ctx, shown, device, &peer.client).await?;
    Ok(Tokens::new(&state, &peer, StatusCode::OK, access).refresh(refresh)?.finish())
}

/// The one token that is shown, with a good signature. The database is not asked.
fn shown(state: &State, peer: &Peer, request: &HttpRequest, body: Option<ShownToken>) -> Result<RefreshToken, Problem> {
    let cookies = state.settings.cookies.read(Kind::Refresh, peer.scheme, request.headers());
    let in_body = body.and_then(|body| body.refresh_token);
    let (text, transport) = match (cookies.as_slice(), &in_body) {
        ([], None) => return Err(Error::NoRefreshToken.into()),
        ([], Some(text)) => (text.as_str(), Transport::Body),
        ([value], None) => (std::str::from_utf8(value).map_err(|_| Error::InvalidRefreshToken)?, Transport::Cookie),
        // Two cookies of our name: nobody can tell which is meant.
        (_, None) => return Err(Error::InvalidRefreshToken.into()),
        (_, Some(_)) => return Err(Code::TwoTokens.into()),
    };
    Ok(RefreshToken::parse(&state.ctx.keyring(), text, transport).map_err(|_| Error::InvalidRefreshToken)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How large the future of a handler is, in bytes.
    const fn size<A, B, C, D, F>(_: fn(A, B, C, D) -> F) -> usize {
        size_of::<F>()
    }

    #[test]
    fn what_a_refresh_holds_while_it_waits_is_no_large_block() {
        // glibc looks longer for blocks of over 1,032 bytes, most of all beside many idle connections; actix puts
        // 208 around it.
        assert!(size(refresh) <= 800, "{}", size(refresh));
    }
}
