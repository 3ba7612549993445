//! Somebody sets the clock, or it was wrong at a start: what is refused is good again once it is right.

use doorward::base::time::Ttl;

use crate::faults::ANN;
use crate::harness::TestServer;
use crate::real::{Real, Site};

const YEAR: Ttl = Ttl::from_days(365);

#[tokio::test]
async fn a_clock_an_hour_slow_signs_nobody_out() {
    let mut server = TestServer::start();
    let mut admin = server.admin().await;
    server.clock.set_by(Ttl::from_mins(-60));
    admin.refresh().await.expect(200);
    admin.me().await.expect(200);
    let mut other = server.browser();
    other.login("admin@example.com").await.expect(200);
    other.logout().await.expect(204);
    // So it is at a start.
    server.restart();
    let mut admin = admin.at(&server);
    admin.refresh().await.expect(200);
    server.clock.set_by(Ttl::from_mins(60));
    admin.refresh().await.expect(200);
    admin.me().await.expect(200);
}

#[tokio::test]
async fn a_clock_a_year_fast_ends_nothing_that_is_not_there_when_it_is_right_again() {
    let mut server = TestServer::start();
    let mut admin = server.admin().await;
    for restarted in [false, true] {
        server.clock.set_by(YEAR);
        if restarted {
            server.restart();
            admin = admin.at(&server);
        }
        admin.me().await.expect_problem(401, "access_token_expired");
        admin.refresh().await.expect_ended("idle_expired");
        server.clock.set_by(Ttl::from_millis(-YEAR.millis()));
        admin.refresh().await.expect(200);
        admin.me().await.expect(200);
    }
}

/// A server whose wall clock is off by this, as libfaketime says it.
fn off_by(site: &Site, by: &str) -> Real {
    let folders = ["/usr/lib", "/usr/local/lib"].iter().flat_map(std::fs::read_dir).flatten().flatten();
    let library = folders
        .map(|folder| folder.path().join("faketime/libfaketimeMT.so.1"))
        .find(|library| library.exists())
        .unwrap_or_else(|| panic!("this test needs libfaketime: apt install faketime"));
    let starter = site.starter().env("LD_PRELOAD", library.to_str().unwrap()).env("DONT_FAKE_MONOTONIC", "1");
    starter.env("FAKETIME", by).start()
}

#[tokio::test]
async fn the_binary_starts_whatever_the_clock_says() {
    let site = Site::new();
    let server = site.start();
    let mut ann = server.api().setup(&server.setup_secret(), ANN).await;
    server.stop();
    let server = off_by(&site, "-1h");
    ann = server.api().refresh(&ann.refresh).await.unwrap().tokens();
    server.stop();
    let server = off_by(&site, "+365d");
    let refused = server.api().refresh(&ann.refresh).await.unwrap();
    assert_eq!((refused.status, refused.reason()), (401, "idle_expired"), "{refused:?}");
    // Somebody who signs in by a wrong clock can do so.
    server.api().login(ANN).await.unwrap().tokens();
    server.stop();
    let server = site.start();
    server.api().refresh(&ann.refresh).await.unwrap().tokens();
    server.stop();
}
