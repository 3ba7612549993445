//! The real binary under those who ask too much, and under mixed work for long.
//!
//! `SOAK_SECONDS` says how long the soak takes: `SOAK_SECONDS=1800 cargo test --test load soak -- --nocapture`
//! for half an hour; 20 seconds unless given.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "what helps a test may fail it, and says what it saw"
)]

#[path = "../crash/chance.rs"]
#[expect(dead_code, reason = "the crash tests use it all")]
mod chance;
mod flood;
mod others;
mod pipelines;
mod process;
#[expect(dead_code, reason = "the tests of `it` use it all")]
#[path = "../it/real/mod.rs"]
mod real;
mod slow;
mod soak;
