//! The events table: what happened.

use rusqlite::{Connection, Row, params};

use crate::base::id::{SessionId, UserId};
use crate::base::time::Timestamp;
use crate::domain::client::Client;
use crate::domain::event::{Event, FOLD_WINDOW};
use crate::domain::fact::Fact;
use crate::domain::hash::FoldHash;
use crate::store::error::Error;
use crate::store::rows::{EventFilter, HourCount, StoredEvent};
use crate::store::sqlite::columns::{Columns, all, one};

const TABLE: &str = "events";

fn read(row: &Row<'_>) -> Result<StoredEvent, Error> {
    let columns = Columns::new(row, TABLE);
    let client = match columns.get::<Option<String>>("address")? {
        None => None,
        Some(address) => Some(Client {
            address: address.parse().map_err(|_| columns.corrupt("address"))?,
            user_agent: columns.get::<Option<String>>("user_agent")?.unwrap_or_default(),
            request_id: columns.get::<Option<String>>("request_id")?.unwrap_or_default(),
        }),
    };
    Ok(StoredEvent {
        id: columns.get("id")?,
        count: columns.get("count")?,
        event: Event {
            at: columns.time("at")?,
            kind: columns.parse("kind")?,
            user: columns.get::<Option<[u8; 16]>>("user_id")?.map(UserId::from_bytes),
            actor: columns.get::<Option<[u8; 16]>>("actor_id")?.map(UserId::from_bytes),
            session: columns.get::<Option<[u8; 16]>>("session_id")?.map(SessionId::from_bytes),
            client,
            detail: columns.get("detail")?,
            facts: facts(&columns)?,
            fold: columns.get::<Option<[u8; 32]>>("fold")?.map(FoldHash::from_bytes),
        },
    })
}

fn facts(columns: &Columns<'_>) -> Result<Vec<Fact>, Error> {
    let read = |text: String| serde_json::from_str(&text).map_err(|_| columns.corrupt("facts"));
    Ok(columns.get::<Option<String>>("facts")?.map(read).transpose()?.unwrap_or_default())
}

fn stored(facts: &[Fact]) -> Result<Option<String>, Error> {
    // Plain words and numbers: that they can't be written does not happen.
    let write = |_| Error::Unexpected { table: TABLE };
    if facts.is_empty() { Ok(None) } else { serde_json::to_string(facts).map(Some).map_err(write) }
}

pub(super) fn page(conn: &Connection, filter: EventFilter, limit: u32) -> Result<Vec<StoredEvent>, Error> {
    let sql = match (filter.user, filter.kind) {
        (None, None) => {
            "SELECT * FROM events WHERE id < ?1 AND id > ?5 AND ?2 IS NULL AND ?3 IS NULL ORDER BY id DESC LIMIT ?4"
        }
        (Some(_), None) => {
            "SELECT * FROM events WHERE id < ?1 AND id > ?5 AND user_id = ?2 AND ?3 IS NULL ORDER BY id DESC LIMIT ?4"
        }
        (None, Some(_)) => {
            "SELECT * FROM events WHERE id < ?1 AND id > ?5 AND ?2 IS NULL AND kind = ?3 ORDER BY id DESC LIMIT ?4"
        }
        (Some(_), Some(_)) => {
            "SELECT * FROM events WHERE id < ?1 AND id > ?5 AND user_id = ?2 AND kind = ?3 ORDER BY id DESC LIMIT ?4"
        }
    };
    let (before, after) = (filter.before.unwrap_or(i64::MAX), filter.after.unwrap_or(0));
    let user = filter.user.as_ref().map(UserId::as_bytes);
    let kind = filter.kind.map(crate::domain::event::Kind::word);
    all(conn.prepare_cached(sql)?.query(params![before, user, kind, limit, after])?, read)
}

pub(super) fn count(conn: &Connection, from: Timestamp) -> Result<Vec<HourCount>, Error> {
    let mut query = conn.prepare_cached(
        "SELECT id, at / 3600000 AS hour, kind, sum(count) AS counted FROM events WHERE at >= ?1 GROUP BY hour, kind",
    )?;
    all(query.query([from.millis()])?, |row| {
        let columns = Columns::new(row, TABLE);
        Ok(HourCount { hour: columns.get("hour")?, kind: columns.parse("kind")?, count: columns.get("counted")? })
    })
}

pub(super) fn insert(conn: &Connection, event: &Event) -> Result<(), Error> {
    if let Some(fold) = &event.fold
        && fold_into(conn, fold, event)?
    {
        return Ok(());
    }
    let mut insert = conn.prepare_cached(
        "INSERT INTO events (at, kind, user_id, actor_id, session_id, address, user_agent, request_id, detail, facts,
           fold, count)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1)",
    )?;
    let client = event.client.as_ref();
    let changed = insert.execute(params![
        event.at.millis(),
        event.kind.word(),
        event.user.as_ref().map(UserId::as_bytes),
        event.actor.as_ref().map(UserId::as_bytes),
        event.session.as_ref().map(SessionId::as_bytes),
        client.map(|client| client.address.to_string()),
        client.map(|client| &client.user_agent),
        client.map(|client| &client.request_id),
        event.detail,
        stored(&event.facts)?,
        event.fold.as_ref().map(FoldHash::as_bytes),
    ])?;
    one(changed, TABLE)
}

/// Adds to the count of the last equal failure, where that is younger than a minute.
fn fold_into(conn: &Connection, fold: &FoldHash, event: &Event) -> Result<bool, Error> {
    let mut update = conn.prepare_cached(
        "UPDATE events SET count = count + 1
         WHERE id = (SELECT max(id) FROM events WHERE fold = ?1) AND kind = ?2 AND at > ?3 AND at <= ?4",
    )?;
    let from = event.at - FOLD_WINDOW;
    let changed = update.execute(params![fold.as_bytes(), event.kind.word(), from.millis(), event.at.millis()])?;
    Ok(changed == 1)
}
