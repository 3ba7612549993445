//! The revocations table: what must be refused until its access tokens have run out.

use rusqlite::{Connection, Row, params};

use crate::base::id::{SessionId, UserId};
use crate::base::time::{Timestamp, Ttl};
use crate::domain::revocation::{Revocation, Revoked};
use crate::store::error::Error;
use crate::store::sqlite::columns::{Columns, all, first};

/// What is added to the longest lifetime of an access token, for clocks that differ.
const MARGIN: Ttl = Ttl::from_secs(60);

fn read(row: &Row<'_>) -> Result<Revocation, Error> {
    let columns = Columns::new(row, "revocations");
    let ver = columns.get("ver")?;
    let what = match columns.get::<String>("what")?.as_str() {
        "session" => Revoked::Session(SessionId::from_bytes(columns.get("target")?)),
        "user" => Revoked::User(UserId::from_bytes(columns.get("target")?), ver),
        "everyone" => Revoked::Everyone(ver),
        _ => return Err(columns.corrupt("what")),
    };
    Ok(Revocation { seq: columns.get("seq")?, what, until: columns.time("until")? })
}

pub(super) fn after(conn: &Connection, seq: i64) -> Result<Vec<Revocation>, Error> {
    let sql = "SELECT seq, what, target, ver, until FROM revocations WHERE seq > ? ORDER BY seq";
    all(conn.prepare_cached(sql)?.query([seq])?, read)
}

/// Writes a row that lasts as long as any access token that it ends.
pub(super) fn insert(conn: &Connection, what: Revoked, now: Timestamp) -> Result<Revocation, Error> {
    let mut insert = conn.prepare_cached(
        "INSERT INTO revocations (what, target, ver, until)
         SELECT ?, ?, ?, ? + longest_access_ttl FROM meta WHERE id = 1
         RETURNING seq, what, target, ver, until",
    )?;
    let from = (now + MARGIN).millis();
    let rows = match &what {
        Revoked::Session(id) => insert.query(params!["session", id.as_bytes(), 0, from]),
        Revoked::User(id, ver) => insert.query(params!["user", id.as_bytes(), ver, from]),
        Revoked::Everyone(epoch) => insert.query(params!["everyone", [0_u8; 0], epoch, from]),
    };
    first(rows?, read)?.ok_or(Error::Unexpected { table: "revocations" })
}

pub(super) fn delete(conn: &Connection, seqs: &[i64]) -> Result<(), Error> {
    let mut delete = conn.prepare_cached("DELETE FROM revocations WHERE seq = ?")?;
    for seq in seqs {
        delete.execute([seq])?;
    }
    Ok(())
}
