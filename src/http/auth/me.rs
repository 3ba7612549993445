//! `GET /auth/me`.

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::extract::Bearer;

/// What the access token says, if it is good now.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Me {
    /// The user's id.
    #[schema(format = Uuid)]
    id: String,
    /// Their address.
    email: String,
    /// Their role.
    role: String,
    /// The session.
    #[schema(format = Uuid)]
    session_id: String,
    /// When the password was last given.
    #[schema(format = DateTime)]
    auth_time: String,
    /// When the token runs out.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// Who is signed in. A session that was ended is refused at once.
#[utoipa::path(get, path = "/auth/me", tag = "auth", security(("bearer" = [])),
    responses((status = 200, description = "The token is good.", body = Me)))]
pub async fn me(Bearer(caller): Bearer) -> HttpResponse {
    let claims = caller.claims();
    HttpResponse::Ok().json(Me {
        id: claims.sub.to_string(),
        email: claims.email.clone(),
        role: claims.role.clone(),
        session_id: claims.sid.to_string(),
        auth_time: claims.auth_time.rfc3339(),
        expires_at: claims.exp.rfc3339(),
    })
}
