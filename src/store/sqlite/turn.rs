//! Turns to write, between one busy server and the commands beside it. SQLite's own lock is not fair: a
//! server that commits batch after batch would starve a command. So a command holds `doorward.turn`
//! while it writes, and the server looks between two batches whether somebody does.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

/// How long the server waits for a command at the most, in milliseconds: by then the command has SQLite's
/// lock, or hangs.
const PATIENCE: u32 = 1_000;

/// How long a command waits for others, in milliseconds.
const COMMAND_PATIENCE: u32 = 5_000;

/// The file by which turns are taken.
pub(super) struct Turn {
    file: File,
    /// A command was waited for in vain and has the turn still: it hangs, and no batch waits for it again.
    hung: bool,
}

/// Held by a command while it writes.
pub(super) struct Held(#[expect(dead_code, reason = "holds the lock until dropped")] File);

impl Turn {
    /// Opens the file, which is made where it is missing.
    pub(super) fn open(folder: &Path) -> std::io::Result<Self> {
        let mut options = OpenOptions::new();
        let options = options.create(true).truncate(false).write(true).mode(0o600);
        Ok(Self { file: options.open(folder.join("doorward.turn"))?, hung: false })
    }

    /// For a command: waits for other commands, then keeps the server out until dropped.
    pub(super) fn take(self) -> std::io::Result<Held> {
        for _ in 0..COMMAND_PATIENCE {
            match self.file.try_lock() {
                Ok(()) => return Ok(Held(self.file)),
                Err(TryLockError::WouldBlock) => pause(),
                Err(TryLockError::Error(error)) => return Err(error),
            }
        }
        Err(std::io::ErrorKind::TimedOut.into())
    }

    /// Whether no command holds the turn now. Waits for none.
    pub(super) fn is_free(&self) -> bool {
        match self.file.try_lock_shared() {
            Err(TryLockError::WouldBlock) => self.hung,
            // A lock that could not be had is no fault.
            Ok(()) | Err(TryLockError::Error(_)) => {
                let _ = self.file.unlock();
                true
            }
        }
    }

    /// For the server: waits while a command holds the turn, but not again for one that hangs.
    pub(super) fn let_others(&mut self) {
        let mut waits = if self.hung { 0 } else { PATIENCE };
        while matches!(self.file.try_lock_shared(), Err(TryLockError::WouldBlock)) {
            if waits == 0 {
                self.hung = true;
                return;
            }
            waits -= 1;
            pause();
        }
        self.hung = false;
        // A lock that could not be had is no fault.
        let _ = self.file.unlock();
    }
}

/// A millisecond: how often a busy database is asked again.
#[expect(clippy::disallowed_methods, reason = "on the store's own threads, never on a request's")]
pub(super) fn pause() {
    std::thread::sleep(Duration::from_millis(1));
}
