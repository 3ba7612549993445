//! Files that are not ours, not whole, or without their key: told apart, and left as they are.

use std::fs;
use std::path::Path;

use doorward::store::sqlite::handle::Opened;
use rusqlite::Connection;

use crate::real::Site;
use crate::store::place::Place;

/// A site on which a server has run.
fn used() -> Site {
    let site = Site::new();
    site.start().stop();
    site
}

fn open(site: &Site) -> Connection {
    Connection::open(site.file("doorward.db")).unwrap()
}

/// A server and a command say this, with status 1, and leave the database as it is.
#[track_caller]
fn assert_refused(site: &Site, commands: &[&[&str]], text: &str) {
    let before = fs::read(site.file("doorward.db")).unwrap();
    for args in commands {
        let output = site.run(args);
        let err = String::from_utf8(output.stderr).unwrap();
        let last = err.lines().last().unwrap_or_default();
        let text = text.replace("{db}", site.file("doorward.db").to_str().unwrap());
        assert!(last.starts_with(&format!("error: {text}")), "{args:?}: {err}");
        assert_eq!((output.status.code(), output.stdout.starts_with(b"listening")), (Some(1), false));
        assert!(fs::read(site.file("doorward.db")).unwrap() == before, "{args:?} changed the file");
    }
}

const BOTH: &[&[&str]] = &[&["serve"], &["user", "list"]];

#[test]
fn a_master_key_that_is_not_the_one_is_refused_and_kept() {
    let site = used();
    fs::write(site.file("doorward.key"), [7; 32]).unwrap();
    let output = site.run(&["serve"]);
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(err.ends_with("the master key must be the one that this database was made with\n"), "{err}");
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(fs::read(site.file("doorward.key")).unwrap(), [7; 32]);
}

#[test]
fn a_master_key_that_is_gone_is_not_made_anew() {
    let site = used();
    let key = site.file("doorward.key");
    let kept = fs::read(&key).unwrap();
    fs::remove_file(&key).unwrap();
    let text = format!("{{db}} holds sealed keys, and there is no master key at {}; put back", key.display());
    assert_refused(&site, &[&["serve"]], &text);
    assert!(!key.exists());
    fs::write(&key, kept).unwrap();
    site.start().stop();
}

#[test]
fn a_database_of_another_program_is_left_alone() {
    let site = Site::new();
    open(&site).execute_batch("CREATE TABLE recipes (name TEXT)").unwrap();
    assert_refused(&site, BOTH, "{db} is a database of another program; move it away");
    let site = used();
    open(&site).pragma_update(None, "application_id", 7).unwrap();
    assert_refused(&site, BOTH, "{db} is a database of another program; move it away");
}

#[test]
fn a_newer_schema_is_left_alone() {
    let site = used();
    open(&site).pragma_update(None, "user_version", 99).unwrap();
    assert_refused(&site, BOTH, "{db} was written by a newer doorward (schema 99, this one knows 3); run that version");
}

#[test]
fn what_is_not_whole_is_left_alone() {
    let site = used();
    let whole = fs::read(site.file("doorward.db")).unwrap();
    for cut in [whole.len() / 2, 4_096, 1_000, 50] {
        fs::write(site.file("doorward.db"), &whole[..cut]).unwrap();
        assert_refused(&site, BOTH, "{db} is damaged or no database: ");
    }
    let mut flipped = whole.clone();
    flipped[3] ^= 1;
    fs::write(site.file("doorward.db"), flipped).unwrap();
    assert_refused(&site, BOTH, "{db} is damaged or no database: ");
    fs::write(site.file("doorward.db"), "not a database, but a text that is long enough\n".repeat(200)).unwrap();
    assert_refused(&site, BOTH, "{db} is damaged or no database: ");
    fs::write(site.file("doorward.db"), whole).unwrap();
    site.start().stop();
}

/// What came of opening a database.
fn opened(folder: &Path) -> Result<(), String> {
    let opened = Opened::new(folder).map_err(|error| error.to_string())?;
    opened.read(|rows| rows.meta().and(rows.keys())).map(drop).map_err(|error| error.to_string())
}

#[test]
fn a_header_with_a_wrong_byte_is_refused_without_a_change() {
    let place = Place::new();
    let path = place.path().join("doorward.db");
    let whole = fs::read(&path).unwrap();
    let mut refused = Vec::new();
    for offset in 0..100 {
        let mut flipped = whole.clone();
        flipped[offset] ^= 0x15;
        fs::write(&path, &flipped).unwrap();
        if opened(place.path()).is_err() {
            assert!(fs::read(&path).unwrap() == flipped, "byte {offset}: the file was changed");
            refused.push(offset);
        }
        for companion in ["doorward.db-wal", "doorward.db-shm"] {
            let _ = fs::remove_file(place.path().join(companion));
        }
    }
    // The magic string, the page size, the schema's number and the program's (sqlite.org/fileformat2.html, 1.3).
    let mut must = (0..18).chain(60..64).chain(68..72);
    assert!(must.all(|offset| refused.contains(&offset)), "{refused:?}");
}
