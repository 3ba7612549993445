//! Layer 1: the rules, pure. No I/O, no async, no clock: time is a value that comes in.

pub mod client;
pub mod common_password;
pub mod email;
pub mod event;
pub mod fact;
pub mod hash;
pub mod key;
pub mod link;
pub mod lockout;
pub mod password;
pub mod reason;
pub mod revocation;
pub mod session;
pub mod user;
pub mod version;
