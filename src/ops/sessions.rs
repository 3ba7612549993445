//! `GET /auth/sessions` and `DELETE /auth/sessions/{id}`: one's own devices.

use crate::base::id::SessionId;
use crate::base::time::Timestamp;
use crate::domain::event::{Event, Kind};
use crate::domain::fact::Fact;
use crate::domain::reason::Reason;
use crate::domain::session::{Policy, Session};
use crate::ops::caller::{Actor, Caller};
use crate::ops::ctx::Ctx;
use crate::ops::error::{Error, settle};
use crate::ops::try_op::TryOp;
use crate::ops::{ending, guard};
use crate::store;
use crate::store::tx::Tx;

/// The caller's live sessions, newest first.
pub async fn list(ctx: &Ctx, caller: &Caller) -> Result<Vec<Session>, Error> {
    let (now, policy, actor) = (ctx.clock.now(), ctx.policy(), caller.actor());
    let read = move |rows: &dyn store::rows::Rows| match guard::acting(rows, &actor) {
        Ok((user, _)) => Ok(Ok(ending::live(rows, &user, &policy, now)?)),
        Err(error) => settle(Err(error)),
    };
    ctx.store.read(read).await?
}

/// Ends one of the caller's sessions.
pub async fn end(ctx: &Ctx, caller: &Caller, id: SessionId) -> Result<(), Error> {
    let now = ctx.clock.now();
    ctx.store.submit(EndOne { actor: caller.actor(), id, policy: ctx.policy(), now }).await?
}

struct EndOne {
    actor: Actor,
    id: SessionId,
    policy: Policy,
    now: Timestamp,
}

impl TryOp for EndOne {
    type Out = ();

    fn try_run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        let (user, _) = guard::acting(tx, &self.actor)?;
        let live = ending::live(tx, &user, &self.policy, self.now)?;
        // Another's session and one that is over look the same.
        let session = live.iter().find(|session| session.id == self.id).ok_or(Error::NotFound)?;
        ending::end(tx, session, Reason::EndedByUser, self.now)?;
        let event = Event::new(self.now, Kind::SessionEnded).user(user.id).session(session.id);
        tx.record(&event.client(&self.actor.client).fact(Fact::ByOwner {}))?;
        Ok(())
    }
}
