//! `check`: what is wrong with a file, in words; and never a good word for what SQLite would refuse.

use std::fs;
use std::path::{Path, PathBuf};

use doorward::config::Config;
use doorward::ops::check::{self, Report, Which};
use doorward::store::sqlite::source::{Source, Stop};
use rusqlite::Connection;
use tempfile::TempDir;

use crate::backup::{COPY, done, names, said, with_ann, with_copy};
use crate::real::Site;

/// A folder with a backup and its key, which is looked at within this process.
struct Bench {
    folder: TempDir,
    whole: Vec<u8>,
}

impl Bench {
    async fn new() -> Self {
        let (site, _) = with_copy().await;
        let folder = TempDir::new().unwrap();
        fs::copy(site.file("doorward.key"), folder.path().join("doorward.key")).unwrap();
        Self { folder, whole: fs::read(site.around().join(COPY)).unwrap() }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join(COPY)
    }

    /// Looks at a file with these bytes; it stays as it is, and nothing is left beside it.
    fn check(&self, bytes: &[u8]) -> Report {
        fs::write(self.file(), bytes).unwrap();
        let config = Config { data_dir: self.folder.path().to_owned(), ..Config::default() };
        let report = match Source::open(&self.file(), &Stop::default()) {
            Ok(source) => check::check(&source, Which::Copy, &config, doorward::base::time::Timestamp::from_secs(0)),
            Err(problem) => check::unopened(&problem, Which::Copy),
        };
        assert!(fs::read(self.file()).unwrap() == bytes, "the file was changed");
        assert_eq!(names(self.folder.path()), [COPY, "doorward.key"]);
        report
    }
}

/// Whether SQLite itself finds nothing.
fn sqlite_says_ok(file: &Path) -> bool {
    let whole = || -> rusqlite::Result<bool> {
        let conn = Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        Ok(conn.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0))? == "ok")
    };
    whole().unwrap_or(false)
}

#[tokio::test]
async fn a_flipped_byte_anywhere_is_never_called_good_where_sqlite_refuses_it() {
    let bench = Bench::new().await;
    assert!(bench.check(&bench.whole).is_good());
    let (mut refused, mut seen) = (0, 0);
    // All of the header, and every page at many places.
    for at in (0..200).chain((200..bench.whole.len()).step_by(139)) {
        for bits in [0x01, 0x80, 0xff] {
            let mut flipped = bench.whole.clone();
            flipped[at] ^= bits;
            let report = bench.check(&flipped);
            if !sqlite_says_ok(&bench.file()) {
                refused += 1;
                assert!(!report.is_good(), "byte {at} by {bits:#x}");
            }
            seen += usize::from(!report.is_good());
            for finding in &report.findings {
                assert!(!finding.text.contains('\n'), "{finding:?}");
            }
        }
    }
    assert!(refused > 100 && seen > refused, "{refused} {seen}");
}

#[tokio::test]
async fn a_file_that_is_cut_is_never_called_good() {
    let bench = Bench::new().await;
    for len in (0..bench.whole.len()).step_by(1_733).chain([1, 15, 16, 18, 20, 99, 100, 4_095, 4_096, 8_192]) {
        let report = bench.check(&bench.whole[..len]);
        assert!(!report.is_good(), "{len} bytes");
    }
}

/// Each problem is told by its code, its first words and what leads back.
#[track_caller]
fn assert_found(site: &Site, file: &[&str], code: &str, text: &str) {
    let args = [&["check"], file].concat();
    let (status, out, err) = said(&site.run(&args));
    assert!(out.lines().any(|line| line.starts_with(text)), "{text}\n{out}{err}");
    assert!(status == Some(1) && err.contains(" found in /"), "{err}");
    let (status, out, _) = said(&site.run(&[&args[..], &["--json"]].concat()));
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((status, told["ok"].as_bool()), (Some(1), Some(false)));
    let problems = told["problems"].as_array().unwrap();
    let found = problems.iter().find(|problem| problem["code"] == code).unwrap_or_else(|| panic!("{code}: {told}"));
    assert!(found["text"].as_str().unwrap().starts_with(text), "{told}");
}

fn sql(file: &Path, sql: &str) {
    Connection::open(file).unwrap().execute_batch(sql).unwrap();
}

#[tokio::test]
async fn each_problem_is_told_in_plain_words_with_the_way_back() {
    let (site, _) = with_copy().await;
    let copy = site.around().join(COPY);
    let whole = fs::read(&copy).unwrap();
    let broken = |change: &dyn Fn(&Path), code: &str, text: &str| {
        fs::write(&copy, &whole).unwrap();
        change(&copy);
        assert_found(&site, &[COPY], code, text);
    };
    let write = |bytes: &'static [u8]| move |file: &Path| fs::write(file, bytes).unwrap();
    broken(&|file| fs::remove_file(file).unwrap(), "missing", "there is no such file; name a file that");
    broken(&write(b""), "empty", "the file is empty; there is nothing in it to go back to");
    broken(&write(&[b'x'; 5_000]), "no_database", "it is not an SQLite database, or its first bytes are damaged; use");
    broken(&|file| sql(file, "PRAGMA application_id = 7"), "foreign", "it is a database of another program; name");
    let newer = "it was written by a newer doorward (schema 99, this one knows 3); run that version";
    broken(&|file| sql(file, "PRAGMA user_version = 99"), "newer", newer);
    broken(
        &|file| sql(file, "DELETE FROM meta"),
        "unfinished",
        "its first start never came to an end; there is nothing",
    );
    broken(
        &|file| sql(file, "DROP INDEX events_by_kind"),
        "schema",
        "its schema is not that of schema 3: `events_by_kind` is missing; use",
    );
    broken(
        &|file| sql(file, "CREATE TABLE odd (a)"),
        "schema",
        "its schema is not that of schema 3: `odd` is not part of it",
    );
    let orphan = "PRAGMA foreign_keys = OFF; INSERT INTO devices VALUES (zeroblob(16), zeroblob(32), 0, 0, NULL)";
    let orphans = "rows of `devices` belong to rows of `users` that are not there: 1; use another backup";
    broken(&|file| sql(file, orphan), "orphans", orphans);
    broken(
        &|file| fs::write(file.with_extension("db-wal"), "left behind").unwrap(),
        "stray_wal",
        &format!("{}-wal belongs to another database file: this one is a copy", copy.display()),
    );
    fs::remove_file(copy.with_extension("db-wal")).unwrap();
    let cut = |file: &Path| fs::write(file, &whole[..whole.len() / 2]).unwrap();
    broken(&cut, "damaged", "it is damaged: ");
    assert_found(&site, &["data"], "not_a_file", "it is not a file; name a file that `doorward backup` made");
}

#[test]
fn a_look_makes_no_database() {
    let site = Site::new();
    assert_found(
        &site,
        &[],
        "missing",
        "there is no such file; `doorward serve` makes one, or name its folder with --data",
    );
    assert_eq!(names(&site.data()), ["config.toml"]);
}

#[tokio::test]
async fn the_master_key_must_open_what_is_sealed() {
    let (site, _) = with_copy().await;
    let key = site.file("doorward.key");
    let right = fs::read(&key).unwrap();
    for file in [&[COPY][..], &[]] {
        fs::remove_file(&key).unwrap();
        let text = format!("its keys can't be opened: there is no master key at {}; put back the file", key.display());
        assert_found(&site, file, "key_missing", &text);
        fs::write(&key, [7; 32]).unwrap();
        assert_found(&site, file, "key_wrong", "its keys can't be opened: the master key doesn't open the ");
        fs::write(&key, "short").unwrap();
        assert_found(&site, file, "key_unreadable", "its keys can't be opened: ");
        fs::write(&key, &right).unwrap();
        done(&site, &[&["check"], file].concat());
    }
}

#[tokio::test]
async fn the_database_is_looked_at_as_it_is_beside_a_server_and_without_one() {
    let (site, _) = with_ann().await;
    let before = (names(&site.data()), fs::read(site.file("doorward.db")).unwrap());
    assert_eq!(done(&site, &["check"]), "good: 1 user and 1 live session\n");
    assert!((names(&site.data()), fs::read(site.file("doorward.db")).unwrap()) == before, "nothing is written");
    let server = site.start();
    let api = server.api();
    let bob = api.register("bob@example.com").await;
    assert_eq!(done(&site, &["check"]), "good: 2 users and 2 live sessions\n");
    api.refresh(&bob.refresh).await.unwrap().tokens();
    let wal = fs::read(site.file("doorward.db-wal")).unwrap();
    assert!(!wal.is_empty());
    server.kill();
    let left = fs::read(site.file("doorward.db-wal")).unwrap();
    assert_eq!(done(&site, &["check"]), "good: 2 users and 2 live sessions\n");
    assert!(fs::read(site.file("doorward.db-wal")).unwrap() == left, "what a crash left stays there");
    site.start().stop();
    let whole = fs::read(site.file("doorward.db")).unwrap();
    fs::write(site.file("doorward.db"), &whole[..whole.len() / 2]).unwrap();
    assert_found(&site, &[], "damaged", "it is damaged: ");
    let out = said(&site.run(&["check"])).1;
    let way = "; stop the server and go back to the last good backup with `doorward restore FILE`";
    assert!(out.lines().all(|line| line.ends_with(way)), "{out}");
}
