//! `POST /auth/login`.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::domain::email::Email;
use crate::domain::password::Typed;
use crate::domain::session::Transport;
use crate::http::answer::{TokenAnswer, announce, signed_in};
use crate::http::body::Json;
use crate::http::client::Peer;
use crate::http::error::Problem;
use crate::http::extract::arrival;
use crate::http::refusal::guessing;
use crate::http::schema;
use crate::http::state::State;
use crate::ops::error::Error;
use crate::ops::login;

/// An address and a password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    /// The account's address.
    #[schema(schema_with = schema::email)]
    email: String,
    /// The account's password.
    #[schema(schema_with = schema::typed_password)]
    password: Zeroizing<String>,
    /// How the refresh token is to travel.
    #[serde(default)]
    transport: Travel,
}

/// How the refresh token is to travel: in a cookie that scripts can't read, or in JSON bodies, for
/// clients without cookies.
#[derive(Clone, Copy, Default, ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Travel {
    /// In a cookie.
    #[default]
    Cookie,
    /// In bodies.
    Body,
}

impl<'de> Deserialize<'de> for Travel {
    /// A word and nothing else: a derived enum is read from an object with one member too.
    fn deserialize<D: Deserializer<'de>>(member: D) -> Result<Self, D::Error> {
        let word = String::deserialize(member)?;
        match word.as_str() {
            "cookie" => Ok(Self::Cookie),
            "body" => Ok(Self::Body),
            _ => Err(D::Error::unknown_variant(&word, &["cookie", "body"])),
        }
    }
}

impl From<Travel> for Transport {
    fn from(travel: Travel) -> Self {
        match travel {
            Travel::Cookie => Self::Cookie,
            Travel::Body => Self::Body,
        }
    }
}

/// Sign in with a password.
#[utoipa::path(post, path = "/auth/login", tag = "auth", request_body = Login,
    responses((status = 200, description = "Signed in. The refresh cookie is set.", body = TokenAnswer)))]
pub async fn login(
    state: State,
    peer: Peer,
    request: HttpRequest,
    Json(body): Json<Login>,
) -> Result<HttpResponse, Problem> {
    let email = Email::parse(&body.email).map_err(Error::from)?;
    let typed = Typed::parse(&body.password).map_err(Error::from)?;
    let arrival = arrival(&state, &peer, request.headers(), body.transport.into());
    let (spent, result) = login::login(&state.ctx, &email, typed, arrival).await;
    let done = result.map_err(|error| guessing(error, Some(spent)))?;
    Ok(announce(signed_in(&state, &peer, StatusCode::OK, done)?, Some(spent)))
}
