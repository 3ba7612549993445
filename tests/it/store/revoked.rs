//! What an operation ends is refused before its requester hears of it, and never for nothing.

use doorward::domain::revocation::Revoked;
use doorward::store::error::Error;

use crate::store::place::{Gate, Place, end, note, op, queued, refuses, session};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn whoever_hears_of_an_end_sees_it_refused() {
    let place = Place::new();
    let store = std::sync::Arc::new(place.store());
    let tasks = (0..8_u16).map(|task| {
        let store = std::sync::Arc::clone(&store);
        tokio::spawn(async move {
            for number in 0..40 {
                let session = session(task * 40 + number);
                assert!(!refuses(&store, session));
                store.submit(end(session)).await.unwrap();
                assert!(refuses(&store, session));
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn a_requester_who_goes_away_undoes_no_end() {
    let place = Place::new();
    let store = place.store();
    let (gate, wait) = Gate::new();
    let first = queued(&store, wait).await;
    gate.reached();
    drop(queued(&store, end(session(1))).await);
    gate.open();
    first.await.unwrap();
    store.submit(note("after")).await.unwrap();
    assert!(refuses(&store, session(1)));
}

#[tokio::test]
async fn an_operation_that_fails_ends_nothing() {
    let place = Place::new();
    let store = place.store();
    let failing = op(|tx| {
        tx.revoke(Revoked::Session(session(1)), doorward::base::time::Timestamp::from_secs(0))?;
        Err::<(), _>(Error::Unexpected { table: "none" })
    });
    assert!(store.submit(failing).await.is_err());
    store.submit(end(session(2))).await.unwrap();
    assert_eq!([1, 2].map(|number| refuses(&store, session(number))), [false, true]);
}

#[tokio::test]
async fn what_was_ended_is_refused_after_a_start() {
    let place = Place::new();
    let store = place.store();
    store.submit(end(session(1))).await.unwrap();
    drop(store);
    let store = place.store();
    assert_eq!([1, 2].map(|number| refuses(&store, session(number))), [true, false]);
}

#[tokio::test]
async fn a_purge_takes_what_is_there() {
    let place = Place::new();
    let store = place.store();
    for number in 1..=3 {
        store.submit(end(session(number))).await.unwrap();
    }
    store.submit(op(|tx| tx.delete_revocations(&[1, 3, 9]))).await.unwrap();
    let left = store.read(|rows| rows.revocations_after(0)).await.unwrap();
    assert_eq!(left.iter().map(|row| row.seq).collect::<Vec<_>>(), [2]);
    store.submit(end(session(4))).await.unwrap();
    let left = store.read(|rows| rows.revocations_after(0)).await.unwrap();
    assert_eq!(left.iter().map(|row| row.seq).collect::<Vec<_>>(), [2, 4], "no number comes twice");
}
