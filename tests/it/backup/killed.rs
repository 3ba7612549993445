//! Killed or broken off at any step: a backup is there whole or not at all, and where the database is
//! stands the old one whole or the new one.

use std::ffi::OsString;
use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};

use crate::backup::{ANN, COPY, done, kept, names, users, with_copy};
use crate::real::Site;
use crate::real::wait::until;

const BOB: &str = "bob@example.com";
const RESTORE: [&str; 3] = ["restore", "--yes", COPY];

/// The system calls that change names or what they stand for, or put it on disk; and how many of each go by
/// between two kills.
const CALLS: [(&str, usize); 11] = [
    ("linkat", 1),
    ("unlink", 1),
    ("unlinkat", 1),
    ("rename", 1),
    ("renameat", 1),
    ("renameat2", 1),
    ("ftruncate", 1),
    ("fsync", 1),
    ("fdatasync", 1),
    ("pwrite64", 9),
    ("write", 2),
];

/// Runs a command that is killed when it comes to the n-th of a system call. Whether it came there.
fn killed_at(site: &Site, call: &str, number: usize, args: &[&str]) -> bool {
    assert!(Path::new("/usr/bin/strace").exists(), "this test needs strace: apt install strace");
    let (only, inject) = (format!("trace=?{call}"), format!("inject=?{call}:signal=KILL:when={number}"));
    let through = ["/usr/bin/strace", "-D", "-f", "-o", "/dev/null", "-e", &only, "-e", &inject, "--"];
    let output = site.run_through(&through, args);
    match (output.status.code(), output.status.signal()) {
        (Some(0), _) => false,
        (_, Some(9)) => true,
        other => panic!("{other:?}: {}", String::from_utf8_lossy(&output.stderr)),
    }
}

/// The data folder's files, to begin from again.
struct Begin(Vec<(OsString, Vec<u8>)>);

impl Begin {
    fn of(site: &Site) -> Self {
        let read = |name: OsString| (name.clone(), fs::read(site.data().join(name)).unwrap());
        Self(names(&site.data()).into_iter().map(read).collect())
    }

    fn again(&self, site: &Site) {
        for name in names(&site.data()) {
            fs::remove_file(site.data().join(name)).unwrap();
        }
        for (name, bytes) in &self.0 {
            fs::write(site.data().join(name), bytes).unwrap();
        }
    }
}

/// Kills a command at every step; `check` looks at what each left, and at what the last did.
fn at_every_step(site: &Site, args: &[&str], check: impl Fn(&Site)) {
    let begin = Begin::of(site);
    let mut kills = 0;
    for (call, step) in CALLS {
        let mut number = 1;
        while killed_at(site, call, number, args) {
            check(site);
            begin.again(site);
            number += step;
            kills += 1;
        }
        check(site);
        begin.again(site);
    }
    assert!(kills > 10, "it was killed only {kills} times");
}

/// Opens what is there as the next start would, and expects one of the two, whole.
fn old_or_new(site: &Site) {
    let db = site.file("doorward.db");
    let found = users(&db);
    let conn = Connection::open(&db).unwrap();
    let whole: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
    let restored: i64 =
        conn.query_row("SELECT count(*) FROM raises WHERE reason = 'restored'", [], |row| row.get(0)).unwrap();
    let stamps = "SELECT count(*) FROM sqlite_schema WHERE name = 'stamp'";
    assert_eq!(conn.query_row(stamps, [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    drop(conn);
    match found.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [ANN, BOB] => assert_eq!(restored, 0),
        [ANN] => {
            assert_eq!(restored, 1);
            let kept = kept(site);
            assert_eq!(kept.len(), 1, "{kept:?}");
            assert_eq!(users(&site.file(&kept[0])), [ANN, BOB], "what was replaced is kept whole");
        }
        _ => panic!("{found:?}"),
    }
}

#[tokio::test]
async fn a_restore_killed_at_any_step_leaves_the_old_database_or_the_new_one() {
    let (site, _) = with_copy().await;
    at_every_step(&site, &RESTORE, old_or_new);
    // What a kill left is cleared away by the next.
    assert!(killed_at(&site, "fsync", 1, &RESTORE));
    assert!(names(&site.data()).iter().any(|name| name.to_string_lossy().ends_with(".part")));
    done(&site, &["restore", "--yes", COPY]);
    assert!(names(&site.data()).iter().all(|name| !name.to_string_lossy().contains(".part")));
}

#[tokio::test]
async fn so_it_is_where_the_old_one_was_left_by_a_crash() {
    let (site, _) = with_copy().await;
    fs::remove_file(site.file("doorward.db")).unwrap();
    let server = site.start();
    server.api().setup(&server.setup_secret(), ANN).await;
    server.stop();
    fs::remove_file(site.around().join(COPY)).unwrap();
    done(&site, &["backup", COPY]);
    let server = site.start();
    // Bob stands in the WAL alone.
    server.api().register(BOB).await;
    server.kill();
    assert!(fs::metadata(site.file("doorward.db-wal")).unwrap().len() > 0);
    at_every_step(&site, &RESTORE, old_or_new);
}

#[tokio::test]
async fn where_the_old_one_is_damaged_it_is_kept_with_all_that_lay_beside_it() {
    let (site, _) = with_copy().await;
    let mut bad = fs::read(site.file("doorward.db")).unwrap();
    bad[..16].fill(0);
    fs::write(site.file("doorward.db"), &bad).unwrap();
    let wal = vec![7; 5_000];
    fs::write(site.file("doorward.db-wal"), &wal).unwrap();
    at_every_step(&site, &RESTORE, |site| {
        let (db, beside) = (fs::read(site.file("doorward.db")).unwrap(), fs::read(site.file("doorward.db-wal")));
        let kept = kept(site);
        let is_kept = || {
            let of = |ending: &str| kept.iter().find(|name| name.ends_with("-wal") == (ending == "-wal")).unwrap();
            fs::read(site.file(of(""))).unwrap() == bad && fs::read(site.file(of("-wal"))).unwrap() == wal
        };
        if db == bad {
            assert!(beside.is_ok_and(|beside| beside == wal) || is_kept(), "{kept:?}");
        } else {
            assert!(beside.is_err() && is_kept(), "{kept:?}");
            assert_eq!(users(&site.file("doorward.db")), [ANN]);
        }
    });
}

#[tokio::test]
async fn a_backup_killed_at_any_step_is_there_whole_or_not_at_all() {
    let (site, _) = with_copy().await;
    let new = site.around().join("new.db");
    at_every_step(&site, &["backup", "new.db"], |site| {
        if new.exists() {
            done(site, &["check", "new.db"]);
            fs::remove_file(&new).unwrap();
        }
    });
    done(&site, &["check"]);
}

#[tokio::test]
async fn a_signal_ends_a_backup_that_leaves_nothing() {
    let (site, _) = with_copy().await;
    for signal in [Signal::INT, Signal::TERM] {
        // Each page takes a while.
        let slow = ["-e", "trace=pwrite64", "-e", "inject=pwrite64:delay_enter=30000"];
        let through = [&["/usr/bin/strace", "-D", "-f", "-o", "/dev/null"], &slow[..], &["--"]].concat();
        let child = site.spawn_through(&through, &["backup", "new.db"]);
        let is_part = |name: &OsString| name.to_string_lossy().ends_with(".part");
        let begun = || names(site.around()).iter().any(is_part).then_some(());
        until("the copy begins", Duration::from_secs(20), begun);
        kill_process(Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap(), signal).unwrap();
        let output = child.wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && err.contains("error: interrupted; nothing was "), "{err}");
        let left = names(site.around());
        assert!(left.iter().all(|name| !is_part(name) && name != "new.db"), "{left:?}");
    }
}
