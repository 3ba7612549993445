//! `/auth/admin/users/{id}/…`: acts on one user.

use actix_web::{HttpResponse, web};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::email::Email;
use crate::http::admin::users::{AdminUser, LinkAnswer, user_id};
use crate::http::answer::EndedAnswer;
use crate::http::body::{Json, given};
use crate::http::code::Code;
use crate::http::error::Problem;
use crate::http::extract::AdminBearer;
use crate::http::schema;
use crate::http::state::State;
use crate::ops::admin::act::{Act, Done, act};
use crate::ops::admin::links;
use crate::ops::error::Error;

/// What is to change; exactly one of the two.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(min_properties = 1, max_properties = 1)]
pub struct Edit {
    /// Another address.
    #[serde(default, deserialize_with = "given")]
    #[schema(schema_with = schema::email, required = false)]
    email: Option<String>,
    /// Another role: ends all sessions.
    #[serde(default, deserialize_with = "given")]
    #[schema(schema_with = schema::role, required = false)]
    role: Option<String>,
}

async fn run(state: &State, caller: &AdminBearer, id: &str, what: Act) -> Result<Done, Problem> {
    Ok(act(&state.ctx, &caller.0, user_id(id)?, what).await?)
}

fn user(done: &Done) -> HttpResponse {
    HttpResponse::Ok().json(AdminUser::of(&done.user))
}

/// Change a user's address or role.
#[utoipa::path(patch, path = "/auth/admin/users/{id}", operation_id = "editUser", tag = "admin", request_body = Edit, security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid, description = "The user.")),
    responses((status = 200, description = "The user as they are now.", body = AdminUser)))]
pub async fn edit(
    state: State,
    caller: AdminBearer,
    id: web::Path<String>,
    Json(body): Json<Edit>,
) -> Result<HttpResponse, Problem> {
    let what = match (&body.email, &body.role) {
        (Some(email), None) => Act::SetEmail(Email::parse(email).map_err(Error::from)?),
        (None, Some(role)) => Act::SetRole(role.parse().map_err(Error::from)?),
        (None, None) | (Some(_), Some(_)) => {
            let text = "Give `email` or `role`: one change at a time.";
            return Err(Problem::new(Code::InvalidValue).detail(text));
        }
    };
    Ok(user(&run(&state, &caller, &id, what).await?))
}

/// Delete a user.
#[utoipa::path(delete, path = "/auth/admin/users/{id}", operation_id = "deleteUser", tag = "admin", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid, description = "The user.")),
    responses((status = 204, description = "They are gone, and all their sessions are over.")))]
pub async fn delete(state: State, caller: AdminBearer, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    run(&state, &caller, &id, Act::Delete).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Disable a user.
#[utoipa::path(post, path = "/auth/admin/users/{id}/disable", operation_id = "disableUser", tag = "admin", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid, description = "The user.")),
    responses((status = 200, description = "They can't sign in, and all their sessions are over.", body = AdminUser)))]
pub async fn disable(state: State, caller: AdminBearer, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    Ok(user(&run(&state, &caller, &id, Act::Disable).await?))
}

/// Enable a user again.
#[utoipa::path(post, path = "/auth/admin/users/{id}/enable", operation_id = "enableUser", tag = "admin", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid, description = "The user.")),
    responses((status = 200, description = "They can sign in again.", body = AdminUser)))]
pub async fn enable(state: State, caller: AdminBearer, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    Ok(user(&run(&state, &caller, &id, Act::Enable).await?))
}

/// Forget a user's failed sign-ins.
#[utoipa::path(post, path = "/auth/admin/users/{id}/unlock", operation_id = "unlockUser", tag = "admin", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid, description = "The user.")),
    responses((status = 200, description = "Nothing of the account waits any more.", body = AdminUser)))]
pub async fn unlock(state: State, caller: AdminBearer, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    Ok(user(&run(&state, &caller, &id, Act::Unlock).await?))
}

/// End all sessions of a user.
#[utoipa::path(post, path = "/auth/admin/users/{id}/logout-all", operation_id = "logoutUser", tag = "admin", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid, description = "The user.")),
    responses((status = 200, description = "All their sessions are over.", body = EndedAnswer)))]
pub async fn logout_all(state: State, caller: AdminBearer, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let done = run(&state, &caller, &id, Act::LogoutAll).await?;
    let sessions = u64::try_from(done.sessions).unwrap_or(u64::MAX);
    Ok(HttpResponse::Ok().json(EndedAnswer::new(&done.user.email, sessions)))
}

/// Make a link by which a user sets a password.
#[utoipa::path(post, path = "/auth/admin/users/{id}/links", operation_id = "linkUser", tag = "admin", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid, description = "The user.")),
    responses((status = 201, description = "The link is shown this once; older ones are void.", body = LinkAnswer)))]
pub async fn link(state: State, caller: AdminBearer, id: web::Path<String>) -> Result<HttpResponse, Problem> {
    let (kind, link) = links::make(&state.ctx, &caller.0, user_id(&id)?).await?;
    Ok(HttpResponse::Created().json(LinkAnswer::of(kind, link)))
}
