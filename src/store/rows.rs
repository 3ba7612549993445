//! What can be read: plain rows, by key or by page.

use crate::base::id::{DatabaseId, SessionId, UserId};
use crate::base::time::{Timestamp, Ttl};
use crate::domain::email::EmailKey;
use crate::domain::event::{Event, Kind};
use crate::domain::hash::{DeviceHash, LinkHash};
use crate::domain::key::SealedKey;
use crate::domain::link::LinkKind;
use crate::domain::lockout::Failures;
use crate::domain::reason::Reason;
use crate::domain::revocation::Revocation;
use crate::domain::session::Session;
use crate::domain::user::{Role, Status};
use crate::store::error::Error;

/// What is true of the whole database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meta {
    /// Its name, made with it.
    pub database: DatabaseId,
    /// The present epoch.
    pub epoch: i64,
    /// The longest lifetime of an access token that it ever ran with.
    pub longest_access_ttl: Ttl,
    /// The last revocation that the running server says it has taken up.
    pub seen_seq: i64,
    /// The wall clock when it was last looked after.
    pub last_time: Timestamp,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Their name in tokens; never used again.
    pub id: UserId,
    /// The address as typed.
    pub email: String,
    /// The address as it is compared.
    pub email_key: String,
    /// The password's hash and its cost; none until a link has set one.
    pub password: Option<(String, u32)>,
    /// What they may do.
    pub role: Role,
    /// Whether they may sign in.
    pub status: Status,
    /// Raised to end all their sessions.
    pub version: i64,
    /// Failures in a row, from strangers' browsers.
    pub failures: Failures,
    /// When they were made.
    pub created_at: Timestamp,
    /// When they last signed in.
    pub signed_in_at: Option<Timestamp>,
}

/// A link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The hash of its secret.
    pub hash: LinkHash,
    /// What it does.
    pub kind: LinkKind,
    /// Whose it is; nobody's for the set-up.
    pub user: Option<UserId>,
    /// When it was made.
    pub created_at: Timestamp,
    /// Until when it works.
    pub expires_at: Timestamp,
}

/// An event as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredEvent {
    /// Its place in the order of all.
    pub id: i64,
    /// How many equal ones it stands for.
    pub count: i64,
    /// What happened.
    pub event: Event,
}

/// Which events are asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct EventFilter {
    /// Only those of this user.
    pub user: Option<UserId>,
    /// Only those of this kind.
    pub kind: Option<Kind>,
    /// Only those before this one.
    pub before: Option<i64>,
    /// Only those after this one.
    pub after: Option<i64>,
}

/// How many users there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UserCounts {
    /// All of them.
    pub all: u64,
    /// Administrators that may sign in.
    pub admins: u64,
    /// Those who may not sign in.
    pub disabled: u64,
}

/// How many sessions are neither ended nor too old.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveCounts {
    /// All of them.
    pub all: u64,
    /// Those refreshed within the last hour.
    pub hour: u64,
    /// Those refreshed within the last day.
    pub day: u64,
}

/// How many events of a kind happened in an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HourCount {
    /// Which hour, counted from the first of 1970.
    pub hour: i64,
    /// The kind.
    pub kind: Kind,
    /// How many.
    pub count: i64,
}

/// What is counted by the hour and not written down one by one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hour {
    /// Which hour, counted from the first of 1970.
    pub hour: i64,
    /// How many refreshes were answered with a token, as far as that was written down.
    pub refreshes: u64,
    /// How many sessions were alive when the hour was young, where somebody looked.
    pub live: Option<u64>,
}

/// Reads rows. Held by operations and by readers alike.
pub trait Rows {
    /// The one row of the whole database.
    fn meta(&self) -> Result<Meta, Error>;
    /// Where the links of the last server led.
    fn base_url(&self) -> Result<Option<String>, Error>;
    /// When this was copied as a backup, if it is a copy that nobody has opened as live yet.
    fn stamp(&self) -> Result<Option<Timestamp>, Error>;
    /// A user by id.
    fn user(&self, id: UserId) -> Result<Option<User>, Error>;
    /// A user by address.
    fn user_by_email(&self, key: &EmailKey) -> Result<Option<User>, Error>;
    /// Users in the order of their address keys, after one of them; those whose key begins with `prefix`.
    fn users(&self, prefix: &str, after: &str, limit: u32) -> Result<Vec<User>, Error>;
    /// All administrators that may sign in, but at most 100.
    fn admins(&self) -> Result<Vec<User>, Error>;
    /// The highest cost of any stored password; 0 where there is none.
    fn highest_cost(&self) -> Result<u32, Error>;
    /// A session by id.
    fn session(&self, id: SessionId) -> Result<Option<Session>, Error>;
    /// The sessions of a user that nothing has ended yet, some of which may be too old; newest first.
    fn open_sessions(&self, user: UserId) -> Result<Vec<Session>, Error>;
    /// The last sessions of a user, ended ones too; newest first.
    fn sessions(&self, user: UserId, limit: u32) -> Result<Vec<Session>, Error>;
    /// The sessions of everybody that nothing has ended yet, some of which may be too old or of an older
    /// version; newest first, those before one of them.
    fn open_sessions_before(&self, before: Option<SessionId>, limit: u32) -> Result<Vec<Session>, Error>;
    /// How many sessions of this epoch and their user's version are neither ended nor too old.
    fn count_live(&self, epoch: i64, now: Timestamp) -> Result<u64, Error>;
    /// What raised a user's version (or the epoch, with no user) first above `version`.
    fn raise_above(&self, user: Option<UserId>, version: i64) -> Result<Option<(Timestamp, Reason)>, Error>;
    /// The failures of a device that a user has signed in with; none where they have not.
    fn device(&self, user: UserId, device: DeviceHash) -> Result<Option<Failures>, Error>;
    /// A link by the hash of its secret.
    fn link(&self, hash: LinkHash) -> Result<Option<Link>, Error>;
    /// All keys.
    fn keys(&self) -> Result<Vec<SealedKey>, Error>;
    /// Revocations after one of them, in order.
    fn revocations_after(&self, seq: i64) -> Result<Vec<Revocation>, Error>;
    /// How many users there are.
    fn count_users(&self) -> Result<UserCounts, Error>;
    /// The same sessions as `count_live` counts, and how many of them are in use.
    fn count_live_by_use(&self, epoch: i64, now: Timestamp) -> Result<LiveCounts, Error>;
    /// How many events of each kind there were since a time, by the hour; in no order.
    fn count_events(&self, from: Timestamp) -> Result<Vec<HourCount>, Error>;
    /// What was counted by the hour, from one of them on, in order.
    fn hours(&self, first: i64) -> Result<Vec<Hour>, Error>;
    /// Events, newest first.
    fn events(&self, filter: EventFilter, limit: u32) -> Result<Vec<StoredEvent>, Error>;
}
