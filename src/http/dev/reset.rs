//! `POST /dev/reset`, `/dev/snapshot` and `/dev/restore`: back to how it was.

use actix_web::HttpResponse;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::http::body::{EmptyOr, Json};
use crate::http::code::Code;
use crate::http::error::Problem;
use crate::http::state::State;
use crate::ops::dev::{reset, seed};

/// The longest name, in bytes.
const MAX_NAME: usize = 64;

/// Nothing.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// What it is called.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Named {
    /// Any name of 1 to 64 bytes but `start`, which is the beginning.
    #[schema(min_length = 1, max_length = 64)]
    name: String,
}

impl Named {
    fn checked(self) -> Result<String, Problem> {
        let fits = (1..=MAX_NAME).contains(&self.name.len()) && !self.name.contains(char::is_control);
        let text = "`name` must have 1 to 64 bytes and no control characters.";
        if fits { Ok(self.name) } else { Err(bad(text)) }
    }
}

fn bad(text: &'static str) -> Problem {
    Problem::new(Code::InvalidValue).field("name").detail(text)
}

/// Make everything as it was at the start.
///
/// Users, sessions, keys, clock, faults and logs. Tokens given since then are refused.
#[utoipa::path(post, path = "/dev/reset", operation_id = "resetStub", tag = "dev", request_body = Nothing,
    responses((status = 204, description = "Done.")))]
pub async fn reset(state: State, _: EmptyOr<Nothing>) -> Result<HttpResponse, Problem> {
    reset::reset(&state.ctx).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Remember users, sessions and keys under a name.
///
/// Until the stub stops. The clock, the faults and the logs are not part of it.
#[utoipa::path(post, path = "/dev/snapshot", operation_id = "takeSnapshot", tag = "dev", request_body = Named,
    responses((status = 204, description = "Remembered; an older one of that name is gone.")))]
pub async fn snapshot(state: State, Json(body): Json<Named>) -> Result<HttpResponse, Problem> {
    let name = body.checked()?;
    if name == seed::START {
        return Err(bad("`start` is the beginning itself; choose another name."));
    }
    if !reset::take(&state.ctx, &name).await? {
        return Err(bad("50 snapshots are remembered already: take one of their names, or start the stub anew."));
    }
    Ok(HttpResponse::NoContent().finish())
}

/// Make users, sessions and keys as they were when that was remembered.
///
/// Sessions that were alive then are alive again, with the tokens of then; those begun since are refused.
#[utoipa::path(post, path = "/dev/restore", operation_id = "restoreSnapshot", tag = "dev", request_body = Named,
    responses((status = 204, description = "Done.")))]
pub async fn restore(state: State, Json(body): Json<Named>) -> Result<HttpResponse, Problem> {
    reset::put_back(&state.ctx, &body.checked()?).await?;
    Ok(HttpResponse::NoContent().finish())
}
