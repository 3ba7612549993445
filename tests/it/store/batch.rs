//! Many operations, one commit: each fails alone, none is answered before, none is lost.

use doorward::store::error::Error;
use doorward::store::tx::Tx;

use crate::store::place::{Gate, Place, is_waiting, note, op, queued};

#[tokio::test]
async fn an_operation_that_fails_or_panics_undoes_only_itself() {
    let place = Place::new();
    let store = place.store();
    let (gate, wait) = Gate::new();
    let first = queued(&store, wait).await;
    gate.reached();
    let before = queued(&store, note("before")).await;
    let fails = queued(&store, op(|tx| after_a_note(tx, || Err(Error::Unexpected { table: "none" })))).await;
    let between = queued(&store, note("between")).await;
    let panics = queued(&store, op(|tx| after_a_note(tx, || panic!("as a test wants it")))).await;
    let after = queued(&store, note("after")).await;
    gate.open();
    first.await.unwrap();
    assert!(matches!(fails.await, Err(Error::Unexpected { table: "none" })));
    assert!(matches!(panics.await, Err(Error::Panicked)));
    for answer in [before, between, after] {
        answer.await.unwrap();
    }
    assert_eq!(place.notes(), ["before", "between", "after"]);
    store.submit(note("later")).await.unwrap();
}

fn after_a_note(tx: &mut dyn Tx, then: impl Fn() -> Result<(), Error>) -> Result<(), Error> {
    doorward::store::op::Op::run(&note("undone"), tx)?;
    then()
}

#[tokio::test]
async fn nobody_is_answered_before_the_commit() {
    let place = Place::new();
    let store = place.store();
    let (gate, wait) = Gate::new();
    let first = queued(&store, wait).await;
    gate.reached();
    let mut early = queued(&store, note("early")).await;
    let (second_gate, wait) = Gate::new();
    let late = queued(&store, wait).await;
    gate.open();
    first.await.unwrap();
    second_gate.reached();
    assert!(is_waiting(&mut early).await, "it has run, and what shares its commit has not");
    assert_eq!(place.notes(), [""; 0]);
    second_gate.open();
    early.await.unwrap();
    assert_eq!(place.notes(), ["early"]);
    late.await.unwrap();
}

#[tokio::test]
async fn whatever_was_answered_is_seen_by_everybody() {
    let place = Place::new();
    let store = place.store();
    for round in 0..50 {
        let texts: Vec<_> = (0..8).map(|number| format!("{round}-{number}")).collect();
        let (store, place) = (&store, &place);
        let answers = texts.iter().map(|text| async move {
            store.submit(note(text)).await.unwrap();
            assert!(place.notes().contains(text), "{text}");
        });
        futures_util::future::join_all(answers).await;
    }
    assert_eq!(place.notes().len(), 400);
}

#[tokio::test]
async fn a_requester_who_goes_away_undoes_nothing() {
    let place = Place::new();
    let store = place.store();
    let (gate, wait) = Gate::new();
    let first = queued(&store, wait).await;
    gate.reached();
    drop(queued(&store, note("nobody waits")).await);
    drop(first);
    gate.open();
    store.submit(note("somebody waits")).await.unwrap();
    assert_eq!(place.notes(), ["nobody waits", "somebody waits"]);
}

#[tokio::test]
async fn a_full_queue_says_so_at_once_and_loses_nothing() {
    let place = Place::new();
    let store = place.store();
    let (gate, wait) = Gate::new();
    let first = queued(&store, wait).await;
    gate.reached();
    let mut answers = Vec::new();
    for number in 0..1_024 {
        answers.push(queued(&store, note(&number.to_string())).await);
    }
    // The writer stands still: this comes back all the same.
    assert!(matches!(store.submit(note("one too many")).await, Err(Error::Busy)));
    gate.open();
    first.await.unwrap();
    for answer in answers {
        answer.await.unwrap();
    }
    assert_eq!(place.notes(), (0..1_024).map(|number| number.to_string()).collect::<Vec<_>>());
}
