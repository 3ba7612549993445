//! The links table: hashes of one-time secrets.

use rusqlite::{Connection, params};

use crate::base::id::UserId;
use crate::domain::hash::LinkHash;
use crate::domain::link::LinkKind;
use crate::store::error::Error;
use crate::store::rows::Link;
use crate::store::sqlite::columns::{Columns, first, one};

const TABLE: &str = "links";

pub(super) fn by_hash(conn: &Connection, hash: LinkHash) -> Result<Option<Link>, Error> {
    let sql = "SELECT hash, kind, user_id, created_at, expires_at FROM links WHERE hash = ?";
    first(conn.prepare_cached(sql)?.query([hash.as_bytes()])?, |row| {
        let columns = Columns::new(row, TABLE);
        Ok(Link {
            hash,
            kind: columns.parse("kind")?,
            user: columns.get::<Option<[u8; 16]>>("user_id")?.map(UserId::from_bytes),
            created_at: columns.time("created_at")?,
            expires_at: columns.time("expires_at")?,
        })
    })
}

pub(super) fn insert(conn: &Connection, link: &Link) -> Result<(), Error> {
    let sql = "INSERT INTO links (hash, kind, user_id, created_at, expires_at) VALUES (?, ?, ?, ?, ?)";
    let changed = conn.prepare_cached(sql)?.execute(params![
        link.hash.as_bytes(),
        link.kind.word(),
        link.user.as_ref().map(UserId::as_bytes),
        link.created_at.millis(),
        link.expires_at.millis(),
    ])?;
    one(changed, TABLE)
}

pub(super) fn delete(conn: &Connection, hash: LinkHash) -> Result<(), Error> {
    one(conn.execute("DELETE FROM links WHERE hash = ?", [hash.as_bytes()])?, TABLE)
}

pub(super) fn void_all(conn: &Connection) -> Result<(), Error> {
    conn.execute("DELETE FROM links", [])?;
    Ok(())
}

pub(super) fn void(conn: &Connection, user: Option<UserId>, kind: Option<LinkKind>) -> Result<(), Error> {
    let sql = "DELETE FROM links WHERE user_id IS ?1 AND kind = coalesce(?2, kind)";
    conn.execute(sql, params![user.as_ref().map(UserId::as_bytes), kind.map(LinkKind::word)])?;
    Ok(())
}
