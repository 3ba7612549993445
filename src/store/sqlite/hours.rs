//! The hours table: what is counted and not written down one by one.

use rusqlite::{Connection, params};

use crate::store::error::Error;
use crate::store::rows::Hour;
use crate::store::sqlite::columns::{Columns, all, one};

const TABLE: &str = "hours";

pub(super) fn since(conn: &Connection, first: i64) -> Result<Vec<Hour>, Error> {
    let mut query = conn.prepare_cached("SELECT * FROM hours WHERE hour >= ? ORDER BY hour")?;
    all(query.query([first])?, |row| {
        let columns = Columns::new(row, TABLE);
        let natural = |column, count: i64| u64::try_from(count).map_err(|_| columns.corrupt(column));
        Ok(Hour {
            hour: columns.get("hour")?,
            refreshes: natural("refreshes", columns.get("refreshes")?)?,
            live: columns.get::<Option<i64>>("live")?.map(|live| natural("live", live)).transpose()?,
        })
    })
}

/// The higher count stays, and the first look: so the same again, or what came late, changes nothing.
pub(super) fn put(conn: &Connection, hour: &Hour) -> Result<(), Error> {
    let mut upsert = conn.prepare_cached(
        "INSERT INTO hours (hour, refreshes, live) VALUES (?1, ?2, ?3)
         ON CONFLICT (hour) DO UPDATE
           SET refreshes = max(refreshes, excluded.refreshes), live = coalesce(live, excluded.live)",
    )?;
    let stored = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    one(upsert.execute(params![hour.hour, stored(hour.refreshes), hour.live.map(stored)])?, TABLE)
}
