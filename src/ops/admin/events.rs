//! What happened, for administrators.

use crate::ops::admin::by::{By, Needs};
use crate::ops::caller::{Admin, Caller};
use crate::ops::ctx::Ctx;
use crate::ops::error::{Error, settle};
use crate::store::rows::{EventFilter, Rows, StoredEvent};

/// A page of events, newest first.
pub async fn list(
    ctx: &Ctx,
    caller: &Caller<Admin>,
    filter: EventFilter,
    limit: u32,
) -> Result<Vec<StoredEvent>, Error> {
    let (by, now) = (By::from(caller), ctx.clock.now());
    let read =
        move |rows: &dyn Rows| settle(by.check(rows, Needs::Token, now).and_then(|()| Ok(rows.events(filter, limit)?)));
    ctx.store.read(read).await?
}
