//! `POST /auth/password`.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::domain::password::Typed;
use crate::http::answer::{TokenAnswer, announce, signed_in};
use crate::http::body::Json;
use crate::http::client::Peer;
use crate::http::error::Problem;
use crate::http::extract::{Bearer, device_hash};
use crate::http::refusal::guessing;
use crate::http::schema;
use crate::http::state::State;
use crate::ops::error::Error;
use crate::ops::password;

/// The password of now, and the one to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ChangePassword {
    /// The password of now.
    #[schema(schema_with = schema::typed_password)]
    current_password: Zeroizing<String>,
    /// The password to be.
    #[schema(schema_with = schema::new_password)]
    new_password: Zeroizing<String>,
}

/// Change one's password. Every other session is over.
#[utoipa::path(post, path = "/auth/password", tag = "auth", request_body = ChangePassword, security(("bearer" = [])),
    responses((status = 200, description = "Changed; this session goes on.", body = TokenAnswer)))]
pub async fn password(
    state: State,
    peer: Peer,
    Bearer(caller): Bearer,
    request: HttpRequest,
    Json(body): Json<ChangePassword>,
) -> Result<HttpResponse, Problem> {
    let current = Typed::parse(&body.current_password).map_err(Error::from)?;
    let device = device_hash(&state, &peer, request.headers());
    let (spent, result) = password::change(&state.ctx, &caller, current, &body.new_password, device).await;
    let done = result.map_err(|error| guessing(error, spent))?;
    Ok(announce(signed_in(&state, &peer, StatusCode::OK, done)?, spent))
}
