//! Removes what nothing needs any more, a few rows at a time so that no request waits for it.

use crate::base::time::{Timestamp, Ttl};
use crate::domain::key::KeyUse;
use crate::ops::ctx::Ctx;
use crate::ops::error::Error;
use crate::store;
use crate::store::op::Op;
use crate::store::tx::{Purge, Tx};

/// Ended sessions stay so long, to say why they ended.
const KEEP_ENDED: Ttl = Ttl::from_days(30);

/// How many rows of a kind go in one transaction.
const STEP: u32 = 200;

/// One step. True where there may be more to do.
pub async fn step(ctx: &Ctx) -> Result<bool, Error> {
    let now = ctx.clock.now();
    let longest = ctx.store.read(|rows| rows.meta()).await?.longest_access_ttl;
    let absolute = ctx.config.refresh.absolute_ttl;
    let what = vec![
        Purge::Sessions(now - KEEP_ENDED),
        Purge::Raises(now - KEEP_ENDED - absolute),
        Purge::Links(now),
        Purge::Events(now - ctx.config.events.keep),
        Purge::Hours(now - ctx.config.events.keep),
        Purge::Keys(KeyUse::Access, now - longest - Ttl::from_mins(1)),
        Purge::Keys(KeyUse::Refresh, now - absolute),
    ];
    let over = ctx.store.revocations().expired();
    ctx.guesses.prune(now);
    let more = ctx.store.submit(Step { what, revocations: over.clone(), now }).await?;
    ctx.store.revocations().forget(&over);
    Ok(more)
}

struct Step {
    what: Vec<Purge>,
    revocations: Vec<i64>,
    now: Timestamp,
}

impl Op for Step {
    type Out = bool;

    fn run(&self, tx: &mut dyn Tx) -> Result<bool, store::error::Error> {
        let mut more = false;
        for what in &self.what {
            more |= tx.purge(*what, STEP)? >= u64::from(STEP);
        }
        tx.delete_revocations(&self.revocations)?;
        tx.set_last_time(self.now)?;
        Ok(more)
    }
}
