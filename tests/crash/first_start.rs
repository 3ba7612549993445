//! A first start that is killed at any of its writes: the next one finishes it.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;

use crate::cut;
use crate::real::Site;

/// What makes, fills, syncs, renames or removes a file. (What SQLite writes by `pwrite64` lies between.)
const CALLS: [&str; 6] = ["write", "fsync", "fdatasync", "ftruncate", "rename", "unlink"];

#[tokio::test]
async fn a_first_start_that_is_killed_is_finished_by_the_next() {
    assert!(Path::new("/usr/bin/strace").exists(), "this test needs strace: apt install strace");
    let mut kills = Vec::new();
    for call in CALLS {
        for count in 1.. {
            let site = Site::new();
            if !is_killed_at(&site, call, count) {
                break;
            }
            kills.push(call);
            let server = site.start();
            let api = server.api();
            let tokens = api.setup(&server.setup_secret(), "ann@example.com").await;
            api.refresh(&tokens.refresh).await.unwrap().tokens();
            server.stop();
            cut::open(&site);
        }
    }
    let of = |call: &str| kills.iter().filter(|killed| **killed == call).count();
    assert!(of("write") >= 2 && of("fsync") + of("fdatasync") >= 5, "not all writes were seen: {kills:?}");
}

/// Starts a server that dies before its n-th call of this name. False where it listens before that.
fn is_killed_at(site: &Site, call: &str, count: u32) -> bool {
    let (trace, inject) = (format!("trace={call}"), format!("inject={call}:error=EIO:signal=SIGKILL:when={count}"));
    let words = ["/usr/bin/strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject, "--"];
    let ended = site.starter().through(&words).spawn().listening_or_ended();
    ended.is_err_and(|status| {
        assert_eq!(status.signal(), Some(9));
        true
    })
}
