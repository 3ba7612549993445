//! The one row of the whole database, and what raised versions and the epoch.

use rusqlite::{Connection, params};

use crate::base::id::{DatabaseId, UserId};
use crate::base::time::{Timestamp, Ttl};
use crate::domain::reason::Reason;
use crate::store::error::Error;
use crate::store::rows::Meta;
use crate::store::sqlite::columns::{Columns, first, one};

const TABLE: &str = "meta";

pub(super) fn read(conn: &Connection) -> Result<Meta, Error> {
    let mut query = conn.prepare_cached("SELECT * FROM meta WHERE id = 1")?;
    let meta = first(query.query([])?, |row| {
        let columns = Columns::new(row, TABLE);
        Ok(Meta {
            database: DatabaseId::from_bytes(columns.get("database_id")?),
            epoch: columns.get("epoch")?,
            longest_access_ttl: Ttl::from_millis(columns.get("longest_access_ttl")?),
            seen_seq: columns.get("seen_seq")?,
            last_time: columns.time("last_time")?,
        })
    })?;
    meta.ok_or(Error::Unexpected { table: TABLE })
}

pub(super) fn create(conn: &Connection, database: DatabaseId, now: Timestamp) -> Result<(), Error> {
    let changed = conn.execute(
        "INSERT INTO meta (id, database_id, created_at, epoch, longest_access_ttl, seen_seq,
           last_time)
         VALUES (1, ?1, ?2, 0, 0, 0, ?2)",
        params![database.as_bytes(), now.millis()],
    )?;
    one(changed, TABLE)
}

pub(super) fn lengthen_access_ttl(conn: &Connection, ttl: Ttl) -> Result<(), Error> {
    let sql = "UPDATE meta SET longest_access_ttl = ?1 WHERE id = 1 AND longest_access_ttl < ?1";
    conn.execute(sql, [ttl.millis()])?;
    Ok(())
}

pub(super) fn base_url(conn: &Connection) -> Result<Option<String>, Error> {
    let mut query = conn.prepare_cached("SELECT base_url FROM meta WHERE id = 1")?;
    Ok(first(query.query([])?, |row| Columns::new(row, TABLE).get("base_url"))?.flatten())
}

pub(super) fn set_base_url(conn: &Connection, url: &str) -> Result<(), Error> {
    conn.execute("UPDATE meta SET base_url = ?1 WHERE id = 1 AND base_url IS NOT ?1", [url])?;
    Ok(())
}

pub(super) fn set_seen(conn: &Connection, seq: i64) -> Result<(), Error> {
    one(conn.execute("UPDATE meta SET seen_seq = ? WHERE id = 1", [seq])?, TABLE)
}

pub(super) fn set_last_time(conn: &Connection, now: Timestamp) -> Result<(), Error> {
    one(conn.execute("UPDATE meta SET last_time = ? WHERE id = 1", [now.millis()])?, TABLE)
}

pub(super) fn set_epoch(conn: &Connection, before: i64, after: i64) -> Result<(), Error> {
    one(conn.execute("UPDATE meta SET epoch = ? WHERE id = 1 AND epoch = ?", [after, before])?, TABLE)
}

/// The key of `raises`: a user's id, or nothing for the epoch.
fn whose(user: Option<&UserId>) -> &[u8] {
    user.map_or(&[], |id| id.as_bytes().as_slice())
}

/// Each raise is a millisecond or more after the one before it, even if the clock went back: which of two
/// came first must show.
pub(super) fn insert_raise(
    conn: &Connection,
    user: Option<UserId>,
    to: i64,
    reason: Reason,
    now: Timestamp,
) -> Result<(), Error> {
    let mut insert = conn.prepare_cached(
        "INSERT INTO raises (user_id, version, reason, at)
         VALUES (?1, ?2, ?3, max(?4, (SELECT coalesce(max(at) + 1, ?4) FROM raises)))",
    )?;
    one(insert.execute(params![whose(user.as_ref()), to, reason.word(), now.millis()])?, "raises")
}

pub(super) fn raise_above(
    conn: &Connection,
    user: Option<UserId>,
    version: i64,
) -> Result<Option<(Timestamp, Reason)>, Error> {
    let mut query = conn.prepare_cached(
        "SELECT version, reason, at FROM raises WHERE user_id = ? AND version > ? ORDER BY version LIMIT 1",
    )?;
    first(query.query(params![whose(user.as_ref()), version])?, |row| {
        let columns = Columns::new(row, "raises");
        Ok((columns.time("at")?, columns.parse("reason")?))
    })
}
