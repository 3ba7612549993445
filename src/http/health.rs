//! `GET /healthz` and `GET /readyz`.

use std::time::Duration;

use actix_web::{HttpResponse, rt};
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::code::Code;
use crate::http::error::Problem;
use crate::http::state::State;
use crate::store;
use crate::store::op::Op;
use crate::store::tx::Tx;

/// How long the writer may take to say a word.
const PATIENCE: Duration = Duration::from_secs(2);

/// That it is well.
#[derive(Serialize, ToSchema)]
pub struct Health {
    /// Always `ok`.
    status: &'static str,
}

/// The process answers.
#[utoipa::path(get, path = "/healthz", tag = "health",
    responses((status = 200, description = "The process answers.", body = Health)))]
pub async fn healthz() -> HttpResponse {
    HttpResponse::Ok().json(Health { status: "ok" })
}

/// The writer answers: what is asked now can be done.
#[utoipa::path(get, path = "/readyz", tag = "health",
    responses((status = 200, description = "The store takes work.", body = Health)))]
pub async fn readyz(state: State) -> Result<HttpResponse, Problem> {
    match rt::time::timeout(PATIENCE, state.ctx.store.submit(Ask)).await {
        Ok(asked) => asked?,
        Err(_) => return Err(Problem::new(Code::StorageUnavailable).cause("the writer said nothing for two seconds")),
    }
    Ok(HttpResponse::Ok().json(Health { status: "ok" }))
}

struct Ask;

impl Op for Ask {
    type Out = ();
    fn run(&self, tx: &mut dyn Tx) -> Result<(), store::error::Error> {
        tx.meta().map(|_| ())
    }
}
