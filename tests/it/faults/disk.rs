//! The disk takes no more: no file may grow (`RLIMIT_FSIZE`, with its signal ignored, so that a write fails as
//! it does on a full disk), or the disk is a small one in memory that really is full.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, prlimit};

use crate::faults::locked::assert_unavailable;
use crate::faults::world::{inside, mounted};
use crate::faults::{ANN, generation};
use crate::real::wait::until_told;
use crate::real::{Real, Site};

const IGNORING: [&str; 4] = ["/bin/sh", "-c", "trap '' XFSZ; exec \"$@\"", "sh"];

/// The same, with the log on the disk that is full.
const LOGGING: [&str; 4] = ["/bin/sh", "-c", "trap '' XFSZ; exec \"$@\" 2>>data/log", "sh"];

/// From now on the server can write no byte, or all that it wants.
fn limit(server: &Real, bytes: Option<u64>) {
    prlimit(Some(server.pid()), Resource::Fsize, Rlimit { current: bytes, maximum: None }).unwrap();
}

#[tokio::test]
async fn a_full_disk_is_503_consumes_nothing_and_is_over_when_there_is_room() {
    let site = Site::new();
    let server = site.starter().through(&LOGGING).start();
    let api = server.api();
    let first = api.setup(&server.setup_secret(), ANN).await;
    limit(&server, Some(0));
    for _ in 0..3 {
        assert_unavailable(&api.refresh(&first.refresh).await.unwrap());
        assert_unavailable(&api.login(ANN).await.unwrap());
        assert_eq!(api.me(&first.access).await.unwrap().status, 200, "what is only read goes on");
    }
    limit(&server, None);
    assert_eq!(generation(&site), 0);
    let second = api.refresh(&first.refresh).await.unwrap().tokens();
    api.login(ANN).await.unwrap().tokens();
    assert_eq!(api.logout(&second.refresh).await.unwrap().status, 204);
    assert_eq!(api.me(&second.access).await.unwrap().code(), "invalid_access_token");
    server.stop();
}

#[tokio::test]
async fn an_end_that_could_not_be_written_ends_nothing() {
    let site = Site::new();
    let server = site.starter().through(&IGNORING).start();
    let api = server.api();
    let ann = api.setup(&server.setup_secret(), ANN).await;
    let (bob, kim) = (api.register("bob@example.com").await, api.register("kim@example.com").await);
    limit(&server, Some(0));
    assert_unavailable(&api.logout(&bob.refresh).await.unwrap());
    assert_unavailable(&api.logout_all(&ann.access).await.unwrap());
    for user in [&ann, &bob, &kim] {
        // Refused until the writer has read what is on disk.
        until_told("the access token is good again", Duration::from_secs(10), || async {
            (api.me(&user.access).await.unwrap().status == 200).then_some(())
        })
        .await;
    }
    limit(&server, None);
    for user in [&ann, &bob, &kim] {
        let next = api.refresh(&user.refresh).await.unwrap().tokens();
        assert_eq!(api.me(&next.access).await.unwrap().status, 200);
        assert_eq!(api.logout_all(&next.access).await.unwrap().status, 200);
        assert_eq!(api.me(&next.access).await.unwrap().status, 401);
    }
    server.stop();
}

#[tokio::test]
async fn a_disk_without_a_byte_left_is_503_and_over_when_a_file_is_removed() {
    let site = Site::new();
    let keep =
        "cp \"$0/config.toml\" /tmp/$$ && mount -t tmpfs -o size=2m none \"$0\" && mv /tmp/$$ \"$0/config.toml\"";
    let Some(words) = mounted(keep, &site.data()) else { return };
    let words: Vec<_> = words.iter().map(String::as_str).collect();
    let server = site.starter().env("DOORWARD_REFRESH__GRACE", "0s").through(&words).start();
    let api = server.api();
    let mut ann = api.setup(&server.setup_secret(), ANN).await;
    let filler = inside(&server, &site.file("filler"));
    let written = std::io::copy(&mut std::io::repeat(7), &mut std::fs::File::create(&filler).unwrap());
    assert_eq!(written.unwrap_err().kind(), std::io::ErrorKind::StorageFull);
    // What the WAL has room for is still taken. Refreshes alone could go on for good, in a WAL that begins anew each
    // second; new sessions need room in the file.
    let mut taken = 0;
    let refused = loop {
        let answer = api.refresh(&ann.refresh).await.unwrap();
        if answer.status != 200 {
            break answer;
        }
        (ann, taken) = (answer.tokens(), taken + 1);
        if taken % 10 == 0 {
            // Refused, or taken: the next refresh may find room again, where the WAL began anew meanwhile.
            let login = api.login(ANN).await.unwrap();
            if login.status != 200 {
                assert_unavailable(&login);
            }
        }
        assert!(taken < 5_000, "it never is full");
    };
    assert_unavailable(&refused);
    assert_eq!(api.me(&ann.access).await.unwrap().status, 200, "what is only read goes on");
    std::fs::remove_file(filler).unwrap();
    let next = api.refresh(&ann.refresh).await.unwrap().tokens();
    api.login(ANN).await.unwrap().tokens();
    assert_eq!(api.logout(&next.refresh).await.unwrap().status, 204);
    server.stop();
}
