//! `POST /auth/link`.

use actix_web::HttpResponse;
use serde::Deserialize;
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::http::body::Json;
use crate::http::client::Peer;
use crate::http::error::Problem;
use crate::http::schema;
use crate::http::state::State;
use crate::ops::link;

/// A link's secret, and the password that it sets.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UseLink {
    /// What stands behind `#` in the link.
    #[schema(value_type = String)]
    secret: Zeroizing<String>,
    /// The password to be.
    #[schema(schema_with = schema::new_password)]
    password: Zeroizing<String>,
}

/// Use a link up to set a password. Signs nobody in.
#[utoipa::path(post, path = "/auth/link", operation_id = "useLink", tag = "auth", request_body = UseLink,
    responses((status = 204, description = "The password is set and every session of the account is over.")))]
pub async fn link(state: State, peer: Peer, Json(body): Json<UseLink>) -> Result<HttpResponse, Problem> {
    link::use_link(&state.ctx, &body.secret, &body.password, &peer.client).await?;
    Ok(HttpResponse::NoContent().finish())
}
