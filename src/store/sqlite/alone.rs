//! Where requests come one at a time, each does its own writing on the thread that it is on: to wake the
//! writer and be woken by it takes as long as the commit itself. While it syncs, the writer, idle then, may do what
//! needs no disk ([`Op::aside`](crate::store::op::Op::aside)).

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, TryLockError};
use std::time::Duration;

use crate::store::sqlite::writer::{Hand, Job, Message};

/// So many requests that each found nobody else waiting come one at a time.
const IN_A_ROW: u32 = 8;

/// A batch that takes longer, on a thread that serves, would be felt by its other connections.
const QUICK: Duration = Duration::from_millis(1);

/// Whether requests come one at a time.
#[derive(Debug, Default)]
pub(super) struct Alone {
    /// How many wait for their answer.
    waiting: AtomicU32,
    /// How many in a row found that nobody else did.
    in_a_row: AtomicU32,
}

/// Somebody waits for an answer, until this is dropped.
#[derive(Debug)]
pub(super) struct Waits(Arc<Alone>);

impl Drop for Waits {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Alone {
    /// One more waits.
    pub(super) fn waits(self: &Arc<Self>) -> Waits {
        if self.waiting.fetch_add(1, Ordering::Relaxed) == 0 {
            self.in_a_row.fetch_add(1, Ordering::Relaxed);
        } else {
            self.in_a_row.store(0, Ordering::Relaxed);
        }
        Waits(Arc::clone(self))
    }

    fn is_so(&self) -> bool {
        self.in_a_row.load(Ordering::Relaxed) > IN_A_ROW
    }

    /// Does a job at once. Gives it back where others ask too, somebody writes, or the disk is slow: a thread
    /// that serves many connections waits for none of that. The writer, idle then, may help while the disk syncs.
    pub(super) fn try_run(
        &self,
        hand: &Hand,
        writes: &SyncSender<Message>,
        job: Box<dyn Job>,
    ) -> Result<(), Box<dyn Job>> {
        if !self.is_so() {
            return Err(job);
        }
        let mut held = match hand.try_lock() {
            Ok(held) => held,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Err(job),
        };
        let Some(writer) = held.as_mut() else { return Err(job) };
        if writer.took > QUICK || !writer.turn.is_free() || writer.wal.asks() {
            return Err(job);
        }
        writer.take_up_foreign();
        // Where its queue is full or closed, who needs it does it.
        let aside = |task| drop(writes.try_send(Message::Aside(task)));
        writer.run(vec![job], Some(&aside));
        Ok(())
    }
}
