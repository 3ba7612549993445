//! What the development stub goes back to: copies of all tables in the memory of the writing connection.

use rusqlite::Connection;

use crate::base::id::{SessionId, UserId};
use crate::domain::revocation::Revoked;
use crate::store::error::Error;

/// How many copies there may be.
const MOST: i64 = 50;

/// Copies all tables; an older copy of that name is gone. False where there are too many copies of other names.
pub(super) fn take(conn: &Connection, name: &str) -> Result<bool, Error> {
    let others = "SELECT count(*) FROM sqlite_temp_schema WHERE name LIKE 'meta of %' AND name <> ?";
    if conn.query_row(others, [plain_copy_of("meta", name)], |row| row.get::<_, i64>(0))? >= MOST {
        return Ok(false);
    }
    for table in tables(conn)? {
        let copy = copy_of(&table, name);
        conn.execute_batch(&format!(
            "DROP TABLE IF EXISTS temp.{copy}; CREATE TEMP TABLE {copy} AS SELECT * FROM main.{table};"
        ))?;
    }
    Ok(true)
}

/// Puts the copies back, and says what must be refused of what was there: sessions that the copy doesn't
/// know, and versions that it has otherwise. Nothing where there is no copy.
pub(super) fn put_back(conn: &Connection, name: &str) -> Result<Option<Vec<Revoked>>, Error> {
    let exists = "SELECT EXISTS (SELECT 1 FROM sqlite_temp_schema WHERE type = 'table' AND name = ?)";
    if !conn.query_row(exists, [plain_copy_of("meta", name)], |row| row.get::<_, bool>(0))? {
        return Ok(None);
    }
    // Where nobody is to be signed in any more and nothing else is remembered, another epoch refuses all there was.
    let count = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0));
    let copies = count("SELECT count(*) FROM sqlite_temp_schema WHERE name LIKE 'meta of %'")?;
    let signed_in = count(&format!("SELECT count(*) FROM temp.{}", copy_of("sessions", name)))?;
    let by_epoch = copies == 1 && signed_in == 0;
    // An epoch once left comes back with its sessions alone.
    let epoch = (signed_in == 0).then(|| count("SELECT epoch FROM main.meta")).transpose()?;
    let over = if by_epoch { Vec::new() } else { over(conn, name)? };
    // A device may come before its user.
    conn.execute_batch("PRAGMA defer_foreign_keys = ON")?;
    for table in tables(conn)? {
        let copy = copy_of(&table, name);
        let sql = if table == "revocations" && by_epoch {
            "DELETE FROM main.revocations".to_owned()
        } else if table == "revocations" {
            let (sessions, users) = (copy_of("sessions", name), copy_of("users", name));
            // What an earlier return refuses stays refused.
            format!(
                "DELETE FROM main.revocations WHERE what = 'everyone'
                   OR (what = 'session' AND target IN (SELECT id FROM temp.{sessions}))
                   OR (what = 'user' AND (target, ver) NOT IN (SELECT id, version FROM temp.{users}));
                 INSERT OR IGNORE INTO main.revocations SELECT * FROM temp.{copy};"
            )
        } else {
            format!("DELETE FROM main.{table}; INSERT INTO main.{table} SELECT * FROM temp.{copy};")
        };
        conn.execute_batch(&sql)?;
    }
    if let Some(epoch) = epoch {
        conn.execute("UPDATE main.meta SET epoch = ?", [epoch + i64::from(by_epoch)])?;
    }
    Ok(Some(over))
}

fn over(conn: &Connection, name: &str) -> Result<Vec<Revoked>, Error> {
    let (sessions, users) = (copy_of("sessions", name), copy_of("users", name));
    let sql = format!("SELECT id FROM main.sessions WHERE id NOT IN (SELECT id FROM temp.{sessions})");
    let mut query = conn.prepare(&sql)?;
    let sessions = query.query_map([], |row| Ok(Revoked::Session(SessionId::from_bytes(row.get(0)?))))?;
    let mut over: Vec<_> = sessions.collect::<Result<_, _>>()?;
    let sql = format!(
        "SELECT old.id, old.version FROM temp.{users} old JOIN main.users now USING (id)
         WHERE old.version <> now.version"
    );
    let mut query = conn.prepare(&sql)?;
    let users = query.query_map([], |row| Ok(Revoked::User(UserId::from_bytes(row.get(0)?), row.get(1)?)))?;
    over.extend(users.collect::<Result<Vec<_>, _>>()?);
    Ok(over)
}

fn tables(conn: &Connection) -> Result<Vec<String>, Error> {
    let sql = "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'";
    Ok(conn.prepare_cached(sql)?.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

fn plain_copy_of(table: &str, name: &str) -> String {
    format!("{table} of {name}")
}

/// As it stands in SQL.
fn copy_of(table: &str, name: &str) -> String {
    format!("\"{}\"", plain_copy_of(table, name).replace('"', "\"\""))
}
