//! What is wrong before the server starts: it says what and ends with status 1; once that is put right, it
//! starts, and whoever was signed in still is.

use std::fs;
use std::time::Duration;

use rusqlite::Connection;

use crate::faults::ANN;
use crate::faults::world::mounted;
use crate::real::Site;
use crate::real::api::Tokens;
use crate::real::wait::until;

/// A site where somebody is signed in.
struct Home {
    site: Site,
    tokens: Tokens,
}

impl Home {
    async fn new() -> Self {
        let site = Site::new();
        let server = site.start();
        let tokens = server.api().setup(&server.setup_secret(), ANN).await;
        server.stop();
        Self { site, tokens }
    }

    /// A server that is started by these words says this, and ends with status 1.
    fn refuses(&self, through: &[String], says: &str) {
        let through: Vec<_> = through.iter().map(String::as_str).collect();
        let before = self.site.log().len();
        let ended = self.site.starter().through(&through).spawn().listening_or_ended();
        let status = ended.err().unwrap_or_else(|| panic!("it listens: {says}"));
        // What it said may still be on its way into the log.
        let said = || {
            let log = self.site.log();
            let (_, error) = log[before..].split_once("error: ")?;
            Some(error.split_once('\n')?.0.to_owned())
        };
        let said = until("it says why", Duration::from_secs(10), said);
        let says = says.replace("{data}", self.site.data().to_str().unwrap());
        assert!(said.starts_with(&says), "{said}\nand not\n{says}");
        assert_eq!(status.code(), Some(1), "{says}");
    }

    /// It starts, and the token that was there before is good.
    async fn is_well(&mut self, after: &str) {
        let server = self.site.start();
        let api = server.api();
        assert_eq!(api.me(&self.tokens.access).await.unwrap().status, 200, "{after}");
        self.tokens = api.refresh(&self.tokens.refresh).await.unwrap().tokens();
        api.login(ANN).await.unwrap().tokens();
        server.stop();
    }

    /// Puts a file in the place of another, and expects this until it is put back.
    async fn with(&mut self, name: &str, spoil: impl FnOnce(&mut Vec<u8>), says: &str) {
        let path = self.site.file(name);
        let kept = fs::read(&path).unwrap();
        let mut spoilt = kept.clone();
        spoil(&mut spoilt);
        fs::write(&path, spoilt).unwrap();
        self.refuses(&[], says);
        fs::write(&path, kept).unwrap();
        self.is_well(says).await;
    }
}

#[tokio::test]
async fn a_file_that_is_not_as_it_was_is_refused_and_put_back() {
    let mut home = Home::new().await;
    home.with("doorward.db", |bytes| bytes.truncate(bytes.len() / 2), "{data}/doorward.db is damaged").await;
    home.with("doorward.db", |bytes| bytes.truncate(30), "{data}/doorward.db is damaged").await;
    home.with("doorward.db", |bytes| bytes[9] ^= 1, "{data}/doorward.db is damaged").await;
    // The schema's number and the program's, in the header.
    home.with("doorward.db", |bytes| bytes[62] = 9, "{data}/doorward.db was written by a newer doorward").await;
    home.with("doorward.db", |bytes| bytes[70] ^= 1, "{data}/doorward.db is a database of another program").await;
    home.with("doorward.key", |bytes| bytes[7] ^= 1, "the master key doesn't open the ").await;
    home.with("doorward.key", |bytes| bytes.truncate(31), "{data}/doorward.key").await;
    let key = home.site.file("doorward.key");
    let kept = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    home.refuses(&[], "{data}/doorward.db holds sealed keys, and there is no master key at {data}/doorward.key");
    fs::write(&key, kept).unwrap();
    home.is_well("the key is back").await;
}

#[tokio::test]
async fn a_folder_or_file_that_may_only_be_read_is_refused() {
    let mut home = Home::new().await;
    let only_read = "mount --bind \"$0\" \"$0\" && mount -o remount,ro,bind \"$0\"";
    for (path, says) in [
        (home.site.data(), "{data}/doorward.lock: Read-only file system"),
        (home.site.file("doorward.db"), "{data}/doorward.db is read-only; give"),
    ] {
        let Some(words) = mounted(only_read, &path) else { return };
        home.refuses(&words, says);
        home.is_well(says).await;
    }
}

#[tokio::test]
async fn a_file_that_another_program_locks_is_refused() {
    let mut home = Home::new().await;
    let stranger = Connection::open(home.site.file("doorward.db")).unwrap();
    stranger.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE").unwrap();
    home.refuses(&[], "{data}/doorward.db is locked by another program; wait");
    drop(stranger);
    home.is_well("it is free").await;
}

#[tokio::test]
async fn a_disk_that_is_full_or_fails_is_named_and_nothing_is_lost() {
    let mut home = Home::new().await;
    let full = ["/bin/sh", "-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh"].map(str::to_owned);
    home.refuses(&full, "{data}/doorward.db can't be read or written: ");
    home.is_well("there is room").await;
    home.refuses(&failing("pwrite64"), "{data}/doorward.db can't be read or written: disk I/O error");
    home.is_well("the disk works").await;
    // Where there is nothing to write a start needs no sync: this is the first one.
    let first = Home { site: Site::new(), ..home };
    first.refuses(&failing("fdatasync,fsync"), "{data}/doorward.db can't be read or written: disk I/O error");
    let server = first.site.start();
    server.api().setup(&server.setup_secret(), ANN).await;
    server.stop();
}

#[tokio::test]
async fn a_page_that_is_damaged_is_500_is_named_in_the_log_and_consumes_nothing() {
    let mut home = Home::new().await;
    let path = home.site.file("doorward.db");
    let conn = Connection::open(&path).unwrap();
    let root = "SELECT (rootpage - 1) * (SELECT page_size FROM pragma_page_size) FROM sqlite_schema WHERE name = ?";
    let offset = conn.query_row(root, ["sessions"], |row| row.get::<_, u32>(0)).unwrap();
    drop(conn);
    let kept = fs::read(&path).unwrap();
    let mut spoilt = kept.clone();
    // What kind of page it is (sqlite.org/fileformat2.html, section 1.6).
    spoilt[offset as usize] ^= 1;
    fs::write(&path, spoilt).unwrap();
    let server = home.site.start();
    let api = server.api();
    for _ in 0..2 {
        for answer in [api.refresh(&home.tokens.refresh).await.unwrap(), api.login(ANN).await.unwrap()] {
            assert_eq!((answer.status, answer.code()), (500, "internal"), "{answer:?}");
        }
    }
    assert_eq!(api.me(&home.tokens.access).await.unwrap().status, 200, "what needs no page goes on");
    server.stop();
    until("it is logged", Duration::from_secs(10), || home.site.log().contains("malformed").then_some(()));
    for companion in ["doorward.db-wal", "doorward.db-shm"] {
        let _ = fs::remove_file(home.site.file(companion));
    }
    fs::write(&path, kept).unwrap();
    home.is_well("the page is whole").await;
}

/// Starts a program whose calls of these names all fail.
fn failing(calls: &str) -> Vec<String> {
    let (trace, inject) = (format!("trace={calls}"), format!("inject={calls}:error=EIO"));
    let words = ["/usr/bin/strace", "-D", "-f", "-qq", "-o", "/dev/null", "-e", &trace, "-e", &inject, "--"];
    words.map(str::to_owned).to_vec()
}
