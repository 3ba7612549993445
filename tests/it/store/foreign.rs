//! What another process writes is taken up, whenever it comes.

use std::time::Duration;

use doorward::store::sqlite::beside::{Beside, TakenUp};

use crate::real::wait::until;
use crate::store::place::{Gate, PATIENCE, Place, end, queued, refuses, session};

#[tokio::test]
async fn what_a_command_ends_is_refused_and_told() {
    let place = Place::new();
    let store = place.store();
    store.submit(end(session(1))).await.unwrap();
    let seen = store.foreign_writes();
    let command = Beside::open(place.path()).unwrap();
    command.run(&end(session(2))).unwrap();
    assert_eq!(command.await_server().unwrap(), TakenUp::Yes);
    assert!(refuses(&store, session(2)));
    assert!(store.foreign_writes() > seen);
    drop(store);
    command.run(&end(session(3))).unwrap();
    assert_eq!(command.await_server().unwrap(), TakenUp::NoServer);
}

#[tokio::test]
async fn a_command_that_slips_in_before_a_batch_is_not_overlooked() {
    let place = Place::new();
    let store = place.store();
    let stranger = place.stranger();
    // It has the write lock when the batch wants to begin, and has not committed when the writer looks.
    stranger.execute_batch("BEGIN IMMEDIATE").unwrap();
    let insert = "INSERT INTO revocations (what, target, ver, until) VALUES ('session', ?, 0, 9000000000000)";
    stranger.execute(insert, [session(1).as_bytes()]).unwrap();
    let ours = queued(&store, end(session(2))).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    stranger.execute_batch("COMMIT").unwrap();
    ours.await.unwrap();
    until("the stranger's end is refused", PATIENCE, || refuses(&store, session(1)).then_some(()));
    let seen = || stranger.query_row("SELECT seen_seq FROM meta", [], |row| row.get::<_, i64>(0)).unwrap();
    until("the server says so", PATIENCE, || (seen() == 2).then_some(()));
}

#[tokio::test]
async fn what_a_command_ends_while_a_server_starts_is_taken_up_and_told() {
    let place = Place::new();
    let opened = place.open();
    let command = Beside::open(place.path()).unwrap();
    command.run(&end(session(1))).unwrap();
    let store = opened.start(std::sync::Arc::new(doorward::base::time::SystemClock)).unwrap();
    assert_eq!(command.await_server().unwrap(), TakenUp::Yes);
    assert!(refuses(&store, session(1)));
    assert_eq!(store.foreign_writes(), 1, "keys may have been written too");
}

#[tokio::test]
async fn ends_of_a_command_and_of_the_server_among_each_other_are_all_refused() {
    let place = Place::new();
    let store = place.store();
    let command = Beside::open(place.path()).unwrap();
    for number in 0..20 {
        let (gate, wait) = Gate::new();
        let blocked = queued(&store, wait).await;
        gate.reached();
        let ours = queued(&store, end(session(2 * number))).await;
        gate.open();
        command.run(&end(session(2 * number + 1))).unwrap();
        assert_eq!(command.await_server().unwrap(), TakenUp::Yes);
        blocked.await.unwrap();
        ours.await.unwrap();
    }
    let missing: Vec<_> = (0..40).filter(|number| !refuses(&store, session(*number))).collect();
    assert_eq!(missing, [0_u16; 0]);
}
