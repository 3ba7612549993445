//! Backup and restore where something is in the way: a clear word, and nothing changed.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::symlink;
use std::path::Path;

use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};

use crate::backup::{ANN, COPY, done, failed, kept, names, said, users, with_ann, with_copy};
use crate::real::Site;

/// No file grows beyond 48 KiB, with the signal ignored, so that a write fails as on a full disk.
const FULL: [&str; 4] = ["/bin/sh", "-c", "ulimit -f 96; trap '' XFSZ; exec \"$@\"", "sh"];

/// What lies in both folders, but for what the tests put there.
fn state(site: &Site) -> (Vec<u8>, Vec<std::ffi::OsString>, Vec<std::ffi::OsString>) {
    let mut around = names(site.around());
    around.retain(|name| !name.to_string_lossy().starts_with("input-"));
    // Empty ones, by which turns are taken.
    let mut data = names(&site.data());
    data.retain(|name| name != "doorward.turn" && name != "doorward.lock");
    (fs::read(site.file("doorward.db")).unwrap_or_default(), data, around)
}

/// A command fails with a text, and all is as it was.
#[track_caller]
fn refused(site: &Site, args: &[&str], status: i32, text: &str) {
    let before = state(site);
    let err = failed(site, args, status);
    assert!(err.contains(text), "{args:?}: {err}");
    assert!(state(site) == before, "{args:?} changed something: {:?}", state(site).1);
}

#[tokio::test]
async fn a_backup_takes_no_place_that_is_taken() {
    let (site, _) = with_ann().await;
    let copy = site.around().join(COPY);
    fs::write(&copy, "precious").unwrap();
    let taken =
        format!("error: {} is there already; choose another name, or say --force to replace it\n", copy.display());
    refused(&site, &["backup", COPY], 1, &taken);
    assert_eq!(fs::read(&copy).unwrap(), b"precious");
    done(&site, &["backup", "--force", COPY]);
    done(&site, &["check", COPY]);
    symlink("nowhere", site.around().join("link.db")).unwrap();
    refused(&site, &["backup", "link.db"], 1, "link.db is there already");
    // The link goes, and not what it leads to.
    symlink(site.file("doorward.key"), site.around().join("key.db")).unwrap();
    let key = fs::read(site.file("doorward.key")).unwrap();
    done(&site, &["backup", "--force", "key.db"]);
    assert!(fs::read(site.file("doorward.key")).unwrap() == key);
    assert!(fs::symlink_metadata(site.around().join("key.db")).unwrap().is_file());
}

#[tokio::test]
async fn a_backup_never_takes_the_place_of_the_servers_own_files() {
    let (site, _) = with_ann().await;
    symlink(site.data(), site.around().join("same")).unwrap();
    for name in ["doorward.db", "doorward.db-wal", "doorward.key", "doorward.lock", "config.toml"] {
        for folder in ["data", "same"] {
            let file = format!("{folder}/{name}");
            refused(&site, &["backup", "--force", &file], 2, "this name in the data folder is the server's own");
        }
    }
    refused(&site, &["backup", "--force", "data"], 2, "this is a folder; name a file in it");
    symlink("/dev/null", site.around().join("null")).unwrap();
    refused(&site, &["backup", "--force", "null"], 2, "null: this is not a file");
    refused(&site, &["backup", "none/copy.db"], 1, "none/copy.db: there is no such folder; make it first");
    refused(&site, &["backup", "/proc/copy.db"], 1, "/proc/copy.db: ");
}

#[tokio::test]
async fn a_full_disk_is_told_and_nothing_is_left() {
    let (site, ann) = with_copy().await;
    let before = state(&site);
    for (args, text) in [
        (&["backup", "other.db"][..], "other.db can't be written: "),
        (&["backup", "--force", COPY], "copy.db can't be written: "),
        (&["restore", "--yes", COPY], " can't be written: "),
    ] {
        let (status, out, err) = said(&site.run_through(&FULL, args));
        assert_eq!((status, out.as_str()), (Some(1), ""), "{err}");
        assert!(err.contains(text) && err.contains("is there room for it?"), "{err}");
        assert!(state(&site) == before, "{args:?}: {:?}", state(&site));
    }
    done(&site, &["check", COPY]);
    let server = site.start();
    server.api().refresh(&ann.refresh).await.unwrap().tokens();
    server.stop();
}

#[tokio::test]
async fn no_backup_is_made_of_what_is_not_good() {
    let (site, _) = with_ann().await;
    let whole = fs::read(site.file("doorward.db")).unwrap();
    let key = fs::read(site.file("doorward.key")).unwrap();
    fs::remove_file(site.file("doorward.key")).unwrap();
    let text = "the copy did not stand its check and was not kept. The database itself is no better: its keys can't be \
        opened: there is no master key at ";
    refused(&site, &["backup", COPY], 1, text);
    fs::write(site.file("doorward.key"), key).unwrap();
    // A page of a tree.
    let mut bad = whole.clone();
    bad[4_096 * 3..4_096 * 3 + 64].fill(0xff);
    fs::write(site.file("doorward.db"), bad).unwrap();
    refused(&site, &["backup", COPY], 1, "it is damaged: ");
    fs::write(site.file("doorward.db"), &whole[..whole.len() / 2]).unwrap();
    refused(&site, &["backup", COPY], 1, "damaged");
    fs::write(site.file("doorward.db"), "nothing of ours").unwrap();
    refused(&site, &["backup", COPY], 1, "it is not an SQLite database");
    fs::remove_file(site.file("doorward.db")).unwrap();
    refused(&site, &["backup", COPY], 1, "there is no database at ");
}

#[tokio::test]
async fn a_restore_asks_first_and_keeps_off_a_running_server() {
    let (site, _) = with_copy().await;
    let usage = "error: a restore replaces the database, and there is nobody to ask; say --yes if you mean it\n";
    refused(&site, &["restore", COPY], 2, usage);
    for file in ["data/doorward.db", "same.db", "hard.db"] {
        if file == "same.db" {
            symlink(site.file("doorward.db"), site.around().join(file)).unwrap();
        } else if file == "hard.db" {
            fs::hard_link(site.file("doorward.db"), site.around().join(file)).unwrap();
        }
        refused(&site, &["restore", "--yes", file], 2, "is the database itself; name a backup");
    }
    fs::remove_file(site.around().join("hard.db")).unwrap();
    let server = site.start();
    let err = failed(&site, &["restore", "--yes", COPY], 1);
    assert!(err.contains("stop it first: a restore replaces what it has open. Nothing was changed"), "{err}");
    server.api().login("bob@example.com").await.unwrap().tokens();
    server.stop();
    // Any other program that has it open.
    let other = Connection::open(site.file("doorward.db")).unwrap();
    other.execute_batch("BEGIN; SELECT count(*) FROM users;").unwrap();
    let err = failed(&site, &["restore", "--yes", COPY], 1);
    assert!(err.contains("another program has it open; end that, and restore again. Nothing was changed"), "{err}");
    drop(other);
    assert_eq!(kept(&site), [] as [String; 0]);
    done(&site, &["restore", "--yes", COPY]);
    assert_eq!(users(&site.file("doorward.db")), [ANN]);
}

#[tokio::test]
async fn a_restore_asks_on_a_terminal_and_takes_only_a_yes() {
    let (site, _) = with_copy().await;
    let run = |answer: &[u8]| {
        let (mut keyboard, terminal) = terminal()?;
        let mut child = site.spawn_at(terminal, &["restore", COPY]);
        let (mut err, mut said) = (child.stderr.take().unwrap(), Vec::new());
        while !said.ends_with(b"[y/N] ") {
            let mut byte = [0];
            let read = err.read(&mut byte).unwrap();
            assert_eq!(read, 1, "it ended and asked nothing: {}", String::from_utf8_lossy(&said));
            said.extend(byte);
        }
        match answer {
            b"" => kill_process(Pid::from_child(&child), Signal::INT).unwrap(),
            answer => keyboard.write_all(answer).unwrap(),
        }
        err.read_to_end(&mut said).unwrap();
        Some((child.wait().unwrap().code(), String::from_utf8(said).unwrap()))
    };
    // The last is no answer but an interrupt.
    for no in ["n\n", "\n", "what?\n", ""] {
        let Some((status, said)) = run(no.as_bytes()) else { return };
        assert!(status == Some(1) && said.contains("Go on? [y/N] ") && said.contains("nothing was changed"), "{said}");
        assert_eq!(users(&site.file("doorward.db")).len(), 2);
    }
    let Some((status, said)) = run(b"y\n") else { return };
    assert_eq!(status, Some(0), "{said}");
    assert_eq!((users(&site.file("doorward.db")), kept(&site).len()), (vec![ANN.to_owned()], 1));
}

/// Both ends of a terminal: what is typed into the first is read from the second.
fn terminal() -> Option<(File, File)> {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let made = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).and_then(|keyboard| {
        grantpt(&keyboard)?;
        unlockpt(&keyboard)?;
        let name = ptsname(&keyboard, Vec::new())?;
        let flags = rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY;
        let terminal = rustix::fs::open(name, flags, rustix::fs::Mode::empty())?;
        Ok((File::from(keyboard), File::from(terminal)))
    });
    made.inspect_err(|error| eprintln!("SKIPPED: this system gives no terminal: {error}")).ok()
}

#[tokio::test]
async fn a_file_that_is_no_good_backup_is_refused_and_the_database_stays() {
    let (site, ann) = with_copy().await;
    let copy = site.around().join(COPY);
    let whole = fs::read(&copy).unwrap();
    let refuse = |change: &dyn Fn(&Path), text: &str| {
        fs::write(&copy, &whole).unwrap();
        change(&copy);
        refused(&site, &["restore", "--yes", COPY], 1, text);
    };
    let sql = |text: &'static str| move |file: &Path| Connection::open(file).unwrap().execute_batch(text).unwrap();
    refuse(&|file| fs::remove_file(file).unwrap(), "there is no such file; ");
    refuse(&|file| fs::write(file, "").unwrap(), "the file is empty; ");
    refuse(&|file| fs::write(file, "a text".repeat(1_000)).unwrap(), "it is not an SQLite database, or ");
    refuse(&|file| fs::write(file, &whole[..whole.len() / 2]).unwrap(), "damaged");
    refuse(
        &sql("PRAGMA user_version = 99"),
        "it was written by a newer doorward (schema 99, this one knows 3); run that version. Nothing was changed",
    );
    refuse(&sql("PRAGMA application_id = 7"), "it is a database of another program; ");
    refuse(&sql("DELETE FROM meta"), "its first start never came to an end; ");
    refuse(&sql("DROP TABLE events"), "its schema is not that of schema 3: ");
    let page = |file: &Path| {
        let mut bad = whole.clone();
        bad[4_096 * 3..4_096 * 3 + 64].fill(0xff);
        fs::write(file, bad).unwrap();
    };
    refuse(&page, "it is damaged: ");
    let key = fs::read(site.file("doorward.key")).unwrap();
    fs::write(&copy, &whole).unwrap();
    fs::write(site.file("doorward.key"), [7; 32]).unwrap();
    refused(
        &site,
        &["restore", "--yes", COPY],
        1,
        "the master key must be the one it was made with. Nothing was changed",
    );
    fs::remove_file(site.file("doorward.key")).unwrap();
    refused(&site, &["restore", "--yes", COPY], 1, "its keys can't be opened: there is no master key at ");
    fs::write(site.file("doorward.key"), key).unwrap();
    let server = site.start();
    server.api().refresh(&ann.refresh).await.unwrap().tokens();
    server.stop();
}

#[tokio::test]
async fn a_database_that_is_damaged_or_gone_is_replaced_and_kept_as_it_is() {
    let (site, _) = with_copy().await;
    let whole = fs::read(site.file("doorward.db")).unwrap();
    let mut headless = whole.clone();
    headless[..16].fill(0);
    let mut strange = whole.clone();
    strange[4_096 * 2..4_096 * 4].fill(0xff);
    for bad in [&whole[..whole.len() / 2], &whole[..50], &headless, &strange, b"", b"a text"] {
        for wal in [None, Some(&b"what a crash left"[..])] {
            fs::write(site.file("doorward.db"), bad).unwrap();
            if let Some(wal) = wal {
                fs::write(site.file("doorward.db-wal"), wal).unwrap();
            }
            done(&site, &["restore", "--yes", COPY]);
            assert_eq!(users(&site.file("doorward.db")), [ANN]);
            assert!(!site.file("doorward.db-wal").exists() && !site.file("doorward.db-shm").exists());
            let all = kept(&site);
            let found = all.iter().find(|name| !name.ends_with("-wal")).unwrap();
            let same_len = fs::metadata(site.file(found)).unwrap().len() == bad.len() as u64;
            assert!(same_len, "{} bytes: {all:?}", bad.len());
            for name in all {
                fs::remove_file(site.file(&name)).unwrap();
            }
        }
    }
    fs::remove_file(site.file("doorward.db")).unwrap();
    fs::write(site.file("doorward.db-wal"), "what a crash left").unwrap();
    done(&site, &["restore", "--yes", COPY]);
    assert!(!site.file("doorward.db-wal").exists());
    let server = site.start();
    server.api().login(ANN).await.unwrap().tokens();
    server.stop();
}

#[tokio::test]
async fn what_another_program_keeps_there_stays() {
    let (site, _) = with_copy().await;
    let db = site.file("doorward.db");
    Connection::open(&db).unwrap().pragma_update(None, "application_id", 7).unwrap();
    refused(&site, &["restore", "--yes", COPY], 1, "is a database of another program; move it away");
    // A newer doorward's is ours, and the way back from it.
    let conn = Connection::open(&db).unwrap();
    conn.execute_batch("PRAGMA application_id = 1685024626; PRAGMA user_version = 99").unwrap();
    drop(conn);
    done(&site, &["restore", "--yes", COPY]);
    assert_eq!((users(&db), kept(&site).len()), (vec![ANN.to_owned()], 1));
}

#[tokio::test]
async fn a_copy_put_beside_anothers_wal_is_not_opened() {
    let (site, _) = with_copy().await;
    let server = site.start();
    server.api().register("kim@example.com").await;
    server.kill();
    let (db, wal) = (site.file("doorward.db"), site.file("doorward.db-wal"));
    assert!(fs::metadata(&wal).unwrap().len() > 0);
    fs::copy(site.around().join(COPY), &db).unwrap();
    let before = (fs::read(&db).unwrap(), fs::read(&wal).unwrap());
    let text = format!("{} belongs to another database file than {}", wal.display(), db.display());
    for args in [&["serve"][..], &["user", "list"], &["logout-all", "--everyone"]] {
        let output = site.run(args);
        let err = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.code() == Some(1) && err.contains(&text), "{args:?}: {err}");
        assert!((fs::read(&db).unwrap(), fs::read(&wal).unwrap()) == before, "{args:?} changed something");
    }
    // The restore minds it.
    done(&site, &["restore", "--yes", COPY]);
    assert!(!wal.exists() && kept(&site).iter().any(|name| name.ends_with("-wal")));
    let server = site.start();
    server.api().login(ANN).await.unwrap().tokens();
    server.stop();
}

#[tokio::test]
async fn where_the_database_is_a_link_what_it_leads_to_is_replaced() {
    let (site, _) = with_copy().await;
    let disk = site.around().join("disk");
    fs::create_dir(&disk).unwrap();
    fs::rename(site.file("doorward.db"), disk.join("real.db")).unwrap();
    symlink(disk.join("real.db"), site.file("doorward.db")).unwrap();
    let server = site.start();
    server.api().register("kim@example.com").await;
    server.kill();
    assert!(disk.join("real.db-wal").exists());
    done(&site, &["restore", "--yes", COPY]);
    assert!(fs::symlink_metadata(site.file("doorward.db")).unwrap().is_symlink());
    assert_eq!(users(&disk.join("real.db")), [ANN]);
    let mut left = names(&disk);
    let kept = left.pop().unwrap().into_string().unwrap();
    assert!(kept.starts_with("real.db.before-restore-") && left == ["real.db"], "{left:?} {kept}");
    assert_eq!(users(&disk.join(kept)).len(), 3);
    let server = site.start();
    server.api().login(ANN).await.unwrap().tokens();
    server.stop();
}

#[tokio::test]
async fn what_is_restored_belongs_to_whom_the_database_belonged() {
    use std::os::unix::fs::{MetadataExt, chown};
    let (site, _) = with_copy().await;
    let owner = |path: &Path| fs::metadata(path).unwrap().uid();
    // Only the superuser can give files away; anybody else keeps their own.
    let other = if owner(&site.data()) == 0 { 65_534 } else { owner(&site.data()) };
    chown(site.data(), Some(other), None).unwrap();
    chown(site.file("doorward.db"), Some(other), None).unwrap();
    done(&site, &["restore", "--yes", COPY]);
    assert_eq!(owner(&site.file("doorward.db")), other);
    // On a new machine, where there is nothing but the folder and the key.
    let key = site.file("doorward.key");
    for name in names(&site.data()).into_iter().map(|name| site.data().join(name)).filter(|path| *path != key) {
        fs::remove_file(name).unwrap();
    }
    done(&site, &["restore", "--yes", COPY]);
    for name in ["doorward.db", "doorward.lock", "doorward.turn"] {
        assert_eq!(owner(&site.file(name)), other, "{name}");
    }
}

#[tokio::test]
async fn where_nothing_can_be_written_a_database_and_a_copy_can_be_checked() {
    let (site, _) = with_copy().await;
    // The folder again, so that nobody can write there; as another's child, which is gone with it.
    let mount = "mount --bind . . && mount -o remount,bind,ro . && cd . && exec \"$@\"";
    let through = ["/usr/bin/unshare", "-rm", "/bin/sh", "-c", mount, "sh"];
    for file in [&["check"][..], &["check", COPY]] {
        let (status, out, err) = said(&site.run_through(&through, file));
        assert!(status == Some(0) && out.starts_with("good: "), "{out}{err}");
    }
    let (status, _, err) = said(&site.run_through(&through, &["backup", "other.db"]));
    assert!(status == Some(1) && err.contains("other.db: it can't be written: Read-only file system"), "{err}");
    let (status, _, err) = said(&site.run_through(&through, &["restore", "--yes", COPY]));
    assert!(status == Some(1) && err.contains("Read-only file system"), "{err}");
}

#[tokio::test]
async fn commands_and_restores_at_once_lose_nothing_that_was_said_to_be_done() {
    let (site, _) = with_copy().await;
    let add = &|name: &str| {
        let emails: Vec<_> = (0..8).map(|number| format!("{name}{number}@example.com")).collect();
        emails
            .into_iter()
            .filter(|email| site.run(&["user", "add", email]).status.code() == Some(0))
            .collect::<Vec<_>>()
    };
    let (added, restored) = std::thread::scope(|scope| {
        let adding = ["kim", "lee"].map(|name| scope.spawn(move || add(name)));
        let restores = (0..5).filter(|_| site.run(&["restore", "--yes", COPY]).status.code() == Some(0)).count();
        (adding.map(|thread| thread.join().unwrap()).concat(), restores)
    });
    assert!(!added.is_empty() && restored > 0, "{added:?} {restored}");
    // Each stands in the database or in one of those that were replaced.
    let files = kept(&site).into_iter().chain(["doorward.db".to_owned()]);
    let found: Vec<_> = files.flat_map(|name| users(&site.file(&name))).collect();
    let lost: Vec<_> = added.iter().filter(|email| !found.contains(email)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert_eq!(kept(&site).len(), restored);
    done(&site, &["check"]);
}
