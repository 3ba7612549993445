//! `/dev/…`: what the development stub can be told. In earnest none of it is there.

pub mod clock;
pub mod faults;
pub mod guard;
pub mod inspect;
pub mod layer;
pub mod look;
pub mod outbox;
pub mod requests;
pub mod reset;
pub mod session;
pub mod slow;
pub mod state;
pub mod token;
pub mod wire;

use crate::http::code::Code;
use crate::http::error::Problem;
use crate::http::state::State;
use crate::ops::dev::Dev;
use crate::ops::error::Error;

/// What the stub has besides; its routes are there only where this is.
fn of(state: &State) -> Result<&Dev, Problem> {
    state.ctx.dev.as_deref().ok_or_else(|| Code::NotFound.into())
}

/// What a call about a user says where nobody has that address.
fn of_nobody(error: Error) -> Problem {
    if !matches!(error, Error::NotFound) {
        return error.into();
    }
    let text = "No user of this stub has that address; `GET /dev/state` lists them, and `dev.users` adds some.";
    Problem::new(Code::NotFound).field("user").detail(text)
}
