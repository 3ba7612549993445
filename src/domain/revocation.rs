//! What was ended and must be refused until its access tokens have run out.

use crate::base::id::{SessionId, UserId};
use crate::base::time::Timestamp;

/// What a revocation ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Revoked {
    /// One session.
    Session(SessionId),
    /// Every token of a user whose version is not this one.
    User(UserId, i64),
    /// Every token whose epoch is not this one.
    Everyone(i64),
}

/// A row of the revocations table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Its place in the order of all: always growing.
    pub seq: i64,
    /// What it ends.
    pub what: Revoked,
    /// Until when it must be kept: no access token that it ends lives longer.
    pub until: Timestamp,
}
