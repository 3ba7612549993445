//! `Rows` and `Tx` on a connection inside a transaction.

use std::cell::Cell;

use rusqlite::{Connection, params};

use crate::base::id::{DatabaseId, SessionId, UserId};
use crate::base::time::{Timestamp, Ttl};
use crate::domain::email::EmailKey;
use crate::domain::event::Event;
use crate::domain::hash::{DeviceHash, LinkHash};
use crate::domain::key::SealedKey;
use crate::domain::link::LinkKind;
use crate::domain::lockout::Failures;
use crate::domain::reason::Reason;
use crate::domain::revocation::{Revocation, Revoked};
use crate::domain::session::Session;
use crate::store::error::Error;
use crate::store::rows::{EventFilter, Hour, HourCount, Link, LiveCounts, Meta, Rows, StoredEvent, User, UserCounts};
use crate::store::sqlite::{devices, events, hours, keys, links, meta, revocations, sessions, snapshot, stamp, users};
use crate::store::tx::{Purge, Tx};

/// A connection inside a transaction, and what the work on it ended.
pub(super) struct SqliteTx<'c> {
    conn: &'c Connection,
    /// To be refused from the commit on.
    pub(super) ended: Vec<Revocation>,
    /// Whether all was put back as it once was: what is refused is read anew then.
    pub(super) anew: bool,
    /// The one row that every job reads, as long as none has changed it.
    meta: Cell<Option<Meta>>,
}

impl<'c> SqliteTx<'c> {
    pub(super) const fn new(conn: &'c Connection) -> Self {
        Self { conn, ended: Vec::new(), anew: false, meta: Cell::new(None) }
    }

    /// For what changes the one row: it is read again after that.
    fn changing_meta(&mut self) -> &'c Connection {
        self.meta.take();
        self.conn
    }
}

/// Begins one that writes.
pub(super) fn begin(conn: &Connection) -> Result<(), Error> {
    run(conn, "BEGIN IMMEDIATE")?;
    Ok(())
}

fn run(conn: &Connection, sql: &str) -> rusqlite::Result<usize> {
    conn.prepare_cached(sql)?.execute([])
}

/// Ends a transaction. Where a commit fails nobody knows what is on disk, and none is open any more.
pub(super) fn finish(conn: &Connection, keep: bool) -> Result<(), Error> {
    if !keep {
        return Ok(conn.execute_batch("ROLLBACK")?);
    }
    run(conn, "COMMIT").map_err(|error| {
        if !conn.is_autocommit() {
            let _ = conn.execute_batch("ROLLBACK");
        }
        Error::Commit(error.to_string())
    })?;
    Ok(())
}

impl Rows for SqliteTx<'_> {
    fn meta(&self) -> Result<Meta, Error> {
        let known = self.meta.get().map_or_else(|| meta::read(self.conn), Ok)?;
        self.meta.set(Some(known));
        Ok(known)
    }
    fn base_url(&self) -> Result<Option<String>, Error> {
        meta::base_url(self.conn)
    }
    fn stamp(&self) -> Result<Option<Timestamp>, Error> {
        stamp::read(self.conn)
    }
    fn user(&self, id: UserId) -> Result<Option<User>, Error> {
        users::by_id(self.conn, id)
    }
    fn user_by_email(&self, key: &EmailKey) -> Result<Option<User>, Error> {
        users::by_email(self.conn, key)
    }
    fn users(&self, prefix: &str, after: &str, limit: u32) -> Result<Vec<User>, Error> {
        users::page(self.conn, prefix, after, limit)
    }
    fn admins(&self) -> Result<Vec<User>, Error> {
        users::admins(self.conn)
    }
    fn highest_cost(&self) -> Result<u32, Error> {
        users::highest_cost(self.conn)
    }
    fn session(&self, id: SessionId) -> Result<Option<Session>, Error> {
        sessions::by_id(self.conn, id)
    }
    fn open_sessions(&self, user: UserId) -> Result<Vec<Session>, Error> {
        sessions::open(self.conn, user)
    }
    fn sessions(&self, user: UserId, limit: u32) -> Result<Vec<Session>, Error> {
        sessions::last(self.conn, user, limit)
    }
    fn open_sessions_before(&self, before: Option<SessionId>, limit: u32) -> Result<Vec<Session>, Error> {
        sessions::open_before(self.conn, before, limit)
    }
    fn count_live(&self, epoch: i64, now: Timestamp) -> Result<u64, Error> {
        sessions::count_live(self.conn, epoch, now)
    }
    fn raise_above(&self, user: Option<UserId>, version: i64) -> Result<Option<(Timestamp, Reason)>, Error> {
        meta::raise_above(self.conn, user, version)
    }
    fn device(&self, user: UserId, device: DeviceHash) -> Result<Option<Failures>, Error> {
        devices::failures(self.conn, user, device)
    }
    fn link(&self, hash: LinkHash) -> Result<Option<Link>, Error> {
        links::by_hash(self.conn, hash)
    }
    fn keys(&self) -> Result<Vec<SealedKey>, Error> {
        keys::read_all(self.conn)
    }
    fn revocations_after(&self, seq: i64) -> Result<Vec<Revocation>, Error> {
        revocations::after(self.conn, seq)
    }
    fn count_users(&self) -> Result<UserCounts, Error> {
        users::count(self.conn)
    }
    fn count_live_by_use(&self, epoch: i64, now: Timestamp) -> Result<LiveCounts, Error> {
        sessions::count_live_by_use(self.conn, epoch, now)
    }
    fn count_events(&self, from: Timestamp) -> Result<Vec<HourCount>, Error> {
        events::count(self.conn, from)
    }
    fn hours(&self, first: i64) -> Result<Vec<Hour>, Error> {
        hours::since(self.conn, first)
    }
    fn events(&self, filter: EventFilter, limit: u32) -> Result<Vec<StoredEvent>, Error> {
        events::page(self.conn, filter, limit)
    }
}

impl Tx for SqliteTx<'_> {
    fn create_meta(&mut self, database: DatabaseId, now: Timestamp) -> Result<(), Error> {
        meta::create(self.changing_meta(), database, now)
    }
    fn lengthen_access_ttl(&mut self, ttl: Ttl) -> Result<(), Error> {
        meta::lengthen_access_ttl(self.changing_meta(), ttl)
    }
    fn set_base_url(&mut self, url: &str) -> Result<(), Error> {
        meta::set_base_url(self.conn, url)
    }
    fn set_seen(&mut self, seq: i64) -> Result<(), Error> {
        meta::set_seen(self.changing_meta(), seq)
    }
    fn set_last_time(&mut self, now: Timestamp) -> Result<(), Error> {
        meta::set_last_time(self.changing_meta(), now)
    }
    fn set_epoch(&mut self, before: i64, after: i64) -> Result<(), Error> {
        meta::set_epoch(self.changing_meta(), before, after)
    }
    fn clear_stamp(&mut self) -> Result<(), Error> {
        stamp::clear(self.conn)
    }
    fn insert_user(&mut self, user: &User) -> Result<bool, Error> {
        users::insert(self.conn, user)
    }
    fn update_user(&mut self, before: &User, after: &User) -> Result<bool, Error> {
        users::update(self.conn, before, after)
    }
    fn delete_user(&mut self, user: &User) -> Result<(), Error> {
        users::delete(self.conn, user)
    }
    fn insert_session(&mut self, session: &Session) -> Result<(), Error> {
        sessions::insert(self.conn, session)
    }
    fn update_session(&mut self, before: &Session, after: &Session) -> Result<(), Error> {
        sessions::update(self.conn, before, after)
    }
    fn insert_raise(&mut self, user: Option<UserId>, to: i64, reason: Reason, now: Timestamp) -> Result<(), Error> {
        meta::insert_raise(self.conn, user, to, reason, now)
    }
    fn revoke(&mut self, what: Revoked, now: Timestamp) -> Result<(), Error> {
        self.ended.push(revocations::insert(self.conn, what, now)?);
        Ok(())
    }
    fn put_device(
        &mut self,
        user: UserId,
        device: DeviceHash,
        used: Timestamp,
        failures: Failures,
    ) -> Result<(), Error> {
        devices::put(self.conn, user, device, used, failures)
    }
    fn set_device_failures(&mut self, user: UserId, device: DeviceHash, failures: Failures) -> Result<(), Error> {
        devices::set_failures(self.conn, user, device, failures)
    }
    fn trim_devices(&mut self, user: UserId, keep: u32, but: Option<DeviceHash>) -> Result<(), Error> {
        devices::trim(self.conn, user, keep, but)
    }
    fn insert_link(&mut self, link: &Link) -> Result<(), Error> {
        links::insert(self.conn, link)
    }
    fn delete_link(&mut self, hash: LinkHash) -> Result<(), Error> {
        links::delete(self.conn, hash)
    }
    fn void_links(&mut self, user: Option<UserId>, kind: Option<LinkKind>) -> Result<(), Error> {
        links::void(self.conn, user, kind)
    }
    fn void_all_links(&mut self) -> Result<(), Error> {
        links::void_all(self.conn)
    }
    fn insert_key(&mut self, key: &SealedKey) -> Result<(), Error> {
        keys::insert(self.conn, key)
    }
    fn retire_key(&mut self, kid: &str, now: Timestamp) -> Result<(), Error> {
        keys::retire(self.conn, kid, now)
    }
    fn record(&mut self, event: &Event) -> Result<(), Error> {
        events::insert(self.conn, event)
    }
    fn put_hour(&mut self, hour: &Hour) -> Result<(), Error> {
        hours::put(self.conn, hour)
    }
    fn purge(&mut self, what: Purge, limit: u32) -> Result<u64, Error> {
        purge(self.conn, what, limit)
    }
    fn delete_revocations(&mut self, seqs: &[i64]) -> Result<(), Error> {
        revocations::delete(self.conn, seqs)
    }
    fn take_snapshot(&mut self, name: &str) -> Result<bool, Error> {
        snapshot::take(self.conn, name)
    }
    fn put_back(&mut self, name: &str, now: Timestamp) -> Result<bool, Error> {
        let Some(over) = snapshot::put_back(self.changing_meta(), name)? else { return Ok(false) };
        for what in over {
            self.revoke(what, now)?;
        }
        self.anew = true;
        Ok(true)
    }
}

fn purge(conn: &Connection, what: Purge, limit: u32) -> Result<u64, Error> {
    let run = |sql: &str, before: Timestamp| -> Result<u64, Error> {
        let gone = conn.prepare_cached(sql)?.execute(params![before.millis(), limit])?;
        Ok(u64::try_from(gone).unwrap_or(0))
    };
    match what {
        Purge::Sessions(before) => {
            let ended = "DELETE FROM sessions WHERE id IN
                (SELECT id FROM sessions WHERE ended_at IS NOT NULL AND ended_at < ?1 LIMIT ?2)";
            let old = "DELETE FROM sessions WHERE id IN (SELECT id FROM sessions WHERE end_at < ?1 LIMIT ?2)";
            Ok(run(ended, before)? + run(old, before)?)
        }
        Purge::Raises(before) => run(
            "DELETE FROM raises WHERE (user_id, version) IN
                (SELECT user_id, version FROM raises WHERE at < ?1 LIMIT ?2)",
            before,
        ),
        Purge::Links(before) => {
            run("DELETE FROM links WHERE hash IN (SELECT hash FROM links WHERE expires_at < ?1 LIMIT ?2)", before)
        }
        Purge::Events(before) => {
            run("DELETE FROM events WHERE id IN (SELECT id FROM events WHERE at < ?1 LIMIT ?2)", before)
        }
        Purge::Hours(before) => {
            run("DELETE FROM hours WHERE hour IN (SELECT hour FROM hours WHERE hour < ?1 / 3600000 LIMIT ?2)", before)
        }
        Purge::Keys(purpose, before) => {
            let sql = "DELETE FROM keys WHERE purpose = ? AND retired_at < ?";
            let gone = conn.execute(sql, params![purpose.word(), before.millis()])?;
            Ok(u64::try_from(gone).unwrap_or(0))
        }
    }
}
