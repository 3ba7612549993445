//! The stamp of a backup: a table that its copy has and the database has not. A file that carries it was
//! never opened as live.

use rusqlite::Connection;

use crate::base::time::Timestamp;
use crate::store::error::Error;

/// The name of the table.
pub(super) const TABLE: &str = "stamp";

/// When the copy was made. A stamp without a time is one too.
pub(super) fn read(conn: &Connection) -> Result<Option<Timestamp>, Error> {
    let exists = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?)";
    if !conn.query_row(exists, [TABLE], |row| row.get::<_, bool>(0))? {
        return Ok(None);
    }
    let made: Option<i64> = conn.query_row("SELECT max(made_at) FROM stamp", [], |row| row.get(0))?;
    Ok(Some(Timestamp::from_millis(made.unwrap_or(0))))
}

/// Stamps a copy. One of a copy counts as made now.
pub(super) fn put(conn: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    conn.execute_batch(&format!(
        "BEGIN IMMEDIATE;
         DROP TABLE IF EXISTS stamp;
         CREATE TABLE stamp (made_at INTEGER NOT NULL) STRICT;
         INSERT INTO stamp (made_at) VALUES ({});
         COMMIT;",
        now.millis()
    ))
}

/// Clears it, inside a transaction.
pub(super) fn clear(conn: &Connection) -> Result<(), Error> {
    conn.execute_batch("DROP TABLE stamp")?;
    Ok(())
}
