//! Who asks alone writes on their own thread; who asks beside others, or has to wait, leaves it to the writer.

use std::fs::File;
use std::thread::{self, ThreadId};
use std::time::Duration;

use doorward::store::aside::{Aside, Task};
use doorward::store::error::Error;
use doorward::store::op::Op;
use doorward::store::sqlite::handle::Store;
use doorward::store::tx::Tx;

use crate::real::wait::until_told;
use crate::store::place::{PATIENCE, Place, is_waiting, note, op, queued};

/// How long each commit seems to take: the machine that runs this may be slow.
const QUICK: Duration = Duration::from_micros(300);

/// More than enough to be known as one who comes alone.
const OFTEN: u32 = 30;

/// Writes, and leaves this to be done beside the sync.
struct Beside(fn() -> ThreadId);

impl Op for Beside {
    type Out = Option<Aside<ThreadId>>;

    fn run(&self, tx: &mut dyn Tx) -> Result<Self::Out, Error> {
        note("beside").run(tx).map(|()| None)
    }

    fn aside(&self, out: &mut Self::Out) -> Option<Task> {
        let (aside, task) = Aside::new(self.0);
        *out = Some(aside);
        Some(task)
    }
}

async fn where_it_runs(store: &Store) -> ThreadId {
    store.submit(op(|_: &mut dyn Tx| Ok(thread::current().id()))).await.unwrap()
}

async fn known_as_alone(store: &Store) {
    for _ in 0..OFTEN {
        store.submit(note("before")).await.unwrap();
    }
    assert_eq!(where_it_runs(store).await, thread::current().id());
}

#[tokio::test]
async fn who_comes_alone_wakes_nobody() {
    let place = Place::new();
    let store = place.store_by(QUICK);
    assert_ne!(where_it_runs(&store).await, thread::current().id());
    known_as_alone(&store).await;
    assert_eq!(place.notes().len(), usize::try_from(OFTEN).unwrap(), "each is on disk before its answer");
}

#[tokio::test]
async fn where_the_disk_is_slow_no_request_waits_for_it_on_a_thread_that_serves() {
    let place = Place::new();
    let store = place.store_by(Duration::from_millis(20));
    for _ in 0..OFTEN {
        assert_ne!(where_it_runs(&store).await, thread::current().id());
    }
}

#[tokio::test]
async fn an_operation_that_fails_or_panics_is_undone_there_too() {
    let place = Place::new();
    let store = place.store_by(QUICK);
    known_as_alone(&store).await;
    let before = place.notes().len();
    let half =
        |then: fn() -> Result<(), Error>| op(move |tx: &mut dyn Tx| note("undone").run(tx).and_then(|()| then()));
    let failed = store.submit(half(|| Err(Error::Unexpected { table: "none" }))).await;
    assert!(matches!(failed, Err(Error::Unexpected { table: "none" })));
    assert!(matches!(store.submit(half(|| panic!("as a test wants it"))).await, Err(Error::Panicked)));
    store.submit(note("after")).await.unwrap();
    assert_eq!((place.notes().len(), place.notes().pop().as_deref()), (before + 1, Some("after")));
    assert_eq!(where_it_runs(&store).await, thread::current().id());
}

#[tokio::test]
async fn meanwhile_the_writer_does_what_needs_no_disk() {
    let place = Place::new();
    let store = place.store_by(QUICK);
    let here = || thread::current().id();
    assert!(store.submit(Beside(here)).await.unwrap().is_none(), "it is the writer itself that syncs");
    known_as_alone(&store).await;
    // It may come too late: then it is done here.
    let ask = || async {
        let there = store.submit(Beside(here)).await.unwrap().unwrap().done().await.unwrap();
        (there != here()).then_some(())
    };
    until_told("the writer does it", PATIENCE, ask).await;
}

#[tokio::test]
async fn what_panics_there_costs_its_own_request_alone() {
    let place = Place::new();
    let store = place.store_by(QUICK);
    known_as_alone(&store).await;
    let not_by_the_writer = || {
        assert_ne!(thread::current().name(), Some("writer"), "as a test wants it");
        thread::current().id()
    };
    let ask = || async {
        let made = store.submit(Beside(not_by_the_writer)).await.unwrap().unwrap().done().await;
        made.is_none().then_some(())
    };
    until_told("the writer does it", PATIENCE, ask).await;
    for _ in 0..3 {
        store.submit(note("after")).await.unwrap();
    }
    assert_eq!(place.notes().iter().filter(|note| *note == "after").count(), 3);
}

#[tokio::test]
async fn a_command_that_writes_is_waited_for_on_the_writers_thread() {
    let place = Place::new();
    let store = place.store_by(QUICK);
    known_as_alone(&store).await;
    let turn = File::open(place.path().join("doorward.turn")).unwrap();
    turn.lock().unwrap();
    // It comes back at once, and is done when the command is.
    let mut answer = queued(&store, op(|_: &mut dyn Tx| Ok(thread::current().id()))).await;
    assert!(is_waiting(&mut answer).await);
    turn.unlock().unwrap();
    assert_ne!(answer.await.unwrap(), thread::current().id());
}

#[tokio::test]
async fn many_at_once_all_find_their_answer() {
    let place = Place::new();
    let store = place.store_by(QUICK);
    known_as_alone(&store).await;
    let before = place.notes().len();
    thread::scope(|threads| {
        for number in 0..8 {
            let store = &store;
            threads.spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
                for round in 0..50 {
                    runtime.block_on(store.submit(note(&format!("{number}-{round}")))).unwrap();
                }
            });
        }
    });
    let mut notes = place.notes().split_off(before);
    notes.sort();
    notes.dedup();
    assert_eq!(notes.len(), 400);
}

#[tokio::test]
async fn a_store_that_stopped_writes_nothing_more_and_its_folder_is_free() {
    let place = Place::new();
    let store = place.store_by(QUICK);
    known_as_alone(&store).await;
    let before = place.notes();
    store.stop();
    assert!(matches!(store.submit(note("late")).await, Err(Error::Stopped)));
    let again = place.store();
    assert_eq!(place.notes(), before);
    again.submit(note("again")).await.unwrap();
}
