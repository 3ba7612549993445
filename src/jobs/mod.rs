//! Layer 4: what runs on a ticker, on a thread of its own.

mod clocks;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use crate::base::time::Timestamp;
use crate::http::limits::AddressLimiter;
use crate::jobs::clocks::{Clocks, Verdict};
use crate::ops::ctx::Ctx;
use crate::ops::error::Error;
use crate::ops::{activity, forgiven, keys, purge};

/// How often it is looked whether another process wrote.
const FOREIGN: Duration = Duration::from_millis(250);

/// How often what was counted is written, but for the turn of the hour, and the house is cleaned.
const CLEAN: Duration = Duration::from_mins(1);

/// After a step of the purge, for so many times as long as it took, the disk is left to the requests.
const PAUSE: u32 = 3;

/// But no longer than this.
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

/// Runs until `stop` is told.
pub async fn run(ctx: Arc<Ctx>, limiter: AddressLimiter, mut stop: watch::Receiver<bool>) {
    // What was written while this server started counts as another's.
    let (mut foreign, mut forgave) = (0, 0);
    let mut clocks = Clocks::new(ctx.clock.now(), ctx.clock.monotonic());
    let mut ticks = tokio::time::interval(FOREIGN);
    let mut cleaned = ctx.clock.monotonic();
    let mut hour = None;
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            _ = ticks.tick() => {}
        }
        let seen = ctx.store.foreign_writes();
        if seen != foreign && take_up(&ctx, &mut forgave).await {
            foreign = seen;
        }
        let now = ctx.clock.now().hour();
        if hour != Some(now) {
            hour = Some(now);
            said(activity::keep(&ctx).await);
        }
        let monotonic = ctx.clock.monotonic();
        if monotonic.saturating_sub(cleaned) >= CLEAN {
            cleaned = monotonic;
            limiter.tick(monotonic);
            said(activity::keep(&ctx).await);
            tokio::select! {
                _ = stop.changed() => break,
                () = clean(&ctx, &mut clocks) => {}
            }
        }
    }
    said(activity::finish(&ctx).await);
}

/// Another process wrote: keys and costs may be others, and guesses forgiven. True where all was taken up.
async fn take_up(ctx: &Ctx, forgave: &mut i64) -> bool {
    if let Err(error) = keys::reload(ctx).await {
        tracing::error!(%error, "the keys that another process wrote could not be taken up");
        return false;
    }
    match ctx.store.read(|rows| rows.highest_cost()).await {
        Ok(cost) => ctx.saw_cost(cost),
        Err(error) => tracing::error!(%error, "what another process wrote could not be read"),
    }
    match forgiven::take_up(ctx, *forgave).await {
        Ok(newest) => *forgave = newest,
        Err(error) => tracing::error!(%error, "what another process forgave could not be read"),
    }
    true
}

fn said(kept: Result<(), Error>) {
    if let Err(error) = kept {
        tracing::error!(%error, "the counts of the overview could not be written; it is tried again in a minute");
    }
}

async fn clean(ctx: &Ctx, clocks: &mut Clocks) {
    let stored: Option<Timestamp> = ctx.store.read(|rows| rows.meta()).await.ok().map(|meta| meta.last_time);
    match clocks.judge(ctx.clock.now(), ctx.clock.monotonic(), stored) {
        Verdict::Good => {}
        Verdict::Moved => {
            tracing::warn!("the wall clock moved by more than an hour: nothing is purged for an hour");
            return;
        }
        Verdict::Waiting => return,
    }
    loop {
        let begun = ctx.clock.monotonic();
        match purge::step(ctx).await {
            Ok(true) => {
                let took = ctx.clock.monotonic().saturating_sub(begun);
                tokio::time::sleep((took * PAUSE).min(LONGEST_PAUSE)).await;
            }
            Ok(false) => return,
            Err(error) => {
                tracing::error!(%error, "old rows could not be removed; it is tried again in a minute");
                return;
            }
        }
    }
}
