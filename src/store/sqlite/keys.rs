//! The keys table: sealed signing keys.

use rusqlite::{Connection, params};

use crate::base::time::Timestamp;
use crate::domain::key::SealedKey;
use crate::store::error::Error;
use crate::store::sqlite::columns::{Columns, all, one};

const TABLE: &str = "keys";

pub(super) fn read_all(conn: &Connection) -> Result<Vec<SealedKey>, Error> {
    let sql = "SELECT kid, purpose, algorithm, sealed, created_at, retired_at FROM keys ORDER BY created_at, kid";
    all(conn.prepare_cached(sql)?.query([])?, |row| {
        let columns = Columns::new(row, TABLE);
        Ok(SealedKey {
            kid: columns.get("kid")?,
            purpose: columns.parse("purpose")?,
            algorithm: columns.parse("algorithm")?,
            sealed: columns.get("sealed")?,
            created_at: columns.time("created_at")?,
            retired_at: columns.time_or_null("retired_at")?,
        })
    })
}

pub(super) fn insert(conn: &Connection, key: &SealedKey) -> Result<(), Error> {
    let sql = "INSERT INTO keys (kid, purpose, algorithm, sealed, created_at, retired_at) VALUES (?, ?, ?, ?, ?, ?)";
    let changed = conn.execute(
        sql,
        params![
            key.kid,
            key.purpose.word(),
            key.algorithm.word(),
            key.sealed,
            key.created_at.millis(),
            key.retired_at.map(Timestamp::millis),
        ],
    )?;
    one(changed, TABLE)
}

pub(super) fn retire(conn: &Connection, kid: &str, now: Timestamp) -> Result<(), Error> {
    let sql = "UPDATE keys SET retired_at = ? WHERE kid = ? AND retired_at IS NULL";
    one(conn.execute(sql, params![now.millis(), kid])?, TABLE)
}
