//! Dead sessions by the thousand: they go a few at a time, and a stop waits for none of them.

use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;

use crate::harness::TestServer;
use crate::real::wait::until;

/// At 200 a step, and a pause after each that is three times as long, they take a second or more.
const DEAD: u32 = 10_000;

/// How long a job may take on a busy machine.
const PATIENCE: Duration = Duration::from_mins(1);

fn database(folder: &Path) -> Connection {
    Connection::open(folder.join("doorward.db")).unwrap()
}

/// Sessions that ended long ago, like one that lives.
fn die(folder: &Path) {
    let mut conn = database(folder);
    conn.busy_timeout(PATIENCE).unwrap();
    let tx = conn.transaction().unwrap();
    tx.execute_batch("CREATE TEMP TABLE one AS SELECT * FROM sessions LIMIT 1").unwrap();
    tx.execute_batch("UPDATE one SET ended_at = 1, ended_reason = 'logged_out'").unwrap();
    for _ in 0..DEAD {
        tx.prepare_cached("UPDATE one SET id = randomblob(16)").unwrap().execute([]).unwrap();
        tx.prepare_cached("INSERT INTO sessions SELECT * FROM one").unwrap().execute([]).unwrap();
    }
    tx.commit().unwrap();
}

fn dead(folder: &Path) -> u32 {
    let count = "SELECT count(*) FROM sessions WHERE ended_at = 1";
    database(folder).query_row(count, [], |row| row.get(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stop_waits_for_no_purge_and_the_next_start_goes_on_with_it() {
    let mut server = TestServer::start();
    server.admin().await;
    die(server.folder());
    server.advance("2m");
    let begun = || (dead(server.folder()) < DEAD).then_some(());
    tokio::task::block_in_place(|| until("the purge has begun", PATIENCE, begun));
    let left = tokio::task::block_in_place(|| dead(server.stop()));
    assert!(left > 0, "the stop waited for the purge");
    tokio::task::block_in_place(|| server.start_again(|_| {}));
    let done = || {
        server.advance("1m");
        (dead(server.folder()) == 0).then_some(())
    };
    tokio::task::block_in_place(|| until("the purge is over", PATIENCE, done));
    let left: u32 = database(server.folder()).query_row("SELECT count(*) FROM sessions", [], |row| row.get(0)).unwrap();
    assert_eq!(left, 1, "the session that lives");
}
