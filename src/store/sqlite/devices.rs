//! The devices table: browsers that a user has signed in with.

use rusqlite::{Connection, params};

use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::domain::hash::DeviceHash;
use crate::domain::lockout::Failures;
use crate::store::error::Error;
use crate::store::sqlite::columns::{Columns, first, one};

pub(super) fn failures(conn: &Connection, user: UserId, device: DeviceHash) -> Result<Option<Failures>, Error> {
    let mut query =
        conn.prepare_cached("SELECT user_id, failures, failed_at FROM devices WHERE user_id = ? AND hash = ?")?;
    first(query.query(params![user.as_bytes(), device.as_bytes()])?, |row| {
        let columns = Columns::new(row, "devices");
        Ok(Failures { count: columns.count("failures")?, last: columns.time_or_null("failed_at")? })
    })
}

pub(super) fn put(
    conn: &Connection,
    user: UserId,
    device: DeviceHash,
    used: Timestamp,
    failures: Failures,
) -> Result<(), Error> {
    let mut put = conn.prepare_cached(
        "INSERT INTO devices (user_id, hash, used_at, failures, failed_at) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (user_id, hash) DO UPDATE SET used_at = ?3, failures = ?4, failed_at = ?5",
    )?;
    let last = failures.last.map(Timestamp::millis);
    let changed = put.execute(params![user.as_bytes(), device.as_bytes(), used.millis(), failures.count, last])?;
    one(changed, "devices")
}

pub(super) fn set_failures(
    conn: &Connection,
    user: UserId,
    device: DeviceHash,
    failures: Failures,
) -> Result<(), Error> {
    let sql = "UPDATE devices SET failures = ?, failed_at = ? WHERE user_id = ? AND hash = ?";
    let last = failures.last.map(Timestamp::millis);
    let changed =
        conn.prepare_cached(sql)?.execute(params![failures.count, last, user.as_bytes(), device.as_bytes()])?;
    one(changed, "devices")
}

pub(super) fn trim(conn: &Connection, user: UserId, keep: u32, but: Option<DeviceHash>) -> Result<(), Error> {
    let mut trim = conn.prepare_cached(
        "DELETE FROM devices WHERE user_id = ?1 AND hash IS NOT ?2 AND hash NOT IN
           (SELECT hash FROM devices WHERE user_id = ?1 ORDER BY used_at DESC LIMIT ?3)",
    )?;
    trim.execute(params![user.as_bytes(), but.as_ref().map(DeviceHash::as_bytes), keep])?;
    Ok(())
}
