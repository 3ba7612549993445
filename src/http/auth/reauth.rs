//! `POST /auth/reauth`.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::domain::password::Typed;
use crate::http::answer::{TokenAnswer, Tokens, announce};
use crate::http::body::Json;
use crate::http::client::Peer;
use crate::http::error::Problem;
use crate::http::extract::{Bearer, device_hash};
use crate::http::refusal::guessing;
use crate::http::schema;
use crate::http::state::State;
use crate::ops::error::Error;
use crate::ops::reauth;

/// The password again.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reauth {
    /// The account's password.
    #[schema(schema_with = schema::typed_password)]
    password: Zeroizing<String>,
}

/// Confirm the password, for acts that need it fresh.
#[utoipa::path(post, path = "/auth/reauth", tag = "auth", request_body = Reauth, security(("bearer" = [])),
    responses((status = 200, description = "An access token with a fresh `auth_time`.", body = TokenAnswer)))]
pub async fn reauth(
    state: State,
    peer: Peer,
    Bearer(caller): Bearer,
    request: HttpRequest,
    Json(body): Json<Reauth>,
) -> Result<HttpResponse, Problem> {
    let typed = Typed::parse(&body.password).map_err(Error::from)?;
    let device = device_hash(&state, &peer, request.headers());
    let (spent, result) = reauth::reauth(&state.ctx, &caller, typed, device).await;
    let access = result.map_err(|error| guessing(error, spent))?;
    Ok(announce(Tokens::new(&state, &peer, StatusCode::OK, access).finish(), spent))
}
