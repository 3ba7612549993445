//! A database that an older version made opens, and nothing in it is lost.

use rusqlite::Connection;
use serde_json::json;

use crate::harness::TestServer;

const FIRST_SCHEMA: &str = include_str!("../../../src/store/sqlite/migrations/0001_core.sql");

/// What each table and index is made of.
fn schema(conn: &Connection) -> Vec<String> {
    let mut query = conn
        .prepare(
            "SELECT s.type || ' ' || s.name || ' ' || coalesce(c.name, '') || ' ' || coalesce(c.type, '')
             FROM sqlite_schema AS s LEFT JOIN pragma_table_info(s.name) AS c
             WHERE s.name NOT LIKE 'sqlite_%' ORDER BY 1",
        )
        .unwrap();
    query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[tokio::test]
async fn a_database_of_the_first_schema_is_brought_to_this_one() {
    let mut server = TestServer::start();
    let mut admin = server.admin().await;
    let mut ann = server.user(&mut admin, "ann").await;
    let id = ann.me().await.text("/id");
    admin.patch(&format!("/auth/admin/users/{id}"), json!({"role": "editor"})).await.expect(200);
    ann.login("ann@example.com").await.expect(200);
    let path = server.stop().join("doorward.db");
    let conn = Connection::open(&path).unwrap();
    let undo = "DROP TABLE hours; ALTER TABLE events DROP COLUMN facts; ALTER TABLE meta DROP COLUMN base_url;
        PRAGMA user_version = 1;";
    conn.execute_batch(undo).unwrap();
    let first = Connection::open_in_memory().unwrap();
    first.execute_batch(FIRST_SCHEMA).unwrap();
    assert_eq!(schema(&conn), schema(&first), "this is what the first version made");
    drop(conn);

    server.start_again(|_| {});
    let (mut admin, mut ann) = (admin.at(&server), ann.at(&server));
    ann.refresh().await.expect(200);
    admin.patch(&format!("/auth/admin/users/{id}"), json!({"role": "author"})).await.expect(200);
    let listed = admin.get("/auth/admin/events?kind=role_changed").await.json();
    let said = |at: usize| (listed["events"][at]["detail"].clone(), listed["events"][at]["facts"].clone());
    let fact = json!([{"code": "role_change", "from": "editor", "to": "author"}]);
    assert_eq!(said(0), (json!("from editor to author"), fact));
    assert_eq!(said(1), (json!("from user to editor"), json!([])));
    let seen = admin.get("/auth/admin/overview").await.json();
    assert_eq!((&seen["activity"]["refreshes"][167], &seen["activity"]["liveSessions"][167]), (&json!(1), &json!(1)));
    let conn = Connection::open(&path).unwrap();
    let version: i64 = conn.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(version, 3);
}
