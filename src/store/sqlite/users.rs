//! The users table.

use rusqlite::{Connection, Row, params};

use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::domain::email::EmailKey;
use crate::domain::lockout::Failures;
use crate::store::error::Error;
use crate::store::rows::{User, UserCounts};
use crate::store::sqlite::columns::{Columns, all, first, one, unless_taken};

const TABLE: &str = "users";

fn read(row: &Row<'_>) -> Result<User, Error> {
    let columns = Columns::new(row, TABLE);
    Ok(User {
        id: UserId::from_bytes(columns.get("id")?),
        email: columns.get("email")?,
        email_key: columns.get("email_key")?,
        password: columns.get::<Option<String>>("password")?.zip(columns.get("password_cost")?),
        role: columns.parse("role")?,
        status: columns.parse("status")?,
        version: columns.get("version")?,
        failures: Failures { count: columns.count("failures")?, last: columns.time_or_null("failed_at")? },
        created_at: columns.time("created_at")?,
        signed_in_at: columns.time_or_null("signed_in_at")?,
    })
}

pub(super) fn by_id(conn: &Connection, id: UserId) -> Result<Option<User>, Error> {
    first(conn.prepare_cached("SELECT * FROM users WHERE id = ?")?.query([id.as_bytes()])?, read)
}

pub(super) fn by_email(conn: &Connection, key: &EmailKey) -> Result<Option<User>, Error> {
    first(conn.prepare_cached("SELECT * FROM users WHERE email_key = ?")?.query([key.as_str()])?, read)
}

/// A range over the unique index: what begins with `prefix` lies between it and it with the last character behind.
/// One lower bound: of two, SQLite seeks by the first and would read all that lies between them.
pub(super) fn page(conn: &Connection, prefix: &str, after: &str, limit: u32) -> Result<Vec<User>, Error> {
    let mut query = conn.prepare_cached(
        "SELECT * FROM users WHERE email_key >= ?1 AND email_key < ?2 AND email_key <> ?3 ORDER BY email_key LIMIT ?4",
    )?;
    let end = format!("{prefix}\u{10ffff}");
    all(query.query(params![prefix.max(after), end, after, limit])?, read)
}

pub(super) fn admins(conn: &Connection) -> Result<Vec<User>, Error> {
    let sql = "SELECT * FROM users WHERE role = 'admin' AND status = 'active' LIMIT 100";
    all(conn.prepare_cached(sql)?.query([])?, read)
}

/// Reads nothing but the index over role and status.
pub(super) fn count(conn: &Connection) -> Result<UserCounts, Error> {
    let sql = "SELECT count(*), count(*) FILTER (WHERE role = 'admin' AND status = 'active'),
           count(*) FILTER (WHERE status = 'disabled')
         FROM users";
    let count = |row: &Row<'_>| {
        let [all, admins, disabled] = [row.get(0)?, row.get(1)?, row.get(2)?].map(i64::unsigned_abs);
        Ok(UserCounts { all, admins, disabled })
    };
    Ok(conn.prepare_cached(sql)?.query_row([], count)?)
}

pub(super) fn highest_cost(conn: &Connection) -> Result<u32, Error> {
    let sql = "SELECT coalesce(max(password_cost), 0) FROM users WHERE password_cost IS NOT NULL";
    Ok(conn.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
}

pub(super) fn insert(conn: &Connection, user: &User) -> Result<bool, Error> {
    let mut insert = conn.prepare_cached(
        "INSERT INTO users (id, email, email_key, password, password_cost, role, status, version, failures, failed_at,
           created_at, signed_in_at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let (password, cost) = split(user);
    unless_taken(
        insert.execute(params![
            user.id.as_bytes(),
            user.email,
            user.email_key,
            password,
            cost,
            user.role.as_str(),
            user.status.word(),
            user.version,
            user.failures.count,
            user.failures.last.map(Timestamp::millis),
            user.created_at.millis(),
            user.signed_in_at.map(Timestamp::millis),
        ]),
        TABLE,
    )
}

pub(super) fn update(conn: &Connection, before: &User, after: &User) -> Result<bool, Error> {
    let mut update = conn.prepare_cached(
        "UPDATE users SET email = ?, email_key = ?, password = ?, password_cost = ?, role = ?, status = ?, version = ?,
           failures = ?, failed_at = ?, signed_in_at = ?
         WHERE id = ? AND version = ? AND password IS ? AND status = ? AND role = ?",
    )?;
    let (password, cost) = split(after);
    unless_taken(
        update.execute(params![
            after.email,
            after.email_key,
            password,
            cost,
            after.role.as_str(),
            after.status.word(),
            after.version,
            after.failures.count,
            after.failures.last.map(Timestamp::millis),
            after.signed_in_at.map(Timestamp::millis),
            before.id.as_bytes(),
            before.version,
            split(before).0,
            before.status.word(),
            before.role.as_str(),
        ]),
        TABLE,
    )
}

fn split(user: &User) -> (Option<&str>, Option<u32>) {
    user.password.as_ref().map(|(hash, cost)| (hash.as_str(), *cost)).unzip()
}

pub(super) fn delete(conn: &Connection, user: &User) -> Result<(), Error> {
    let sql = "DELETE FROM users WHERE id = ? AND version = ?";
    one(conn.execute(sql, params![user.id.as_bytes(), user.version])?, TABLE)
}
