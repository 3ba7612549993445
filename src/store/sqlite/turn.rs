//! Turns to write, between one busy server and the commands beside it. SQLite's own lock is not fair: a
//! server that commits batch after batch would starve a command. So a command holds `doorward.turn`
//! while it writes, and the server looks between two batches whether somebody does.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

/// How long the server waits for a command at the most: then the command hangs, and SQLite decides.
const PATIENCE: u32 = 5_000;

/// The file by which turns are taken.
pub(super) struct Turn(File);

/// Held by a command while it writes.
pub(super) struct Held(#[expect(dead_code, reason = "holds the lock until dropped")] File);

impl Turn {
    /// Opens the file, which is made where it is missing.
    pub(super) fn open(folder: &Path) -> std::io::Result<Self> {
        let mut options = OpenOptions::new();
        options.create(true).truncate(false).write(true).mode(0o600).open(folder.join("doorward.turn")).map(Self)
    }

    /// For a command: waits for other commands, then keeps the server out until dropped.
    pub(super) fn take(self) -> std::io::Result<Held> {
        self.0.lock()?;
        Ok(Held(self.0))
    }

    /// For the server: waits while a command holds the turn.
    pub(super) fn let_others(&self) {
        for _ in 0..PATIENCE {
            match self.0.try_lock_shared() {
                Err(TryLockError::WouldBlock) => pause(),
                Ok(()) | Err(TryLockError::Error(_)) => break,
            }
        }
        // A lock that was never held is no fault.
        let _ = self.0.unlock();
    }
}

/// A millisecond: how often a busy database is asked again.
#[expect(clippy::disallowed_methods, reason = "on the store's own threads, never on a request's")]
pub(super) fn pause() {
    std::thread::sleep(Duration::from_millis(1));
}
