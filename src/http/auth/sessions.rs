//! `GET /auth/sessions` and `DELETE /auth/sessions/{id}`.

use actix_web::{HttpResponse, web};
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::id::SessionId;
use crate::http::answer::SessionAnswer;
use crate::http::error::Problem;
use crate::http::extract::Bearer;
use crate::http::state::State;
use crate::ops::error::Error;
use crate::ops::sessions;

/// One's own devices.
#[derive(Serialize, ToSchema)]
pub struct Sessions {
    /// Newest first.
    sessions: Vec<SessionAnswer>,
}

/// List one's own live sessions.
#[utoipa::path(get, path = "/auth/sessions", operation_id = "listSessions", tag = "auth", security(("bearer" = [])),
    responses((status = 200, description = "The live sessions, newest first.", body = Sessions)))]
pub async fn list(state: State, Bearer(caller): Bearer) -> Result<HttpResponse, Problem> {
    let live = sessions::list(&state.ctx, &caller).await?;
    let (own, absolute) = (caller.claims().sid, state.ctx.policy().absolute_ttl);
    let sessions = live.iter().map(|session| SessionAnswer::of(session, own, absolute)).collect();
    Ok(HttpResponse::Ok().json(Sessions { sessions }))
}

/// End one of one's own sessions.
#[utoipa::path(delete, path = "/auth/sessions/{id}", operation_id = "endSession", tag = "auth", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid, description = "The session.")),
    responses((status = 204, description = "It is over.")))]
pub async fn end(state: State, Bearer(caller): Bearer, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let id: SessionId = id.parse().map_err(|_| Error::NotFound)?;
    sessions::end(&state.ctx, &caller, id).await?;
    Ok(HttpResponse::NoContent().finish())
}
