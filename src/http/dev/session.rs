//! `POST /dev/session`: a signed-in browser in one call.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::domain::email::Email;
use crate::http::answer::{TokenAnswer, signed_in};
use crate::http::auth::login::Travel;
use crate::http::body::Json;
use crate::http::client::Peer;
use crate::http::dev::of_nobody;
use crate::http::error::Problem;
use crate::http::extract::arrival;
use crate::http::schema;
use crate::http::state::State;
use crate::ops::dev::session;
use crate::ops::error::Error;

/// Who is to be signed in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SessionOf {
    /// The user's address.
    #[schema(schema_with = schema::email)]
    user: String,
    /// How the refresh token is to travel.
    #[serde(default)]
    transport: Travel,
}

/// Sign somebody in without a password.
#[utoipa::path(post, path = "/dev/session", operation_id = "beginSession", tag = "dev", request_body = SessionOf,
    responses((status = 200, description = "Signed in, as by /auth/login. The refresh cookie is set.", body = TokenAnswer)))]
pub async fn session(
    state: State,
    peer: Peer,
    request: HttpRequest,
    Json(body): Json<SessionOf>,
) -> Result<HttpResponse, Problem> {
    let email = Email::parse(&body.user).map_err(Error::from)?;
    let arrival = arrival(&state, &peer, request.headers(), body.transport.into());
    let done = session::begin(&state.ctx, &email, &arrival).await.map_err(of_nobody)?;
    signed_in(&state, &peer, StatusCode::OK, done)
}
