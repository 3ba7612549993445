//! The development stub: the server as it is, told what to do. Nothing here runs in earnest.

pub mod reset;
pub mod seed;
pub mod session;
pub mod token;

use std::sync::Arc;

use crate::base::moved_clock::MovedClock;
use crate::base::time::{Clock as _, Timestamp, Ttl};

/// What the stub has that a server in earnest has not.
pub struct Dev {
    /// The clock, which is moved.
    pub clock: Arc<MovedClock>,
}

/// What the clock shows.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// The stub's time.
    pub now: Timestamp,
    /// How far it is ahead of the true time.
    pub ahead: Ttl,
    /// Whether it stands still.
    pub frozen: bool,
}

impl Dev {
    /// What time it is.
    pub fn shown(&self) -> Shown {
        Shown { now: self.clock.now(), ahead: self.clock.ahead(), frozen: self.clock.is_frozen() }
    }

    /// With a clock of its own.
    pub const fn new(clock: Arc<MovedClock>) -> Self {
        Self { clock }
    }
}
