//! `POST /auth/logout-all`.

use actix_web::HttpResponse;

use crate::http::answer::{EndedAnswer, clear_refresh};
use crate::http::client::Peer;
use crate::http::error::Problem;
use crate::http::extract::Bearer;
use crate::http::state::State;
use crate::ops::logout_all;

/// Sign out on every device, at once.
#[utoipa::path(post, path = "/auth/logout-all", operation_id = "logoutAll", tag = "auth", security(("bearer" = [])),
    responses((status = 200, description = "All sessions are over; the refresh cookie is cleared.", body = EndedAnswer)))]
pub async fn logout_all(state: State, peer: Peer, Bearer(caller): Bearer) -> Result<HttpResponse, Problem> {
    let sessions = logout_all::logout_all(&state.ctx, &caller).await?;
    let mut answer = HttpResponse::Ok();
    clear_refresh(&state, &peer, &mut answer)?;
    Ok(answer.json(EndedAnswer::new("Signed out everywhere", u64::try_from(sessions).unwrap_or(u64::MAX))))
}
