//! `DELETE /auth/admin/sessions/{id}` and `POST /auth/admin/logout-all`.

use actix_web::{HttpResponse, web};

use crate::base::id::SessionId;
use crate::http::answer::EndedAnswer;
use crate::http::error::Problem;
use crate::http::extract::AdminBearer;
use crate::http::state::State;
use crate::ops::admin::{everyone, sessions};
use crate::ops::error::Error;

/// End anybody's session.
#[utoipa::path(delete, path = "/auth/admin/sessions/{id}", operation_id = "endAnySession", tag = "admin", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid, description = "The session.")),
    responses((status = 204, description = "It is over.")))]
pub async fn end(
    state: State,
    AdminBearer(caller): AdminBearer,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let id: SessionId = id.parse().map_err(|_| Error::NotFound)?;
    sessions::end(&state.ctx, &caller, id).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Log everyone out, at once.
#[utoipa::path(post, path = "/auth/admin/logout-all", operation_id = "logoutEveryone", tag = "admin", security(("bearer" = [])),
    responses((status = 200, description = "Every session of everybody is over.", body = EndedAnswer)))]
pub async fn everyone(state: State, AdminBearer(caller): AdminBearer) -> Result<HttpResponse, Problem> {
    let sessions = everyone::logout(&state.ctx, &caller).await?;
    Ok(HttpResponse::Ok().json(EndedAnswer::new("Everyone is signed out", sessions)))
}
