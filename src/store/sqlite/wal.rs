//! The WAL: what the writer and the checkpointer tell each other, and the writer's part of moving it into the file.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use crate::store::sqlite::turn::pause;

/// So many row changes make a checkpoint worth while: few, since commits wait while the disk takes its pages.
const CHANGES: u64 = 200;

/// In bytes: where its file is longer, nothing is written until the WAL can begin anew.
const TOO_LONG: u64 = 96 << 20;

/// In bytes: a WAL that begins anew keeps so much of its file.
const KEPT: u64 = 64 << 20;

/// In bytes: so much of the rest is given back at once. A disk takes 3 ms for it, and all wait meanwhile.
const PART: u64 = 8 << 20;

/// In bytes: where somebody reads so long that the WAL can't begin anew, it is tried again after as much.
const STEP: u64 = 32 << 20;

/// How long the writer waits for the checkpointer, in milliseconds.
const PATIENCE: u32 = 10_000;

/// What writer and checkpointer tell each other.
pub(super) struct Wal {
    /// Where it is.
    file: PathBuf,
    /// How many rows were written since the checkpointer last looked.
    changes: AtomicU64,
    /// Whether the writer is to move the rest.
    finish: AtomicBool,
    /// How long the WAL may become, where that is more than usual.
    allowed: AtomicU64,
    /// What SQLite cuts its file to when it begins anew (`journal_size_limit`).
    limit: AtomicU64,
    stopped: Mutex<bool>,
    wake: Condvar,
}

impl Wal {
    /// One that stands in this file.
    pub(super) fn new(file: PathBuf) -> Self {
        Self {
            file,
            changes: AtomicU64::default(),
            finish: AtomicBool::default(),
            allowed: AtomicU64::default(),
            limit: AtomicU64::default(),
            stopped: Mutex::default(),
            wake: Condvar::default(),
        }
    }

    /// How long its file is, in bytes.
    pub(super) fn file_len(&self) -> u64 {
        // By its name: closing a descriptor of a file that SQLite has open would drop its locks.
        std::fs::metadata(&self.file).map_or(0, |file| file.len())
    }

    /// The writer wrote so many rows.
    pub(super) fn wrote(&self, rows: u64) {
        let before = self.changes.fetch_add(rows, Ordering::AcqRel);
        if before < CHANGES && before + rows >= CHANGES {
            self.call();
        }
    }

    /// Wakes the checkpointer.
    fn call(&self) {
        // It has this while it looks whether to wait: it misses no call.
        drop(self.stopped.lock().unwrap_or_else(PoisonError::into_inner));
        self.wake.notify_one();
    }

    /// On the checkpointer's thread: waits until there is something to move, for so long at the most where there
    /// need not be much. `Some(0)` where there is nothing, None at the stop.
    pub(super) fn due(&self, rested: bool, most: Duration) -> Option<u64> {
        let stopped = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
        let is_due = || rested && self.changes() >= CHANGES && !self.asks();
        let waited = self.wake.wait_timeout_while(stopped, most, |stopped| !*stopped && !is_due());
        let (stopped, _) = waited.unwrap_or_else(PoisonError::into_inner);
        (!*stopped).then(|| self.changes.swap(0, Ordering::AcqRel))
    }

    /// How many rows were written since the checkpointer last took note of it.
    pub(super) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    /// On the checkpointer's thread: so much is still to be moved.
    pub(super) fn put_back(&self, changes: u64) {
        self.changes.fetch_add(changes, Ordering::AcqRel);
    }

    /// On the checkpointer's thread: asks the writer to move the rest.
    pub(super) fn ask(&self) {
        self.finish.store(true, Ordering::Release);
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
        // It waited for this, and not for more rows.
        self.call();
    }

    /// On the writer's thread: waits while the WAL is too long.
    pub(super) fn hold_back(&self, conn: &Connection) {
        let len = self.file_len();
        self.cut_by_parts(conn, len);
        if len <= self.allowed.load(Ordering::Relaxed).max(TOO_LONG) {
            return;
        }
        let all = move_all(conn).unwrap_or_else(|error| {
            tracing::warn!(%error, "the WAL could not be moved into the file; it is tried again");
            false
        });
        if all {
            // It begins anew with the next commit, in a file that becomes shorter each time, whatever a batch takes.
            let limit = (len / PART).saturating_sub(1) * PART;
            self.limit(conn, limit);
            self.allowed.store(limit, Ordering::Relaxed);
        } else {
            self.allowed.store(len + STEP, Ordering::Relaxed);
        }
    }

    /// Lets its file, which is so long, become shorter by a part when the WAL next begins anew.
    fn cut_by_parts(&self, conn: &Connection, len: u64) {
        let before = self.limit.load(Ordering::Relaxed);
        self.limit(conn, len.saturating_sub(1) / PART * PART);
        if self.limit.load(Ordering::Relaxed) < before {
            // It was cut: it may not become as long again.
            self.allowed.fetch_min(len, Ordering::Relaxed);
        }
    }

    fn limit(&self, conn: &Connection, limit: u64) {
        let limit = limit.max(KEPT);
        if limit == self.limit.load(Ordering::Relaxed) {
            return;
        }
        let set = format!("PRAGMA journal_size_limit = {limit}");
        if let Err(error) = conn.query_row(&set, [], |_| Ok(())) {
            tracing::warn!(%error, "the length of the WAL's file could not be bounded; it is tried again");
            return;
        }
        self.limit.store(limit, Ordering::Relaxed);
    }

    /// Ends the checkpointer.
    pub(super) fn stop(&self) {
        *self.stopped.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.wake.notify_all();
    }
}

/// What a checkpoint came to.
pub(super) struct Moved {
    /// How long the WAL is; -1 where another checkpoint runs.
    pub(super) pages: i64,
    /// Whether all of it, as it was when this began, stands in the file now.
    pub(super) all: bool,
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
pub(super) fn checkpoint(conn: &Connection) -> rusqlite::Result<Moved> {
    conn.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        let (busy, pages, moved): (bool, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Moved { pages, all: !busy && moved == pages })
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    /// Nobody waits so long in earnest.
    const LONG: Duration = Duration::from_mins(5);

    #[test]
    fn rows_that_were_written_while_the_writer_was_asked_are_due_once_it_is_done() {
        let (wal, conn) = (Wal::new(PathBuf::new()), Connection::open_in_memory().unwrap());
        let (begins, begun) = channel();
        let (comes, came) = channel();
        wal.ask();
        wal.wrote(CHANGES + 1);
        thread::scope(|threads| {
            threads.spawn(|| {
                begins.send(()).unwrap();
                comes.send(wal.due(true, LONG)).unwrap();
            });
            begun.recv().unwrap();
            wal.finish_where_asked(&conn);
            let due = came.recv_timeout(Duration::from_secs(20));
            wal.stop();
            assert_eq!(due, Ok(Some(CHANGES + 1)));
        });
    }
}
