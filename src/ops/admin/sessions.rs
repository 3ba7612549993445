//! Ends one session of anybody.

use crate::base::id::SessionId;
use crate::base::time::Timestamp;
use crate::domain::event::Kind;
use crate::domain::fact::Fact;
use crate::domain::reason::Reason;
use crate::ops::admin::by::{By, Needs};
use crate::ops::caller::{Admin, Caller};
use crate::ops::ctx::Ctx;
use crate::ops::ending;
use crate::ops::error::Error;
use crate::ops::try_op::TryOp;
use crate::store::tx::Tx;

/// Ends a session, whosever it is.
pub struct EndSession {
    /// By whose right.
    pub by: By,
    /// Which.
    pub id: SessionId,
    /// When.
    pub now: Timestamp,
}

impl TryOp for EndSession {
    type Out = ();

    fn try_run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        self.by.check(tx, Needs::Token, self.now)?;
        let session = tx.session(self.id)?.ok_or(Error::NotFound)?;
        if !ending::stands(tx, &session)? {
            return Err(Error::NotFound);
        }
        ending::end(tx, &session, Reason::EndedByAdmin, self.now)?;
        let event = self.by.event(self.now, Kind::SessionEnded, Some(session.user));
        Ok(tx.record(&event.session(session.id).fact(Fact::ByAdmin {}))?)
    }
}

/// On the running server.
pub async fn end(ctx: &Ctx, caller: &Caller<Admin>, id: SessionId) -> Result<(), Error> {
    ctx.store.submit(EndSession { by: By::from(caller), id, now: ctx.clock.now() }).await?
}
