//! SIGTERM and SIGINT: what has begun is answered, what was answered is kept.

use std::net::TcpStream;
use std::time::Duration;

use rustix::process::Signal;

use crate::faults::ANN;
use crate::real::Site;
use crate::real::wait::until;

async fn what_has_begun_is_answered_before_the_end(signal: Signal) {
    let site = Site::new();
    // A hash that is still under way when the signal comes.
    let server = site.starter().env("DOORWARD_PASSWORDS__BCRYPT_COST", "13").start();
    let api = server.api();
    let first = api.setup(&server.setup_secret(), ANN).await;
    let refreshed = api.refresh(&first.refresh).await.unwrap().tokens();
    let addr = server.addr();
    let login = tokio::spawn({
        let api = api.clone();
        async move { api.login(ANN).await }
    });
    let server = tokio::task::spawn_blocking(move || {
        until("the password is hashed", Duration::from_secs(20), || server.hashes().then_some(()));
        server.signal(signal);
        server
    });
    let signed_in = login.await.unwrap().unwrap().tokens();
    assert_eq!(server.await.unwrap().wait().code(), Some(0));
    assert!(TcpStream::connect(addr).is_err(), "nobody listens any more");
    assert!(!site.file("doorward.db-wal").exists(), "the WAL is moved into the file");
    let again = site.start();
    let api = again.api();
    api.refresh(&refreshed.refresh).await.unwrap().tokens();
    api.refresh(&signed_in.refresh).await.unwrap().tokens();
    again.stop();
}

#[tokio::test]
async fn sigterm_lets_a_slow_login_end() {
    what_has_begun_is_answered_before_the_end(Signal::TERM).await;
}

#[tokio::test]
async fn sigint_lets_a_slow_login_end() {
    what_has_begun_is_answered_before_the_end(Signal::INT).await;
}

#[test]
fn a_signal_at_once_ends_it_in_order_too() {
    let site = Site::new();
    for _ in 0..10 {
        // The greeting is the earliest that anybody can know of it.
        site.start().stop();
    }
}
