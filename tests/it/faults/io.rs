//! The disk answers with an error.

use rusqlite::Connection;

use crate::faults::locked::assert_unavailable;
use crate::faults::world::Failing;
use crate::faults::{ANN, generation};
use crate::real::Site;

#[tokio::test]
async fn a_disk_that_fails_is_503_consumes_nothing_and_is_over_when_it_works_again() {
    let site = Site::new();
    // Without a grace every refresh is a write.
    let server = site.starter().env("DOORWARD_REFRESH__GRACE", "0s").start();
    let api = server.api();
    let mut ann = api.setup(&server.setup_secret(), ANN).await;
    for calls in ["pwrite64", "fdatasync,fsync", "pwrite64,fdatasync,fsync"] {
        // From one who asks often and alone: it is written, and its answer made, on other threads than in a crowd.
        for _ in 0..12 {
            ann = api.refresh(&ann.refresh).await.unwrap().tokens();
        }
        let before = generation(&site);
        let Some(failing) = Failing::new(&server, calls, "EIO") else { return };
        for _ in 0..2 {
            assert_unavailable(&api.refresh(&ann.refresh).await.unwrap());
            assert_unavailable(&api.login(ANN).await.unwrap());
            assert_unavailable(&api.logout(&ann.refresh).await.unwrap());
        }
        drop(failing);
        assert_eq!(generation(&site), before, "{calls}");
        let next = api.refresh(&ann.refresh).await.unwrap().tokens();
        assert_eq!(generation(&site), before + 1, "{calls}");
        assert_eq!(api.me(&next.access).await.unwrap().status, 200, "{calls}");
        ann = next;
    }
    server.kill();
    let server = site.start();
    server.api().refresh(&ann.refresh).await.unwrap().tokens();
    server.stop();
    let conn = Connection::open(site.file("doorward.db")).unwrap();
    let whole: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
}
