//! Every statement finds its rows by an index: what is flat at a hundred rows is so at a million.

use std::cell::RefCell;
use std::collections::BTreeSet;

use rusqlite::Connection;
use rusqlite::trace::{TraceEvent, TraceEventCodes};

use crate::base::id::{DatabaseId, SessionId, UserId};
use crate::base::time::{Timestamp, Ttl};
use crate::domain::client::Client;
use crate::domain::email::Email;
use crate::domain::event::{Event, Kind};
use crate::domain::hash::{DeviceHash, FoldHash, LinkHash, TokenHash};
use crate::domain::key::KeyUse;
use crate::domain::link::LinkKind;
use crate::domain::lockout::Failures;
use crate::domain::reason::Reason;
use crate::domain::revocation::Revoked;
use crate::domain::session::{Recoveries, Session, Transport};
use crate::domain::user::{Role, Status};
use crate::domain::version::Version;
use crate::store::rows::{EventFilter, Hour, Link, Rows as _, User};
use crate::store::sqlite::open::{self, Purpose};
use crate::store::sqlite::tx::SqliteTx;
use crate::store::tx::{Purge, Tx as _};

/// What goes through a table on purpose, off the requests' way: by a part of its plan and by its text.
const WHOLE: &[(&str, &str)] = &[
    ("SCAN users USING COVERING INDEX users_by_role", "SELECT count(*)"),
    ("SCAN sessions", "SELECT count(*), count(*) FILTER"),
    // All links go, at a restore.
    ("SCAN links", "DELETE FROM links"),
];

/// Tables that have few rows whatever comes.
const SMALL: &[&str] = &["meta", "keys", "revocations", "hours"];

const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);
const ANN: UserId = UserId::from_bytes([1; 16]);

thread_local! {
    static SEEN: RefCell<BTreeSet<String>> = const { RefCell::new(BTreeSet::new()) };
}

fn note(event: TraceEvent<'_>) {
    if let TraceEvent::Stmt(_, sql) = event {
        SEEN.with_borrow_mut(|seen| seen.insert(sql.to_owned()));
    }
}

#[test]
fn no_statement_goes_through_a_table_that_grows() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("doorward.db");
    open::create_file(&path).unwrap();
    let conn = open::writer(&path, Purpose::Production).unwrap();
    conn.trace_v2(TraceEventCodes::SQLITE_TRACE_STMT, Some(note));
    let mut tx = SqliteTx::new(&conn);
    tx.create_meta(DatabaseId::from_bytes([9; 16]), NOW).unwrap();
    write(&mut tx);
    read(&tx);
    drop(tx);
    conn.trace_v2(TraceEventCodes::empty(), None);
    let statements = SEEN.take();
    assert!(statements.len() > 50, "{} statements: is something not called here?", statements.len());
    let bad: Vec<_> = statements.iter().flat_map(|sql| scans(&conn, sql)).collect();
    assert!(bad.is_empty(), "{bad:#?}");
}

/// The steps of its plan that go through a whole table, or sort what they could have found in order.
fn scans(conn: &Connection, sql: &str) -> Vec<String> {
    let is_plain = ["SELECT", "INSERT", "UPDATE", "DELETE"].iter().any(|verb| sql.trim_start().starts_with(verb));
    if !is_plain {
        return Vec::new();
    }
    let mut explain = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    // Its parameters stay NULL: the plan is made before they are known.
    let steps = explain.raw_query().mapped(|row| row.get::<_, String>(3));
    let is_bad = |step: &String| {
        let table = step.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
        let whole = WHOLE.iter().any(|(part, text)| step.starts_with(part) && sql.contains(text));
        table.is_some_and(|table| !SMALL.contains(&table) && !whole && table != "CONSTANT")
    };
    steps.map(Result::unwrap).filter(is_bad).map(|step| format!("{step}: {sql}")).collect()
}

/// Each thing that can be written, whether or not there is a row for it.
fn write(tx: &mut SqliteTx<'_>) {
    let (user, session) = (user(), session());
    let _ = tx.lengthen_access_ttl(Ttl::from_mins(15));
    let _ = tx.set_base_url("http://localhost:8484");
    let _ = tx.set_seen(1);
    let _ = tx.set_last_time(NOW);
    let _ = tx.set_epoch(0, 1);
    let _ = tx.insert_user(&user);
    let _ = tx.update_user(&user, &User { version: 1, ..user.clone() });
    let _ = tx.insert_session(&session);
    let _ = tx.update_session(&session, &Session { generation: 1, ..session.clone() });
    let _ = tx.insert_raise(Some(ANN), 1, Reason::LoggedOutEverywhere, NOW);
    let _ = tx.insert_raise(None, 1, Reason::EveryoneLoggedOut, NOW);
    let _ = tx.revoke(Revoked::User(ANN, 1), NOW);
    let _ = tx.put_device(ANN, DeviceHash::from_bytes([3; 32]), NOW, Failures::default());
    let _ = tx.set_device_failures(ANN, DeviceHash::from_bytes([3; 32]), Failures::default());
    let _ = tx.trim_devices(ANN, 20, Some(DeviceHash::from_bytes([3; 32])));
    let link = Link {
        hash: LinkHash::from_bytes([4; 32]),
        kind: LinkKind::Setup,
        user: None,
        created_at: NOW,
        expires_at: NOW,
    };
    let _ = tx.insert_link(&link);
    let _ = tx.delete_link(link.hash);
    for (user, kind) in [(Some(ANN), None), (Some(ANN), Some(LinkKind::Setup)), (None, None)] {
        let _ = tx.void_links(user, kind);
    }
    let _ = tx.void_all_links();
    let _ = tx.retire_key("one", NOW);
    let event = Event::new(NOW, Kind::SignedIn).user(ANN).client(&session.client);
    let _ = tx.record(&event);
    let _ = tx.record(&Event { fold: Some(FoldHash::from_bytes([6; 32])), ..event });
    let _ = tx.put_hour(&Hour { hour: 1, refreshes: 1, live: Some(1) });
    for what in [
        Purge::Sessions(NOW),
        Purge::Raises(NOW),
        Purge::Links(NOW),
        Purge::Events(NOW),
        Purge::Hours(NOW),
        Purge::Keys(KeyUse::Access, NOW),
    ] {
        let _ = tx.purge(what, 200);
    }
    let _ = tx.delete_revocations(&[1]);
    let _ = tx.delete_user(&user);
}

/// Each thing that can be read.
fn read(tx: &SqliteTx<'_>) {
    let email: Email = Email::parse("ann@example.com").unwrap();
    let _ = tx.meta();
    let _ = tx.user(ANN);
    let _ = tx.user_by_email(email.key());
    let _ = tx.users("a", "", 50);
    let _ = tx.admins();
    let _ = tx.highest_cost();
    let _ = tx.session(SessionId::from_bytes([2; 16]));
    let _ = tx.open_sessions(ANN);
    let _ = tx.sessions(ANN, 50);
    let _ = tx.open_sessions_before(None, 50);
    let _ = tx.count_live(0, NOW);
    let _ = tx.raise_above(Some(ANN), 0);
    let _ = tx.device(ANN, DeviceHash::from_bytes([3; 32]));
    let _ = tx.link(LinkHash::from_bytes([4; 32]));
    let _ = tx.keys();
    let _ = tx.revocations_after(0);
    let _ = tx.count_users();
    let _ = tx.count_live_by_use(0, NOW);
    let _ = tx.count_events(NOW);
    let _ = tx.hours(0);
    for user in [None, Some(ANN)] {
        for kind in [None, Some(Kind::SignedIn)] {
            for (before, after) in [(None, None), (Some(9), None), (None, Some(1))] {
                let _ = tx.events(EventFilter { user, kind, before, after }, 50);
            }
        }
    }
}

fn user() -> User {
    User {
        id: ANN,
        email: "ann@example.com".to_owned(),
        email_key: "ann@example.com".to_owned(),
        password: None,
        role: Role::user(),
        status: Status::Active,
        version: 0,
        failures: Failures::default(),
        created_at: NOW,
        signed_in_at: None,
    }
}

fn session() -> Session {
    Session {
        id: SessionId::from_bytes([2; 16]),
        user: ANN,
        ver: Version { epoch: 0, number: 0 },
        transport: Transport::Cookie,
        device: None,
        generation: 0,
        chain_start: 0,
        hash: TokenHash::from_bytes([5; 32]),
        rotated_at: NOW,
        exp: NOW,
        end: NOW,
        created_at: NOW,
        auth_time: NOW,
        client: Client::new([127, 0, 0, 1].into(), "test", String::new()),
        by_device: true,
        recoveries: Recoveries::default(),
        ended: None,
    }
}
