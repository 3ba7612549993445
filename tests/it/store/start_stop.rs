//! A start takes the folder for itself; a stop finishes what is queued and leaves one file.

use std::sync::Arc;

use doorward::store::error::Error;
use doorward::store::sqlite::handle::Opened;
use doorward::store::sqlite::open::{OpenError, ServeLock};

use crate::real::Site;
use crate::store::place::{Gate, Place, note, op, queued};

#[tokio::test]
async fn a_stop_finishes_what_is_queued_and_takes_no_more() {
    let place = Place::new();
    let store = Arc::new(place.store());
    let (gate, wait) = Gate::new();
    let first = queued(&store, wait).await;
    gate.reached();
    let mut answers = Vec::new();
    for number in 0..600 {
        answers.push(queued(&store, note(&number.to_string())).await);
    }
    let stopping = std::thread::spawn({
        let store = Arc::clone(&store);
        move || store.stop()
    });
    gate.open();
    stopping.join().unwrap();
    first.await.unwrap();
    for answer in answers {
        answer.await.unwrap();
    }
    assert!(matches!(store.submit(note("too late")).await, Err(Error::Stopped)));
    assert!(matches!(store.read(|rows| rows.meta()).await, Err(Error::Stopped)));
    let left: Vec<_> = ["doorward.db", "doorward.db-wal", "doorward.db-shm"]
        .into_iter()
        .filter(|name| place.path().join(name).exists())
        .collect();
    assert_eq!(left, ["doorward.db"]);
    assert_eq!(place.notes().len(), 600);
}

#[tokio::test]
async fn the_wal_does_not_grow_without_end() {
    let place = Place::new();
    let store = place.store();
    let text = "x".repeat(3_000);
    let mut highest = 0;
    for _ in 0..60 {
        let fill = {
            let text = text.clone();
            op(move |tx| (0..1_000).try_for_each(|_| doorward::store::op::Op::run(&note(&text), tx)))
        };
        store.submit(fill).await.unwrap();
        let wal = std::fs::metadata(place.path().join("doorward.db-wal")).unwrap();
        highest = highest.max(wal.len());
    }
    assert!(highest < 110 << 20, "180 MB were written, and the WAL had {} MB", highest >> 20);
}

#[tokio::test]
async fn the_algorithm_can_change_from_start_to_start_and_sessions_go_on() {
    let site = Site::new();
    let secret = "c2VjcmV0IG9mIHRoaXJ0eS10d28gYnl0ZXMgb3IgbW9yZSE";
    let start = |algorithm: &str| {
        let starter = site.starter().env("DOORWARD_TOKENS__ALGORITHM", algorithm).env("DOORWARD_REFRESH__GRACE", "0s");
        let with_secret = algorithm == "HS256";
        if with_secret { starter.env("DOORWARD_TOKENS__HS256_SECRET", secret).start() } else { starter.start() }
    };
    let server = start("HS256");
    let mut ann = server.api().setup(&server.setup_secret(), "ann@example.com").await;
    server.stop();
    for algorithm in ["ES256", "EdDSA", "HS256", "RS256"] {
        let server = start(algorithm);
        let api = server.api();
        ann = api.refresh(&ann.refresh).await.unwrap().tokens();
        assert_eq!(api.me(&ann.access).await.unwrap().status, 200, "{algorithm}");
        server.stop();
    }
}

#[test]
fn one_server_a_folder() {
    let place = Place::new();
    let first = place.store();
    assert!(matches!(Opened::new(place.path()), Err(OpenError::Served(_))));
    drop(first);
    Opened::new(place.path()).unwrap();
}

#[test]
fn asking_whether_a_server_runs_stops_none_from_starting() {
    let place = Place::new();
    drop(ServeLock::take(place.path()).unwrap());
    let done = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let ask = || {
        let (done, folder) = (Arc::clone(&done), place.path().to_owned());
        move || {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                ServeLock::is_taken(&folder);
            }
        }
    };
    let asking = std::thread::spawn(ask());
    let taken: Vec<_> = (0..500).map(|_| ServeLock::take(place.path()).is_ok()).collect();
    done.store(true, std::sync::atomic::Ordering::Relaxed);
    asking.join().unwrap();
    assert!(taken.iter().all(|taken| *taken));
}
