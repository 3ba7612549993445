//! The sessions table: one row a session however often it rotates, one UPDATE a rotation.

use rusqlite::{Connection, Row, params};

use crate::base::id::{SessionId, UserId};
use crate::base::time::{Timestamp, Ttl};
use crate::domain::client::Client;
use crate::domain::hash::{DeviceHash, TokenHash};
use crate::domain::session::{Recoveries, Session, Transport};
use crate::domain::version::Version;
use crate::store::error::Error;
use crate::store::rows::LiveCounts;
use crate::store::sqlite::columns::{Columns, all, first, one};

const TABLE: &str = "sessions";

fn read(row: &Row<'_>) -> Result<Session, Error> {
    let columns = Columns::new(row, TABLE);
    Ok(Session {
        id: SessionId::from_bytes(columns.get("id")?),
        user: UserId::from_bytes(columns.get("user_id")?),
        ver: Version { epoch: columns.get("epoch")?, number: columns.get("version")? },
        transport: match columns.get::<String>("transport")?.as_str() {
            "cookie" => Transport::Cookie,
            "body" => Transport::Body,
            _ => return Err(columns.corrupt("transport")),
        },
        device: columns.get::<Option<[u8; 32]>>("device")?.map(DeviceHash::from_bytes),
        generation: columns.get("generation")?,
        chain_start: columns.get("chain_start")?,
        hash: TokenHash::from_bytes(columns.get("hash")?),
        rotated_at: columns.time("rotated_at")?,
        exp: columns.time("exp")?,
        end: columns.time("end_at")?,
        created_at: columns.time("created_at")?,
        auth_time: columns.time("auth_time")?,
        client: Client {
            address: columns.parse("address")?,
            user_agent: columns.get("user_agent")?,
            request_id: String::new(),
        },
        by_device: columns.get("by_device")?,
        recoveries: Recoveries { last: columns.get("recovered")?, run: columns.count("recovery_run")? },
        ended: match columns.time_or_null("ended_at")? {
            Some(at) => Some((at, columns.parse("ended_reason")?)),
            None => None,
        },
    })
}

pub(super) fn by_id(conn: &Connection, id: SessionId) -> Result<Option<Session>, Error> {
    first(conn.prepare_cached("SELECT * FROM sessions WHERE id = ?")?.query([id.as_bytes()])?, read)
}

pub(super) fn open(conn: &Connection, user: UserId) -> Result<Vec<Session>, Error> {
    let sql = "SELECT * FROM sessions WHERE user_id = ? AND ended_at IS NULL ORDER BY id DESC";
    all(conn.prepare_cached(sql)?.query([user.as_bytes()])?, read)
}

pub(super) fn last(conn: &Connection, user: UserId, limit: u32) -> Result<Vec<Session>, Error> {
    let sql = "SELECT * FROM sessions WHERE user_id = ? ORDER BY id DESC LIMIT ?";
    all(conn.prepare_cached(sql)?.query(params![user.as_bytes(), limit])?, read)
}

pub(super) fn open_before(conn: &Connection, before: Option<SessionId>, limit: u32) -> Result<Vec<Session>, Error> {
    let sql = "SELECT * FROM sessions WHERE id < ? AND ended_at IS NULL ORDER BY id DESC LIMIT ?";
    // An id of version 7 begins with its time: none is behind this one.
    let before = before.unwrap_or(SessionId::from_bytes([0xff; 16]));
    all(conn.prepare_cached(sql)?.query(params![before.as_bytes(), limit])?, read)
}

pub(super) fn count_live(conn: &Connection, epoch: i64, now: Timestamp) -> Result<u64, Error> {
    Ok(count_live_by_use(conn, epoch, now)?.all)
}

/// Goes through the table in its order (the `+` keeps SQLite from the index over `end_at`). A session is of
/// its user's version if nothing raised it since: what was raised is a small table, unlike users.
pub(super) fn count_live_by_use(conn: &Connection, epoch: i64, now: Timestamp) -> Result<LiveCounts, Error> {
    let mut query = conn.prepare_cached(
        "SELECT count(*), count(*) FILTER (WHERE rotated_at > ?3), count(*) FILTER (WHERE rotated_at > ?4)
         FROM sessions
         WHERE ended_at IS NULL AND epoch = ?1 AND exp > ?2 AND +end_at > ?2 AND NOT EXISTS
           (SELECT 1 FROM raises WHERE raises.user_id = sessions.user_id AND raises.version > sessions.version)",
    )?;
    let (hour, day) = (now - Ttl::from_mins(60), now - Ttl::from_days(1));
    let count = |row: &Row<'_>| {
        let [all, hour, day] = [row.get(0)?, row.get(1)?, row.get(2)?].map(i64::unsigned_abs);
        Ok(LiveCounts { all, hour, day })
    };
    Ok(query.query_row([epoch, now.millis(), hour.millis(), day.millis()], count)?)
}

const fn word(transport: Transport) -> &'static str {
    match transport {
        Transport::Cookie => "cookie",
        Transport::Body => "body",
    }
}

fn ended(session: &Session) -> (Option<i64>, Option<&'static str>) {
    session.ended.map(|(at, reason)| (at.millis(), reason.word())).unzip()
}

pub(super) fn insert(conn: &Connection, session: &Session) -> Result<(), Error> {
    let mut insert = conn.prepare_cached(
        "INSERT INTO sessions (id, user_id, epoch, version, transport, device, generation, chain_start, hash,
           rotated_at, exp, end_at, created_at, auth_time, address, user_agent, by_device, recovered, recovery_run,
           ended_at, ended_reason)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    let (ended_at, reason) = ended(session);
    let changed = insert.execute(params![
        session.id.as_bytes(),
        session.user.as_bytes(),
        session.ver.epoch,
        session.ver.number,
        word(session.transport),
        session.device.as_ref().map(DeviceHash::as_bytes),
        session.generation,
        session.chain_start,
        session.hash.as_bytes(),
        session.rotated_at.millis(),
        session.exp.millis(),
        session.end.millis(),
        session.created_at.millis(),
        session.auth_time.millis(),
        session.client.address.to_string(),
        session.client.user_agent,
        session.by_device,
        session.recoveries.last,
        session.recoveries.run,
        ended_at,
        reason,
    ])?;
    one(changed, TABLE)
}

pub(super) fn update(conn: &Connection, before: &Session, after: &Session) -> Result<(), Error> {
    let mut update = conn.prepare_cached(
        "UPDATE sessions SET version = ?, generation = ?, chain_start = ?, hash = ?, rotated_at = ?, exp = ?,
           auth_time = ?, address = ?, user_agent = ?, by_device = ?, recovered = ?, recovery_run = ?, ended_at = ?,
           ended_reason = ?
         WHERE id = ? AND generation = ? AND hash = ? AND ended_at IS NULL",
    )?;
    let (ended_at, reason) = ended(after);
    let changed = update.execute(params![
        after.ver.number,
        after.generation,
        after.chain_start,
        after.hash.as_bytes(),
        after.rotated_at.millis(),
        after.exp.millis(),
        after.auth_time.millis(),
        after.client.address.to_string(),
        after.client.user_agent,
        after.by_device,
        after.recoveries.last,
        after.recoveries.run,
        ended_at,
        reason,
        before.id.as_bytes(),
        before.generation,
        before.hash.as_bytes(),
    ])?;
    one(changed, TABLE)
}
