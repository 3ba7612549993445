//! The real binary, killed: whatever it acknowledged is true after the next start, and nothing else is lost.
//!
//! `cargo test --test crash` kills the binary as it is shipped at random moments, and
//! `cargo test --features failpoints --test crash` one that dies by itself at named points of the commit.
//! `CRASH_ROUNDS` says how often (10 by default), `CRASH_SEED` repeats a run.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "what helps a test may fail it, and says what it did"
)]

mod chance;
mod crowd;
mod cut;
#[cfg(not(feature = "failpoints"))]
mod first_start;
mod person;
#[cfg(feature = "failpoints")]
mod points;
#[cfg(not(feature = "failpoints"))]
mod random;
#[expect(dead_code, reason = "the tests of `it` use it all")]
#[path = "../it/real/mod.rs"]
mod real;
