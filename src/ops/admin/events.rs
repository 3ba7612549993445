//! What happened, for administrators.

use std::collections::{HashMap, HashSet};

use crate::base::id::UserId;
use crate::ops::admin::by::{By, Needs};
use crate::ops::caller::{Admin, Caller};
use crate::ops::ctx::Ctx;
use crate::ops::error::{Error, settle};
use crate::store;
use crate::store::rows::{EventFilter, Rows, StoredEvent};

/// The addresses of the users that events name, as far as they are still there.
pub type Names = HashMap<UserId, String>;

/// A page of events, newest first, and who they are about.
pub async fn list(
    ctx: &Ctx,
    caller: &Caller<Admin>,
    filter: EventFilter,
    limit: u32,
) -> Result<(Vec<StoredEvent>, Names), Error> {
    let (by, now) = (By::from(caller), ctx.clock.now());
    let read = move |rows: &dyn Rows| {
        let look = || -> Result<_, Error> {
            by.check(rows, Needs::Token, now)?;
            let found = rows.events(filter, limit)?;
            let names = names(rows, &found)?;
            Ok((found, names))
        };
        settle(look())
    };
    ctx.store.read(read).await?
}

fn names(rows: &dyn Rows, found: &[StoredEvent]) -> Result<Names, store::error::Error> {
    let ids: HashSet<UserId> =
        found.iter().flat_map(|stored| [stored.event.user, stored.event.actor]).flatten().collect();
    let mut names = Names::new();
    for id in ids {
        if let Some(user) = rows.user(id)? {
            names.insert(id, user.email);
        }
    }
    Ok(names)
}
