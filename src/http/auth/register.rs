//! `POST /auth/register`.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::http::answer::{TokenAnswer, signed_in};
use crate::http::auth::login::Travel;
use crate::http::body::Json;
use crate::http::client::Peer;
use crate::http::error::Problem;
use crate::http::extract::arrival;
use crate::http::schema;
use crate::http::state::State;
use crate::ops::register;

/// A new account.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Its address.
    #[schema(schema_with = schema::email)]
    email: String,
    /// Its password.
    #[schema(schema_with = schema::new_password)]
    password: Zeroizing<String>,
    /// How the refresh token is to travel.
    #[serde(default)]
    transport: Travel,
}

/// Sign up, where the settings allow it.
#[utoipa::path(post, path = "/auth/register", tag = "auth", request_body = Register,
    responses((status = 201, description = "Signed up and signed in.", body = TokenAnswer)))]
pub async fn register(
    state: State,
    peer: Peer,
    request: HttpRequest,
    Json(body): Json<Register>,
) -> Result<HttpResponse, Problem> {
    let arrival = arrival(&state, &peer, request.headers(), body.transport.into());
    let done = register::register(&state.ctx, &body.email, &body.password, arrival).await?;
    signed_in(&state, &peer, StatusCode::CREATED, done)
}
