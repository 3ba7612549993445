//! `POST /dev/token`: an access token, good or bad.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa::openapi::schema::{ObjectBuilder, Type};

use crate::crypto::forge::flaw::Flaw;
use crate::crypto::forge::{CantForge, Changes};
use crate::domain::email::Email;
use crate::domain::key::Algorithm;
use crate::http::body::{EmptyOr, given};
use crate::http::code::Code;
use crate::http::dev::of_nobody;
use crate::http::error::Problem;
use crate::http::schema;
use crate::http::state::State;
use crate::ops::dev::token::{NoToken, Wish, make};
use crate::ops::error::Error;

/// What kind of token.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TokenWish {
    /// Whose; by default the first user of the settings who may sign in.
    #[schema(schema_with = schema::email, required = false)]
    #[serde(default, deserialize_with = "given")]
    user: Option<String>,
    /// Claims to set; `null` takes one out.
    #[schema(value_type = Option<Object>, nullable = false, required = false)]
    #[serde(default, deserialize_with = "given")]
    claims: Option<Changes>,
    /// Members of the header to set; `null` takes one out.
    #[schema(value_type = Option<Object>, nullable = false, required = false)]
    #[serde(default, deserialize_with = "given")]
    header: Option<Changes>,
    /// What is wrong with it, and how it would be right: `none`, `expired`, `wrong_issuer` and so on.
    #[schema(schema_with = flaw, required = false)]
    #[serde(default, deserialize_with = "given")]
    flaw: Option<String>,
    /// Whose key signs it. This server takes but those of its setting `tokens.algorithm`.
    #[schema(schema_with = schema::algorithm, required = false)]
    #[serde(default, deserialize_with = "given")]
    algorithm: Option<Algorithm>,
}

/// A token, and what a verifier should say to it.
#[derive(Serialize, ToSchema)]
pub struct TokenMade {
    /// The token.
    token: String,
    /// `accept` or `reject`: what a verifier by the RFCs says to this flaw. Changes of your own are not weighed.
    verdict: &'static str,
    /// Why.
    why: &'static str,
    /// Where that is written.
    source: &'static str,
}

/// Make an access token, good or with a flaw.
///
/// For the tests of an application or of whoever checks tokens. No session is behind it, so that nothing
/// administers this server by it; `POST /dev/session` gives one that does.
#[utoipa::path(post, path = "/dev/token", tag = "dev", operation_id = "makeToken", request_body = TokenWish,
    responses((status = 200, description = "The token.", body = TokenMade)))]
pub async fn token(state: State, EmptyOr(body): EmptyOr<TokenWish>) -> Result<HttpResponse, Problem> {
    let TokenWish { user, claims, header, flaw, algorithm } = body.unwrap_or_default();
    let user = user.as_deref().map(Email::parse).transpose().map_err(Error::from)?;
    let unknown = |_| bad("flaw", "There is no such flaw; `doorward vectors` and /openapi.json name them all.");
    let flaw = flaw.map_or(Ok(Flaw::NONE), |word| word.parse().map_err(unknown))?;
    let made = make(&state.ctx, Wish { user, algorithm, header, claims, flaw }).await;
    let token = made.map_err(|error| match error {
        NoToken::Refused(error) => of_nobody(error),
        NoToken::BadFlaw(bad) => unknown(bad),
        NoToken::CantForge(CantForge::NotOfIt(..)) => bad("flaw", "No token of this algorithm can have this flaw."),
        NoToken::CantForge(error @ (CantForge::Claims | CantForge::Key(_) | CantForge::Sign(_))) => {
            Problem::new(Code::Internal).cause(error)
        }
    })?;
    let answer = TokenMade { token, verdict: flaw.verdict().word(), why: flaw.why(), source: flaw.source() };
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(answer))
}

/// The name of a flaw.
fn flaw() -> ObjectBuilder {
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(Flaw::all().map(Flaw::word)))
}

fn bad(field: &'static str, text: &'static str) -> Problem {
    Problem::new(Code::InvalidValue).field(field).detail(text)
}
