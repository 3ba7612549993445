//! What can be written: row primitives inside one transaction. The rules are in `ops` and `domain`.

use crate::base::id::{DatabaseId, UserId};
use crate::base::time::{Timestamp, Ttl};
use crate::domain::event::Event;
use crate::domain::hash::{DeviceHash, LinkHash};
use crate::domain::key::SealedKey;
use crate::domain::link::LinkKind;
use crate::domain::lockout::Failures;
use crate::domain::reason::Reason;
use crate::domain::revocation::Revoked;
use crate::domain::session::Session;
use crate::store::error::Error;
use crate::store::rows::{Hour, Link, Rows, User};

/// Writes rows. A change names the state that it expects; where no row is in it, that is
/// [`Error::Unexpected`].
pub trait Tx: Rows {
    /// Writes the one row of a new database.
    fn create_meta(&mut self, database: DatabaseId, now: Timestamp) -> Result<(), Error>;
    /// Remembers that access tokens may live so long.
    fn lengthen_access_ttl(&mut self, ttl: Ttl) -> Result<(), Error>;
    /// Where the links of this server lead.
    fn set_base_url(&mut self, url: &str) -> Result<(), Error>;
    /// Says which revocation the running server has taken up.
    fn set_seen(&mut self, seq: i64) -> Result<(), Error>;
    /// Remembers the wall clock.
    fn set_last_time(&mut self, now: Timestamp) -> Result<(), Error>;
    /// Moves the epoch from `before` to `after`.
    fn set_epoch(&mut self, before: i64, after: i64) -> Result<(), Error>;

    /// From now on this is no backup but the database.
    fn clear_stamp(&mut self) -> Result<(), Error>;

    /// Adds a user. False where the address is taken.
    fn insert_user(&mut self, user: &User) -> Result<bool, Error>;
    /// Moves a user from one state to another. False where the new address is taken.
    fn update_user(&mut self, before: &User, after: &User) -> Result<bool, Error>;
    /// Removes a user, their devices and their links.
    fn delete_user(&mut self, user: &User) -> Result<(), Error>;

    /// Adds a session.
    fn insert_session(&mut self, session: &Session) -> Result<(), Error>;
    /// Moves an open session from one state to another.
    fn update_session(&mut self, before: &Session, after: &Session) -> Result<(), Error>;
    /// Notes what raised a user's version, or the epoch with no user.
    fn insert_raise(&mut self, user: Option<UserId>, to: i64, reason: Reason, now: Timestamp) -> Result<(), Error>;
    /// Refuses access tokens from now on, until the last of them has run out. Takes hold in memory
    /// between the commit and the answer.
    fn revoke(&mut self, what: Revoked, now: Timestamp) -> Result<(), Error>;

    /// Writes what is known of a user's device.
    fn put_device(
        &mut self,
        user: UserId,
        device: DeviceHash,
        used: Timestamp,
        failures: Failures,
    ) -> Result<(), Error>;
    /// Counts failures of a device that is known; leaves its last use as it is.
    fn set_device_failures(&mut self, user: UserId, device: DeviceHash, failures: Failures) -> Result<(), Error>;
    /// Forgets all devices of a user but the `keep` last used, and but the one named.
    fn trim_devices(&mut self, user: UserId, keep: u32, but: Option<DeviceHash>) -> Result<(), Error>;

    /// Adds a link.
    fn insert_link(&mut self, link: &Link) -> Result<(), Error>;
    /// Uses a link up.
    fn delete_link(&mut self, hash: LinkHash) -> Result<(), Error>;
    /// Voids the links of a user, or of nobody; of one kind, or of all.
    fn void_links(&mut self, user: Option<UserId>, kind: Option<LinkKind>) -> Result<(), Error>;
    /// Voids all links, whosever they are.
    fn void_all_links(&mut self) -> Result<(), Error>;

    /// Adds a key.
    fn insert_key(&mut self, key: &SealedKey) -> Result<(), Error>;
    /// From now on this key signs no more.
    fn retire_key(&mut self, kid: &str, now: Timestamp) -> Result<(), Error>;

    /// Writes down what happened; an equal failure within a minute adds to the count of the first.
    fn record(&mut self, event: &Event) -> Result<(), Error>;

    /// Writes what was counted in an hour. Of two counts the higher stays, of two looks at the sessions
    /// the first: to write the same again changes nothing.
    fn put_hour(&mut self, hour: &Hour) -> Result<(), Error>;

    /// Removes at most `limit` rows that nothing needs any more. Gives how many went.
    fn purge(&mut self, what: Purge, limit: u32) -> Result<u64, Error>;
    /// Removes revocations by their numbers, as far as they are there.
    fn delete_revocations(&mut self, seqs: &[i64]) -> Result<(), Error>;

    /// Remembers all that is there, in memory and under a name. False where too much is remembered already.
    /// For the development stub.
    fn take_snapshot(&mut self, name: &str) -> Result<bool, Error>;
    /// Makes all as it was then; tokens of sessions begun since are refused. False where nothing of that
    /// name was remembered.
    fn put_back(&mut self, name: &str, now: Timestamp) -> Result<bool, Error>;
}

/// What a purge removes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purge {
    /// Sessions that ended, or whose absolute end was, before this time.
    Sessions(Timestamp),
    /// Raises from before this time.
    Raises(Timestamp),
    /// Links that ran out before this time.
    Links(Timestamp),
    /// Events from before this time.
    Events(Timestamp),
    /// Counts of hours that were over before this time.
    Hours(Timestamp),
    /// Retired keys of a purpose from before this time.
    Keys(crate::domain::key::KeyUse, Timestamp),
}
