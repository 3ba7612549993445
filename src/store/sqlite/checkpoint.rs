//! Moves the WAL into the file, off the requests' way: a thread with a connection of its own does the
//! bulk, in steps so small that no commit waits long for the disk; where the WAL keeps growing under load, the
//! writer does the last few pages between two batches, since only then can SQLite begin the WAL anew. Where the
//! disk is slower than the requests, they wait.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use crate::store::sqlite::turn::pause;

/// So many row changes make a checkpoint worth while: few, since commits wait while the disk takes its pages.
const CHANGES: u64 = 200;

/// In pages of 4 KiB: past this the writer helps to begin the WAL anew.
const LONG: i64 = 8_000;

/// In bytes: past this nothing is written until the WAL can begin anew. One that did is cut to less
/// (`open::WAL_LIMIT`), so the length of its file tells.
const TOO_LONG: u64 = 96 << 20;

/// In bytes: where somebody reads so long that the WAL can't begin anew, it is tried again after as much.
const STEP: u64 = 32 << 20;

/// How long the writer waits for the checkpointer, in milliseconds.
const PATIENCE: u32 = 10_000;

/// Without load, how often what was written is moved.
const IDLE: Duration = Duration::from_secs(1);

/// What writer and checkpointer tell each other.
#[derive(Default)]
pub(super) struct Wal {
    changes: AtomicU64,
    finish: AtomicBool,
    /// How long the WAL may become, where that is more than usual.
    allowed: AtomicU64,
    stopped: Mutex<bool>,
    wake: Condvar,
}

impl Wal {
    /// The writer wrote so many rows.
    pub(super) fn wrote(&self, rows: u64) {
        let before = self.changes.fetch_add(rows, Ordering::AcqRel);
        if before < CHANGES && before + rows >= CHANGES {
            // Whoever looks whether to wait has this meanwhile: none misses the call.
            drop(self.stopped.lock().unwrap_or_else(PoisonError::into_inner));
            self.wake.notify_one();
        }
    }

    /// Whether there is something to do for the checkpointer.
    fn is_due(&self) -> bool {
        self.changes.load(Ordering::Acquire) >= CHANGES && !self.asks()
    }

    /// Whether the writer's thread is to move the rest.
    pub(super) fn asks(&self) -> bool {
        self.finish.load(Ordering::Acquire)
    }

    /// On the writer's thread: moves the rest, if the checkpointer asked for it.
    pub(super) fn finish_where_asked(&self, conn: &Connection) {
        if !self.finish.swap(false, Ordering::AcqRel) {
            return;
        }
        // Where somebody still reads what stood before, the checkpointer asks again after its next step.
        if let Err(error) = checkpoint(conn) {
            tracing::warn!(%error, "the WAL could not be moved into the file; it is tried again");
        }
    }

    /// On the writer's thread: waits while the WAL is too long.
    pub(super) fn hold_back(&self, conn: &Connection, file: &Path) {
        // By its name: closing a descriptor of a file that SQLite has open would drop its locks.
        let len = std::fs::metadata(file).map_or(0, |file| file.len());
        if len <= self.allowed.load(Ordering::Relaxed).max(TOO_LONG) {
            return;
        }
        let all = move_all(conn).unwrap_or_else(|error| {
            tracing::warn!(%error, "the WAL could not be moved into the file; it is tried again");
            false
        });
        self.allowed.store(if all { 0 } else { len + STEP }, Ordering::Relaxed);
    }

    /// Ends the checkpointer.
    pub(super) fn stop(&self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.wake.notify_all();
    }
}

/// The checkpointer's thread.
pub(super) fn work(conn: Connection, file: Option<&File>, wal: &Wal) {
    let mut failed = false;
    loop {
        let stopped = wal.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = |stopped: &mut bool| !*stopped && (failed || !wal.is_due());
        let waited = wal.wake.wait_timeout_while(stopped, IDLE, idle).unwrap_or_else(PoisonError::into_inner);
        if *waited.0 {
            return;
        }
        drop(waited);
        let changes = wal.changes.swap(0, Ordering::AcqRel);
        if changes == 0 {
            continue;
        }
        let moved = step(&conn, file);
        failed = moved.is_err();
        match moved {
            Ok(pages) if pages > LONG => wal.finish.store(true, Ordering::Release),
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "the WAL could not be moved into the file; it is tried again");
                wal.changes.fetch_add(changes, Ordering::AcqRel);
            }
        }
    }
}

/// Moves what can be moved without waiting. Gives the length of the WAL.
fn step(conn: &Connection, file: Option<&File>) -> Result<i64, Failed> {
    let pages = checkpoint(conn)?.pages;
    if let Some(file) = file {
        // SQLite syncs the file where nothing was written meanwhile, and not before. Under load that is the
        // writer's part, and what many steps wrote would keep the disk, and all who wait for a commit, for 20 ms
        // and more.
        file.sync_data()?;
    }
    Ok(pages)
}

/// Why a step failed; the next one does its work.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("the file could not be synced: {0}")]
    Sync(#[from] std::io::Error),
}

/// What a checkpoint came to.
struct Moved {
    /// How long the WAL is; -1 where another checkpoint runs.
    pages: i64,
    /// Whether all of it stands in the file now.
    all: bool,
}

/// Moves all, once the checkpointer is done. False where somebody still reads what stood before.
fn move_all(conn: &Connection) -> rusqlite::Result<bool> {
    for _ in 0..PATIENCE {
        match checkpoint(conn)? {
            Moved { pages: ..0, .. } => pause(),
            Moved { all, .. } => return Ok(all),
        }
    }
    Ok(false)
}

/// Moves what can be moved without waiting.
fn checkpoint(conn: &Connection) -> rusqlite::Result<Moved> {
    conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        let (busy, pages, moved): (bool, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Moved { pages, all: !busy && moved == pages })
    })
}
