//! The development stub: the server as it is, told what to do. Nothing here runs in earnest.

pub mod reset;
pub mod seed;
pub mod session;

use std::sync::Arc;

use crate::base::moved_clock::MovedClock;

/// What the stub has that a server in earnest has not.
pub struct Dev {
    /// The clock, which is moved.
    pub clock: Arc<MovedClock>,
}

impl Dev {
    /// With a clock of its own.
    pub const fn new(clock: Arc<MovedClock>) -> Self {
        Self { clock }
    }
}
