//! An operation that may refuse.

use crate::ops::error::{Error, settle};
use crate::store;
use crate::store::aside::Task;
use crate::store::op::Op;
use crate::store::tx::Tx;

/// A unit of work as [`Op`] is, whose outcome may be a refusal. What was written before a refusal stays;
/// only a failure of the store undoes it.
pub trait TryOp: Send + 'static {
    /// What comes of it, where it is not refused.
    type Out: Send + 'static;

    /// Does the work, or says why not.
    fn try_run(&self, tx: &mut dyn Tx) -> Result<Self::Out, Error>;

    /// As [`Op::aside`], where it was not refused.
    fn try_aside(&self, _out: &mut Self::Out) -> Option<Task> {
        None
    }
}

impl<T: TryOp> Op for T {
    type Out = Result<T::Out, Error>;

    fn run(&self, tx: &mut dyn Tx) -> Result<Self::Out, store::error::Error> {
        settle(self.try_run(tx))
    }

    fn aside(&self, out: &mut Self::Out) -> Option<Task> {
        out.as_mut().ok().and_then(|out| self.try_aside(out))
    }
}
