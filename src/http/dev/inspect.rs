//! `POST /dev/inspect`: a token, check by check.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;
use zeroize::Zeroizing;

use crate::http::body::Json;
use crate::http::dev::of;
use crate::http::error::Problem;
use crate::http::state::State;
use crate::ops::dev::inspect::{self, Finding, Kind};

/// What is to be looked at.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Inspected {
    /// A token, or anything else.
    #[schema(value_type = String)]
    token: Zeroizing<String>,
}

/// What was found.
#[derive(Serialize, ToSchema)]
pub struct InspectAnswer {
    /// `access` or `refresh`, by its `typ`; else `other`.
    kind: &'static str,
    /// Whether the server would take it now: an access token at `/auth/me`, which asks no database, so that neither
    /// `session` nor `ver` is weighed; a refresh token at `/auth/refresh`.
    good: bool,
    /// The stub's time, by which it was judged.
    #[schema(format = DateTime)]
    now: String,
    /// Its header, believable or not.
    #[schema(value_type = Option<Object>)]
    header: Option<Map<String, Value>>,
    /// Its claims, believable or not.
    #[schema(value_type = Option<Object>)]
    claims: Option<Map<String, Value>>,
    /// The checks in their order; behind one that makes the rest moot there are no more.
    findings: Vec<FindingAnswer>,
}

/// One check.
#[derive(Serialize, ToSchema)]
pub struct FindingAnswer {
    /// Which: `form`, `typ`, `header`, `kid`, `alg`, `signature`, `claims`, `iss`, `aud`, `client_id`, `exp`, `iat`,
    /// `session`, `ver`, `revoked`, `gen`, or `line`: what a refresh would bring.
    code: &'static str,
    /// Whether the token passes.
    good: bool,
    /// What was found, in words.
    text: String,
    /// What the token says, or a time (RFC 3339), or what would come of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<String>,
    /// What it should say, or why not.
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<String>,
}

/// Say what a token is and what the server would say to it.
///
/// Each check in words. Nothing changes: a refresh token is not used up.
#[utoipa::path(post, path = "/dev/inspect", operation_id = "inspectToken", tag = "dev", request_body = Inspected,
    responses((status = 200, description = "What was found.", body = InspectAnswer)))]
pub async fn inspect(state: State, Json(body): Json<Inspected>) -> Result<HttpResponse, Problem> {
    of(&state)?;
    let report = inspect::inspect(&state.ctx, body.token.trim()).await?;
    let kind = match report.kind {
        Kind::Access => "access",
        Kind::Refresh => "refresh",
        Kind::Other => "other",
    };
    Ok(HttpResponse::Ok().json(InspectAnswer {
        kind,
        good: report.is_good(),
        now: report.now.rfc3339(),
        header: report.parts.header,
        claims: report.parts.claims,
        findings: report.findings.into_iter().map(finding).collect(),
    }))
}

fn finding(found: Finding) -> FindingAnswer {
    let Finding { code, good, text, value, expected } = found;
    FindingAnswer { code, good, text, value, expected }
}
