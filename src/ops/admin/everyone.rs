//! Logs everyone out: one row, whatever the number of sessions.

use crate::base::time::Timestamp;
use crate::domain::event::Kind;
use crate::domain::reason::Reason;
use crate::ops::admin::by::{By, Needs};
use crate::ops::caller::{Admin, Caller};
use crate::ops::ctx::Ctx;
use crate::ops::ending;
use crate::ops::error::Error;
use crate::ops::try_op::TryOp;
use crate::store::tx::Tx;

/// Raises the epoch.
pub struct LogoutEveryone {
    /// By whose right.
    pub by: By,
    /// When.
    pub now: Timestamp,
}

impl TryOp for LogoutEveryone {
    type Out = i64;

    /// Gives the epoch that ended.
    fn try_run(&self, tx: &mut dyn Tx) -> Result<i64, Error> {
        self.by.check(tx, Needs::FreshPassword, self.now)?;
        let epoch = ending::raise_epoch(tx, Reason::EveryoneLoggedOut, self.now)?;
        tx.record(&self.by.event(self.now, Kind::EveryoneLoggedOut, None))?;
        Ok(epoch - 1)
    }
}

/// On the running server. The live sessions that it ended are counted after the commit.
pub async fn logout(ctx: &Ctx, caller: &Caller<Admin>) -> Result<u64, Error> {
    let now = ctx.clock.now();
    let ended = ctx.store.submit(LogoutEveryone { by: By::from(caller), now }).await??;
    Ok(ctx.store.read(move |rows| rows.count_live(ended, now)).await?)
}
