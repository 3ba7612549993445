//! Moves the WAL into the file, off the requests' way: a thread with a connection of its own does the bulk, in
//! steps so small that no commit waits long for the disk; where the WAL keeps growing, the writer does the last
//! few pages between two batches, since only then can SQLite begin the WAL anew.

use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

use crate::base::time::Clock;
use crate::store::sqlite::wal::{Moved, Wal, checkpoint};
use crate::store::sqlite::wal_file;

/// Past this the writer helps to begin the WAL anew, in pages of 4 KiB.
const LONG: i64 = 8_000;

/// It does so before the file of the WAL has to grow, too, if it has not for so long: where a file grows, the
/// file system writes more at each sync, and a commit takes a fifth longer.
const SELDOM: Duration = Duration::from_secs(1);

/// So much room there has to be for what is written during the next step, in pages.
const ROOM: i64 = 500;

/// So few rows may be left to the writer, for which all wait meanwhile; the checkpointer tries so often to get there.
const FEW: u64 = 400;
const PASSES: u32 = 8;

/// Without load, how often what was written is moved.
const IDLE: Duration = Duration::from_secs(1);

/// What moves the WAL.
pub(super) struct Checkpointer {
    pub(super) conn: Connection,
    /// The database file, where it has to be synced.
    pub(super) file: Option<Arc<File>>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Checkpointer {
    /// Its thread.
    pub(super) fn work(&self, wal: &Wal) {
        let (mut rested, mut asked, mut passes) = (true, self.clock.monotonic(), 0);
        while let Some(changes) = wal.due(rested, IDLE) {
            if changes == 0 {
                continue;
            }
            let moved = self.step();
            rested = moved.is_ok();
            match moved {
                // Where somebody reads what stood before, the writer could begin nothing anew.
                Ok(Moved { pages, all: true }) if self.is_long(wal, pages, asked) => {
                    passes += 1;
                    if wal.changes() <= FEW || passes >= PASSES {
                        (asked, passes) = (self.clock.monotonic(), 0);
                        wal.ask();
                    }
                }
                Ok(_) => passes = 0,
                Err(error) => {
                    tracing::warn!(%error, "the WAL could not be moved into the file; it is tried again");
                    wal.put_back(changes);
                }
            }
        }
    }

    /// Moves what can be moved without waiting.
    fn step(&self) -> Result<Moved, Failed> {
        let moved = checkpoint(&self.conn)?;
        if let Some(file) = &self.file {
            // SQLite syncs the file where nothing was written meanwhile, and not before. Under load that is the
            // writer's part, and what many steps wrote would keep the disk, and all who wait for a commit, for
            // 20 ms and more.
            file.sync_data()?;
        }
        Ok(moved)
    }

    /// Whether the WAL had better begin anew, when it was last asked for then.
    fn is_long(&self, wal: &Wal, pages: i64, asked: Duration) -> bool {
        pages > LONG || self.clock.monotonic().saturating_sub(asked) > SELDOM && would_grow(wal, pages)
    }
}

/// Whether the WAL is about to need more than its file has.
fn would_grow(wal: &Wal, pages: i64) -> bool {
    u64::try_from(pages + ROOM).is_ok_and(|needs| needs > wal_file::pages(wal.file_len()))
}

/// Why a step failed; the next one does its work.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error("the file could not be synced: {0}")]
    Sync(#[from] std::io::Error),
}
