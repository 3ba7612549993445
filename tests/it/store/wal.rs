//! How long the WAL becomes under steady work.

use std::time::Duration;

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
