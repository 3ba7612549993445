//! The tests over the real thing, in one binary: a file a URL or feature.

#![expect(unreachable_pub, reason = "one crate: nothing else can reach it")]
#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "what helps a test may fail it")]
#![expect(clippy::print_stderr, reason = "a failing test prints all that one needs")]

mod attack;
mod auth;
mod backup;
mod cli;
mod dev;
mod faults;
mod floors;
mod harness;
mod headers;
mod matrix;
mod model;
mod pages;
mod races;
mod readme;
mod real;
mod store;
mod tidy;
