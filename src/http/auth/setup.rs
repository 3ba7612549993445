//! `POST /auth/setup`.

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
use crate::ops::setup;

/// The first administrator.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Setup {
    /// What stands behind `#` in the set-up link that the server printed when it started.
    #[schema(value_type = String)]
    secret: Zeroizing<String>,
    /// The administrator's address.
    #[schema(schema_with = schema::email)]
    email: String,
    /// The administrator's password.
    #[schema(schema_with = schema::new_password)]
    password: Zeroizing<String>,
    /// How the refresh token is to travel.
    #[serde(default)]
    transport: Travel,
}

/// Make the first administrator, once.
#[utoipa::path(post, path = "/auth/setup", tag = "auth", request_body = Setup,
    responses((status = 201, description = "Made and signed in.", body = TokenAnswer)))]
pub async fn setup(
    state: State,
    peer: Peer,
    request: HttpRequest,
    Json(body): Json<Setup>,
) -> Result<HttpResponse, Problem> {
    let arrival = arrival(&state, &peer, request.headers(), body.transport.into());
    let done = setup::setup(&state.ctx, &body.secret, &body.email, &body.password, arrival).await?;
    signed_in(&state, &peer, StatusCode::CREATED, done)
}
