//! A WAL that was cut off or spoiled while it was written, as a power cut leaves it: it opens, holds every
//! commit that was whole, and of the one that was torn nothing.

use std::fs;
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use doorward::base::time::{Clock as _, SystemClock};
use doorward::domain::event::{Event, Kind};
use doorward::domain::revocation::Revoked;
use doorward::store::op::Op;
use doorward::store::rows::EventFilter;
use doorward::store::sqlite::handle::Opened;
use rusqlite::Connection;
use tempfile::TempDir;

use crate::store::place::{Place, note, op, session};

/// How many transactions there are.
const COMMITS: u16 = 6;

/// A frame's head, before its page (sqlite.org/fileformat2.html, section 4.1).
const FRAME_HEAD: usize = 24;

/// A database, its WAL, and how long that was when each commit was acknowledged.
struct Torn {
    database: Vec<u8>,
    wal: Vec<u8>,
    acknowledged: Vec<usize>,
}

/// A commit of a few pages: an end, and two notes of every other one.
fn commit(number: u16) -> impl Op<Out = ()> {
    let note = |text| Event { detail: Some(text), ..Event::new(SystemClock.now(), Kind::SignedIn) };
    let notes = notes_of(number).map(note);
    let notes: Vec<_> = notes.collect();
    op(move |tx| {
        tx.revoke(Revoked::Session(session(number)), SystemClock.now())?;
        notes.iter().try_for_each(|note| tx.record(note))
    })
}

fn notes_of(number: u16) -> impl Iterator<Item = String> {
    (0..2 * (number % 2)).map(move |part| format!("{number}.{part}"))
}

impl Torn {
    async fn new() -> Self {
        let place = Place::new();
        let (path, wal) = (place.path().join("doorward.db"), place.path().join("doorward.db-wal"));
        let database = fs::read(&path).unwrap();
        // While somebody reads what stood before, nothing is moved from the WAL into the file.
        let reader = place.stranger();
        reader.execute_batch("BEGIN; SELECT * FROM meta").unwrap();
        let store = place.store();
        let mut acknowledged = Vec::new();
        for number in 0..COMMITS {
            store.submit(commit(number)).await.unwrap();
            acknowledged.push(usize::try_from(fs::metadata(&wal).unwrap().len()).unwrap());
        }
        let torn = Self { wal: fs::read(&wal).unwrap(), database, acknowledged };
        assert!(fs::read(&path).unwrap() == torn.database, "the file is as it was: all is in the WAL");
        assert_eq!(torn.acknowledged.last(), Some(&torn.wal.len()));
        torn
    }

    /// The bytes of the last transactions.
    fn last(&self, transactions: usize) -> Range<usize> {
        self.acknowledged[self.acknowledged.len() - 1 - transactions]..self.wal.len()
    }

    /// How many commits were acknowledged before this byte was written.
    fn whole(&self, at: usize) -> usize {
        self.acknowledged.iter().filter(|end| **end <= at).count()
    }

    /// Puts the database and this WAL into a folder.
    fn put(&self, folder: &Path, wal: &[u8]) {
        fs::write(folder.join("doorward.db"), &self.database).unwrap();
        fs::write(folder.join("doorward.db-wal"), wal).unwrap();
        let _ = fs::remove_file(folder.join("doorward.db-shm"));
    }
}

/// Opens what is in a folder, expects that it is whole, and gives how many commits there are.
fn count(folder: &Path) -> Result<usize, String> {
    let opened = Opened::new(folder).map_err(|error| error.to_string())?;
    let (events, ended) = opened
        .read(|rows| Ok((rows.events(EventFilter::default(), 200)?, rows.revocations_after(0)?)))
        .map_err(|error| error.to_string())?;
    let notes: Vec<_> = events.into_iter().rev().filter_map(|stored| stored.event.detail).collect();
    let commits = u16::try_from(ended.len()).unwrap();
    if notes != (0..commits).flat_map(notes_of).collect::<Vec<_>>() {
        return Err(format!("a part of a commit is there: {} ends, {notes:?}", ended.len()));
    }
    let conn = Connection::open(folder.join("doorward.db")).unwrap();
    let whole: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).map_err(|e| e.to_string())?;
    if whole == "ok" { Ok(ended.len()) } else { Err(whole) }
}

/// Spoils the WAL in each of these ways, on all processors, and expects what `whole` says.
fn try_all(torn: &Torn, at: Vec<usize>, spoil: impl Fn(usize) -> Vec<u8> + Sync) {
    let next = AtomicUsize::new(0);
    let work = || {
        let folder = memory();
        while let Some(at) = at.get(next.fetch_add(1, Ordering::Relaxed)) {
            torn.put(folder.path(), &spoil(*at));
            assert_eq!(count(folder.path()), Ok(torn.whole(*at)), "at byte {at} of {}", torn.wal.len());
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(1, Into::into) {
            scope.spawn(work);
        }
    });
}

/// A folder where nothing waits for a disk, if there is one.
fn memory() -> TempDir {
    let memory = Path::new("/dev/shm");
    if memory.is_dir() { TempDir::new_in(memory).unwrap() } else { TempDir::new().unwrap() }
}

#[tokio::test]
async fn a_wal_cut_at_any_byte_holds_every_commit_that_was_whole() {
    let torn = Torn::new().await;
    let cuts: Vec<_> = torn.last(2).chain([torn.wal.len()]).collect();
    try_all(&torn, cuts, |at| torn.wal[..at].to_vec());
    // Nothing but the head is left, a part of it, or nothing.
    try_all(&torn, (0..=32 + FRAME_HEAD).collect(), |at| torn.wal[..at].to_vec());
}

#[tokio::test]
async fn a_wal_with_a_wrong_byte_ends_before_it() {
    let torn = Torn::new().await;
    let frame = FRAME_HEAD + 4096;
    let begin = torn.last(2).start;
    assert_eq!((torn.wal.len() - begin) % frame, 0, "whole frames");
    // Every byte of a frame's head, and of its page some.
    let bytes = torn.last(2).filter(|at| (at - begin) % frame < FRAME_HEAD || at % 101 == 0).collect();
    try_all(&torn, bytes, |at| {
        let mut wal = torn.wal.clone();
        wal[at] ^= 0x15;
        wal
    });
}

#[tokio::test]
async fn a_wal_whose_end_never_reached_the_disk_ends_before_it() {
    // The length was written and the bytes were not: they are zeros, or what stood there before.
    let torn = Torn::new().await;
    let sectors: Vec<_> = torn.last(2).step_by(512).collect();
    try_all(&torn, sectors.clone(), |at| [&torn.wal[..at], &vec![0; torn.wal.len() - at]].concat());
    let old = torn.wal[..torn.last(4).start].to_vec();
    try_all(&torn, sectors, |at| [&torn.wal[..at], &old[..(torn.wal.len() - at).min(old.len())]].concat());
}

#[tokio::test]
async fn after_a_torn_wal_the_store_goes_on() {
    let torn = Torn::new().await;
    let place = Place::new();
    for cut in torn.last(2).step_by(1_999) {
        torn.put(place.path(), &torn.wal[..cut]);
        let before = place.notes();
        let store = place.store();
        store.submit(note("after")).await.unwrap();
        drop(store);
        let after = place.notes();
        let notes = (0..u16::try_from(torn.whole(cut)).unwrap()).flat_map(notes_of).count();
        assert_eq!((before.len(), after.len()), (notes, notes + 1));
        assert_eq!(after.last().map(String::as_str), Some("after"));
    }
}
