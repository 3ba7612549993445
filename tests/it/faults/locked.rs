//! Another program holds the database for longer than anybody waits.

use rusqlite::Connection;

use crate::faults::{ANN, generation};
use crate::real::Site;
use crate::real::api::Answer;

#[tokio::test]
async fn a_locked_database_is_503_consumes_nothing_and_recovers_by_itself() {
    let site = Site::new();
    let server = site.start();
    let api = server.api();
    let first = api.setup(&server.setup_secret(), ANN).await;
    let stranger = Connection::open(site.file("doorward.db")).unwrap();
    stranger.execute_batch("BEGIN IMMEDIATE").unwrap();
    let (refresh, login) = tokio::join!(api.refresh(&first.refresh), api.login(ANN));
    for refused in [refresh.unwrap(), login.unwrap()] {
        assert_unavailable(&refused);
    }
    assert_eq!(api.me(&first.access).await.unwrap().status, 200, "what is only read goes on");
    stranger.execute_batch("ROLLBACK").unwrap();
    assert_eq!(generation(&site), 0);
    let second = api.refresh(&first.refresh).await.unwrap().tokens();
    assert_eq!(generation(&site), 1);
    api.login(ANN).await.unwrap().tokens();
    assert_eq!(api.me(&second.access).await.unwrap().status, 200);
    server.stop();
}

/// 503, with a word on when to come back.
pub(super) fn assert_unavailable(answer: &Answer) {
    assert_eq!((answer.status, answer.code()), (503, "storage_unavailable"), "{answer:?}");
    assert_eq!(answer.retry_after, Some(1));
}
