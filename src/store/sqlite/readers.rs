//! The threads that read: requests never touch SQLite on their own thread.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::Receiver;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::store::error::Error;
use crate::store::rows::Rows;
use crate::store::sqlite::tx::SqliteTx;

/// Work on a reading connection.
pub(super) type Look = Box<dyn FnOnce(&Connection) + Send>;

/// Packs a closure, the snapshot that it sees and the answer to its requester.
pub(super) fn look<T, F>(read: F, reply: oneshot::Sender<Result<T, Error>>) -> Look
where
    T: Send + 'static,
    F: FnOnce(&dyn Rows) -> Result<T, Error> + Send + 'static,
{
    Box::new(move |conn| {
        if reply.is_closed() {
            return;
        }
        let ran = catch_unwind(AssertUnwindSafe(|| in_snapshot(conn, read))).unwrap_or(Err(Error::Panicked));
        let _ = reply.send(ran);
    })
}

/// All that one closure reads is of one moment.
pub(super) fn in_snapshot<T>(conn: &Connection, read: impl FnOnce(&dyn Rows) -> Result<T, Error>) -> Result<T, Error> {
    let snapshot = conn.unchecked_transaction()?;
    let out = read(&SqliteTx::new(conn));
    snapshot.rollback()?;
    out
}

/// A reader's thread: takes the next in the queue until the queue is closed.
pub(super) fn work(conn: &Connection, queue: &Arc<Mutex<Receiver<Look>>>) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(look) => look(conn),
            Err(_) => return,
        }
    }
}
