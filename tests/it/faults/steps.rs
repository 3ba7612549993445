//! How the WAL is moved into the file under load: in steps, each of them synced. What many steps wrote would keep
//! the disk so long, once it is synced at last, that every commit waits for it.

use std::collections::HashSet;

use futures_util::future::join_all;

use crate::faults::order::people;
use crate::faults::trace::{Call, stop, traced};
use crate::real::Site;
use crate::real::api::{Api, Tokens};

/// How many refresh at once, and how often each.
const CROWD: (u32, u32) = (16, 100);

#[tokio::test]
async fn the_wal_is_moved_in_steps_that_are_synced() {
    let (site, trace) = (Site::new(), tempfile::NamedTempFile::new().unwrap());
    // Each sync takes 5 ms: while one step lasts the next rows are written.
    let server = traced(&site, trace.path(), &["-e", "inject=fdatasync,fsync:delay_enter=5000"]);
    let api = server.api();
    let users = people(&server, CROWD.0).await;
    join_all(users.into_iter().map(|user| refresh(api.clone(), user))).await;
    let calls = stop(server, trace.path());
    let commit: HashSet<&str> = calls.iter().filter(|call| call.writes_wal()).map(|call| &*call.thread).collect();
    let steps = steps(calls.iter().filter(|call| !commit.contains(&*call.thread)));
    assert!(steps.len() >= 3, "{} steps", steps.len());
    let unsynced = steps.iter().filter(|synced| !**synced).count();
    assert_eq!(unsynced, 0, "of {} steps", steps.len());
}

async fn refresh(api: Api, mut user: Tokens) {
    for _ in 0..CROWD.1 {
        user = api.refresh(&user.refresh).await.unwrap().tokens();
    }
}

/// The steps that wrote into the file, each with whether it was synced before the next one wrote.
fn steps<'a>(calls: impl Iterator<Item = &'a Call>) -> Vec<bool> {
    let (mut steps, mut wrote) = (Vec::new(), false);
    for call in calls {
        let of_file = call.text.contains("doorward.db>");
        if of_file && call.name == "pwrite64" {
            wrote = true;
        } else if call.syncs() && wrote {
            // A step begins with a sync of the WAL (sqlite.org/wal.html): one that comes first is of the next.
            steps.push(of_file);
            wrote = false;
        }
    }
    steps
}
