//! `/dev/clock`: what time it is for the stub.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::base::time::{Timestamp, Ttl};
use crate::http::body::Json;
use crate::http::code::Code;
use crate::http::dev::of;
use crate::http::error::Problem;
use crate::http::state::State;
use crate::ops::dev::{Dev, Shown};

/// How the clock is to be changed; what is named is done in this order.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockChange {
    /// Go by the true time again.
    #[serde(default)]
    release: bool,
    /// The time that it shows from now on (RFC 3339).
    #[schema(format = DateTime)]
    set: Option<String>,
    /// How far it moves on, such as `15m`; `-15m` moves it back.
    #[schema(example = "15m")]
    advance: Option<String>,
    /// True: it stands still. False: it goes on from where it stands.
    freeze: Option<bool>,
}

/// What the clock shows.
#[derive(Serialize, ToSchema)]
pub struct ClockAnswer {
    /// The stub's time.
    #[schema(format = DateTime)]
    now: String,
    /// How far it is ahead of the true time, in seconds; negative where it is behind.
    ahead: f64,
    /// Whether it stands still.
    frozen: bool,
}

impl ClockAnswer {
    fn of(dev: &Dev) -> Self {
        let Shown { now, ahead, frozen } = dev.shown();
        #[expect(clippy::cast_precision_loss, reason = "a span in milliseconds is far below 2^53")]
        Self { now: now.rfc3339(), ahead: ahead.millis() as f64 / 1_000.0, frozen }
    }
}

/// Read the clock.
#[utoipa::path(get, path = "/dev/clock", operation_id = "showClock", tag = "dev",
    responses((status = 200, description = "What it shows.", body = ClockAnswer)))]
pub async fn show(state: State) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(ClockAnswer::of(of(&state)?)))
}

/// Move, set, stop or release the clock.
///
/// Everything that the server does goes by it: lifetimes, the grace, waits, limits of an account. What checks
/// tokens by itself goes by its own.
#[utoipa::path(post, path = "/dev/clock", operation_id = "changeClock", tag = "dev", request_body = ClockChange,
    responses((status = 200, description = "What it shows now.", body = ClockAnswer)))]
pub async fn change(state: State, Json(body): Json<ClockChange>) -> Result<HttpResponse, Problem> {
    let dev = of(&state)?;
    // All is read before anything is moved.
    let wrong_time = || bad("set", "`set` must be a time such as \"2030-01-31T12:00:00Z\".");
    let set = body.set.as_deref().map(|text| Timestamp::parse(text).ok_or_else(wrong_time)).transpose()?;
    let advance = body.advance.as_deref().map(span).transpose()?;
    if body.release {
        dev.clock.release();
    }
    if let Some(to) = set {
        dev.clock.set(to);
    }
    if let Some(span) = advance {
        dev.clock.advance(span);
    }
    if let Some(still) = body.freeze {
        dev.clock.freeze(still);
    }
    show(state).await
}

fn span(text: &str) -> Result<Ttl, Problem> {
    let (back, size) = text.strip_prefix('-').map_or((false, text), |size| (true, size));
    let size: Ttl =
        size.parse().map_err(|_| bad("advance", "`advance` must be a span such as \"15m\", \"7d\" or \"-1h\"."))?;
    Ok(if back { Ttl::from_millis(-size.millis()) } else { size })
}

fn bad(field: &'static str, text: &'static str) -> Problem {
    Problem::new(Code::InvalidValue).field(field).detail(text)
}
