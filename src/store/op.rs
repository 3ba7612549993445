//! One atomic unit of work.

use crate::store::aside::Task;
use crate::store::error::Error;
use crate::store::tx::Tx;

/// A unit of work that happens whole or not at all. Deterministic and re-runnable: time, ids and hashes
/// are its fields, and it does no I/O but through `tx`. The engine may run it again after a failure that
/// rolled back its transaction.
///
/// A refusal that writes (a reuse that ends a session, a failure that counts) is part of `Out`;
/// `Err` means that nothing happened.
pub trait Op: Send + 'static {
    /// What comes of it, once it is on disk.
    type Out: Send + 'static;

    /// Does the work.
    fn run(&self, tx: &mut dyn Tx) -> Result<Self::Out, Error>;

    /// What another thread may make of its outcome while the disk syncs: asked where there is such a thread. It goes
    /// out with the outcome alone, so chance may be drawn here: none of it is stored.
    fn aside(&self, _out: &mut Self::Out) -> Option<Task> {
        None
    }
}
