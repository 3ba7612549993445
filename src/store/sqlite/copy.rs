//! Copies a database, as it is at one moment, into a draft.
//!
//! The pages are taken one by one inside one read transaction: so the copy never begins anew, however
//! much is written meanwhile, and it costs the running server neither a lock nor much of the processor.
//! (`VACUUM INTO` reads within one transaction too, but builds every tree anew.) What is written
//! meanwhile stays in the WAL until the copy is done; so it goes in small steps, but not slowly, and what
//! it wrote goes to disk bit by bit, so that no large sync stands before the server's small ones.

use std::ops::ControlFlow;
use std::path::PathBuf;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};

use crate::base::time::Timestamp;
use crate::store::error::Error;
use crate::store::op::Op;
use crate::store::sqlite::draft::Draft;
use crate::store::sqlite::open;
use crate::store::sqlite::source::Source;
use crate::store::sqlite::stamp;
use crate::store::sqlite::turn::pause;
use crate::store::sqlite::tx::{SqliteTx, begin, finish};

/// How many pages are copied before others get their turn.
const PAGES: i32 = 64;

/// After how many steps what was written goes to disk.
const STEPS_A_SYNC: u32 = 16;

/// How long a source that is busy is waited for, in milliseconds.
const PATIENCE: u32 = 10_000;

/// How far a copy is, in pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Copied.
    pub done: u64,
    /// To be copied in all.
    pub all: u64,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum NoCopy {
    /// It was broken off.
    #[error("interrupted")]
    Interrupted,
    /// The source.
    #[error("it could not be read: {0}")]
    Source(Error),
    /// The copy.
    #[error("{path} could not be written: {why}")]
    Target {
        /// Where it was to be.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// Its schema could not be brought to this version's.
    #[error("its schema could not be brought to this version's: {0}")]
    Migration(rusqlite_migration::Error),
}

/// Copies all pages. `tell` hears how far it is, and says whether to go on.
pub fn copy(source: &Source, draft: &Draft, tell: &mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<(), NoCopy> {
    let read = |error: rusqlite::Error| NoCopy::Source(error.into());
    let write = |error: rusqlite::Error| target(draft, error.to_string());
    let snapshot = source.conn.unchecked_transaction().map_err(read)?;
    // The moment is that of the first look.
    source.conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())).map_err(read)?;
    let mut to = connect(draft).map_err(write)?;
    let backup = Backup::new(&source.conn, &mut to).map_err(write)?;
    let (mut steps, mut waits) = (0, PATIENCE);
    loop {
        let step = backup.step(PAGES).map_err(write)?;
        let progress = backup.progress();
        let pages = |count: i32| u64::try_from(count).unwrap_or(0);
        let done = pages(progress.pagecount.saturating_sub(progress.remaining));
        if tell(Progress { done, all: pages(progress.pagecount) }).is_break() {
            return Err(NoCopy::Interrupted);
        }
        if step == StepResult::Done {
            break;
        }
        waits = if step == StepResult::More { PATIENCE } else { waits - 1 };
        if waits == 0 {
            return Err(NoCopy::Source(Error::Locked));
        }
        steps += 1;
        if steps % STEPS_A_SYNC == 0 {
            draft.sync_data().map_err(|error| target(draft, error.to_string()))?;
        }
        pause();
    }
    drop(backup);
    snapshot.rollback().map_err(read)?;
    standing_alone(&to).and_then(|()| to.close().map_err(|(_, error)| error)).map_err(write)
}

/// Stamps a copy as a backup.
pub fn stamp(draft: &Draft, now: Timestamp) -> Result<(), NoCopy> {
    let stamped = connect(draft).and_then(|conn| stamp::put(&conn, now));
    stamped.map_err(|error| target(draft, error.to_string()))
}

/// Brings a copy to this version's schema.
pub fn migrate(draft: &Draft) -> Result<(), NoCopy> {
    let mut conn = connect(draft).map_err(|error| target(draft, error.to_string()))?;
    open::migrate(&mut conn).map_err(NoCopy::Migration)
}

/// Runs an operation on a copy.
pub fn run<O: Op>(draft: &Draft, op: &O) -> Result<O::Out, Error> {
    let conn = connect(draft)?;
    begin(&conn)?;
    let out = op.run(&mut SqliteTx::new(&conn));
    finish(&conn, out.is_ok())?;
    out
}

fn target(draft: &Draft, why: String) -> NoCopy {
    NoCopy::Target { path: draft.path().to_owned(), why }
}

/// Nobody else knows of a draft, and it is synced when it gets its place: no lock, journal or sync.
fn connect(draft: &Draft) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(draft.path(), flags)?;
    conn.execute_batch(
        "PRAGMA locking_mode = EXCLUSIVE; PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY;
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4000;",
    )?;
    open::harden(&conn)?;
    Ok(conn)
}

/// Takes a copy out of WAL mode, which its pages brought along: it is one file, and needs no other.
fn standing_alone(conn: &Connection) -> rusqlite::Result<()> {
    conn.query_row("PRAGMA journal_mode = DELETE", [], |row| row.get::<_, String>(0)).map(drop)
}
