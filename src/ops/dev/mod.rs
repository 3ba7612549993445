//! The development stub: the server as it is, told what to do. Nothing here runs in earnest.

pub mod chain;
pub mod faults;
pub mod inspect;
pub mod outbox;
pub mod parts;
pub mod pattern;
pub mod requests;
pub mod reset;
pub mod scrub;
pub mod seed;
pub mod session;
pub mod shown;
pub mod state;
pub mod strike;
pub mod token;

use std::sync::Arc;

use crate::base::moved_clock::MovedClock;
use crate::base::time::{Clock as _, Timestamp, Ttl};
use crate::ops::dev::chain::Chains;
use crate::ops::dev::faults::Faults;
use crate::ops::dev::outbox::Outbox;
use crate::ops::dev::requests::Requests;

/// What the stub has that a server in earnest has not.
pub struct Dev {
    /// The clock, which is moved.
    pub clock: Arc<MovedClock>,
    /// What is to go wrong.
    pub faults: Faults,
    /// The calls that came in.
    pub requests: Requests,
    /// The links that were made.
    pub outbox: Outbox,
    /// What became of the refresh tokens that were shown.
    pub chains: Chains,
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
    pub fn new(clock: Arc<MovedClock>) -> Self {
        Self {
            clock,
            chains: Chains::default(),
            faults: Faults::default(),
            requests: Requests::default(),
            outbox: Outbox::default(),
        }
    }

    /// Forgets what was to go wrong, what came in and what went out.
    pub fn forget(&self) {
        self.faults.clear();
        self.requests.clear();
        self.outbox.clear();
    }
}
