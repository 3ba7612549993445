//! Layer 3: the use cases, one file each, and the [`ctx::Ctx`] that they all work in.
//!
//! A use case reads the clock once, does what is slow (hashing, signing) outside, and submits one
//! [`crate::store::op::Op`] that reads the state, decides and writes. What more than one of them does
//! inside a transaction stands in `guard` (who may act), `opening` (a session begins) and `ending`
//! (sessions end).

pub mod activity;
pub mod admin;
pub mod attempt;
pub mod caller;
pub mod check;
pub mod ctx;
pub mod dev;
pub mod doctor;
pub mod error;
pub mod forgiven;
pub mod guesses;
pub mod keys;
pub mod link;
pub mod login;
pub mod logout;
pub mod logout_all;
pub mod opening;
pub mod password;
pub mod purge;
pub mod reauth;
pub mod refresh;
pub mod register;
pub mod restored;
pub mod sessions;
pub mod settings;
pub mod setup;
pub mod start;
pub mod tokens;
pub mod try_op;

mod ending;
mod guard;
