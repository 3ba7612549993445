//! The command line: the real binary over a real database.

#![expect(clippy::unwrap_used, reason = "what helps a test may fail it")]

mod admin_link;
mod config;
mod doctor;
mod house;
mod keys;
mod sessions;
mod usage;
mod users;
mod vectors;
