//! A backup beside a server that is busy.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use rusqlite::Connection;
use tokio::task::{JoinHandle, spawn_blocking, yield_now};

use crate::backup::{ANN, COPY, done, names};
use crate::real::Site;
use crate::real::api::{Api, Tokens};

/// So many sessions make a file of some megabytes.
const SESSIONS: u32 = 20_000;

/// Puts sessions of nobody into the database of a server that is gone.
fn fill(site: &Site) {
    let conn = Connection::open(site.file("doorward.db")).unwrap();
    conn.execute(
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
         INSERT INTO sessions SELECT randomblob(16), randomblob(16), 0, 0, 'body', NULL, 0, 0, randomblob(32),
           0, 0, 9e12, 0, 0, '127.0.0.1', hex(randomblob(40)), 0, -1, 0, NULL, NULL FROM n",
        [SESSIONS],
    )
    .unwrap();
}

/// Refreshes one user's token again and again; gives the last.
fn refreshing(api: Api, mut user: Tokens, count: Arc<AtomicU32>, over: Arc<AtomicBool>) -> JoinHandle<Tokens> {
    tokio::spawn(async move {
        while !over.load(Ordering::Relaxed) {
            user = api.refresh(&user.refresh).await.unwrap().tokens();
            count.fetch_add(1, Ordering::Relaxed);
        }
        user
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_beside_a_busy_server_costs_nobody_anything_and_is_whole() {
    let site = Arc::new(Site::new());
    let server = site.start();
    let mut users = vec![server.api().setup(&server.setup_secret(), ANN).await];
    server.stop();
    fill(&site);
    let server = site.starter().env("DOORWARD_REFRESH__GRACE", "0s").start();
    let api = server.api();
    for number in 0..7 {
        users.push(api.register(&format!("user{number}@example.com")).await);
    }
    let (count, over) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicBool::new(false)));
    let tasks: Vec<_> =
        users.into_iter().map(|user| refreshing(api.clone(), user, Arc::clone(&count), Arc::clone(&over))).collect();
    for round in 0..3 {
        while count.load(Ordering::Relaxed) < 20 * (round + 1) {
            yield_now().await;
        }
        let before = count.load(Ordering::Relaxed);
        let (on, file) = (Arc::clone(&site), format!("copy{round}.db"));
        let out = spawn_blocking(move || done(&on, &["backup", &file, "--json"])).await.unwrap();
        let told: serde_json::Value = serde_json::from_str(&out).unwrap();
        assert_eq!(told["users"], 8, "{told}");
        assert!(count.load(Ordering::Relaxed) > before, "the server went on");
    }
    over.store(true, Ordering::Relaxed);
    for task in tasks {
        let user = task.await.unwrap();
        assert_eq!(api.me(&user.access).await.unwrap().status, 200);
        api.refresh(&user.refresh).await.unwrap().tokens();
    }
    for round in 0..3 {
        let (file, on) = (format!("copy{round}.db"), Arc::clone(&site));
        let good = spawn_blocking(move || done(&on, &["check", &file])).await.unwrap();
        assert!(good.starts_with("good: a backup of 20") && good.contains("8 users"), "{good}");
    }
    server.stop();
    let is_copy = |name: &std::ffi::OsString| name.to_string_lossy().trim_start_matches('.').starts_with("copy");
    let beside: Vec<_> = names(site.around()).into_iter().filter(is_copy).collect();
    assert_eq!(beside, ["copy0.db", "copy1.db", "copy2.db"], "a copy is one file, and nothing else is left");
    let stamps = "SELECT count(*) FROM sqlite_schema WHERE name = 'stamp'";
    let conn = Connection::open(site.file("doorward.db")).unwrap();
    assert_eq!(conn.query_row(stamps, [], |row| row.get::<_, i64>(0)).unwrap(), 0, "the stamp is the copy's alone");
}

#[tokio::test]
async fn a_copy_is_for_its_owner_alone_and_holds_no_master_key() {
    let (site, _) = crate::backup::with_ann().await;
    let output = site.run_through(&["/bin/sh", "-c", "umask 0; exec \"$@\"", "sh"], &["backup", COPY]);
    assert_eq!(output.status.code(), Some(0));
    let err = String::from_utf8(output.stderr).unwrap();
    let key = site.file("doorward.key");
    assert!(err.contains(&format!("keep a copy of {}, but not beside it", key.display())), "{err}");
    let copy = site.around().join(COPY);
    let out = String::from_utf8(output.stdout).unwrap();
    let size = fs::metadata(&copy).unwrap().len();
    assert!(out.starts_with(&format!("{}: {size} bytes, a backup of 20", copy.display())), "{out}");
    assert!(out.ends_with(", 1 user and 1 live session\n"), "{out}");
    assert_eq!(fs::metadata(&copy).unwrap().permissions().mode() & 0o777, 0o600);
    let (bytes, key) = (fs::read(&copy).unwrap(), fs::read(key).unwrap());
    assert!(memchr::memmem::find(&bytes, &key).is_none());
    // By its header it is no file in WAL mode: it can be read where nothing can be written.
    assert_eq!(bytes[18..20], [1, 1]);
}
