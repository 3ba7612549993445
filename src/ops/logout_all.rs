//! `POST /auth/logout-all`: every device of the caller, at once.

use crate::base::time::Timestamp;
use crate::domain::event::{Event, Kind};
use crate::domain::fact::Fact;
use crate::domain::reason::Reason;
use crate::domain::session::Policy;
use crate::ops::caller::{Actor, Caller};
use crate::ops::ctx::Ctx;
use crate::ops::error::Error;
use crate::ops::try_op::TryOp;
use crate::ops::{ending, guard};
use crate::store::tx::Tx;

/// Raises the caller's version. Gives how many live sessions that ended.
pub async fn logout_all(ctx: &Ctx, caller: &Caller) -> Result<usize, Error> {
    let now = ctx.clock.now();
    ctx.store.submit(LogoutAll { actor: caller.actor(), policy: ctx.policy(), now }).await?
}

struct LogoutAll {
    actor: Actor,
    policy: Policy,
    now: Timestamp,
}

impl TryOp for LogoutAll {
    type Out = usize;

    fn try_run(&self, tx: &mut dyn Tx) -> Result<usize, Error> {
        let (user, session) = guard::acting(tx, &self.actor)?;
        let live = ending::live(tx, &user, &self.policy, self.now)?.len();
        ending::raise(tx, &user, user.clone(), Reason::LoggedOutEverywhere, self.now)?;
        let event = Event::new(self.now, Kind::LoggedOutEverywhere).user(user.id).session(session.id);
        tx.record(&event.client(&self.actor.client).fact(Fact::Sessions { sessions: live }))?;
        Ok(live)
    }
}
