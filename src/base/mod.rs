//! Layer 0: what every other layer may use and that uses none of them.

pub mod entropy;
pub mod id;
pub mod moved_clock;
pub mod secret;
pub mod time;
