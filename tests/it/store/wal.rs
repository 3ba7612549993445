//! How long the WAL becomes under steady work.

use std::cell::Cell;
use std::time::Duration;

use crate::real::wait::until_told;
use crate::store::place::{Place, note};

/// So many commits: fewer than after which the WAL begins anew in any case.
const COMMITS: u64 = 1_500;

/// So many are moved at once at the least.
const STEP: u64 = 200;

#[tokio::test]
async fn its_file_stops_growing_where_it_need_not() {
    // By this clock they are half a minute's work.
    let place = Place::new();
    let store = place.store_by(Duration::from_millis(10));
    let len = || std::fs::metadata(place.path().join("doorward.db-wal")).unwrap().len();
    let mut short = 0;
    for number in 0..COMMITS {
        store.submit(note("one more")).await.unwrap();
        if number == STEP / 2 {
            short = len();
        }
    }
    let all = short * 2 * COMMITS / STEP;
    assert!(len() < all / 2, "{} bytes, and {short} for the first {}", len(), STEP / 2);
}

/// Its file is cut to this where it became longer, and at most by so much at once: to give 64 MiB back takes a disk 25
/// ms and more, for which all wait. In bytes.
const KEPT: u64 = 64 << 20;
const PART: u64 = 8 << 20;

/// Each part waits for the WAL to begin anew, which is seconds where the disk is slow.
const LONG: Duration = Duration::from_mins(5);

#[tokio::test]
async fn what_it_became_too_long_by_is_given_back_in_parts() {
    let place = Place::new();
    let store = place.store();
    let len = || std::fs::metadata(place.path().join("doorward.db-wal")).unwrap().len();
    let reader = place.stranger();
    reader.execute_batch("BEGIN; SELECT * FROM meta").unwrap();
    let large = "x".repeat(1 << 20);
    while len() < KEPT + 5 * PART {
        store.submit(note(&large)).await.unwrap();
    }
    reader.execute_batch("COMMIT").unwrap();
    let last = Cell::new(len());
    let commit = || async {
        store.submit(note("one more")).await.unwrap();
        let now = len();
        assert!(now + PART >= last.get(), "{} bytes, and {now} after one commit", last.get());
        last.set(now);
        (now <= KEPT).then_some(())
    };
    until_told("all of it is given back", LONG, commit).await;
}
