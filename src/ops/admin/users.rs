//! Finds users.

use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::domain::email::search_key;
use crate::domain::reason::Reason;
use crate::domain::session::{Policy, Session};
use crate::ops::admin::by::{By, Needs};
use crate::ops::caller::{Admin, Caller};
use crate::ops::ctx::Ctx;
use crate::ops::ending;
use crate::ops::error::{Error, settle};
use crate::store;
use crate::store::rows::{Rows, User};

/// How many sessions of a user are shown, ended ones too.
const SESSIONS: u32 = 100;

/// A page of users whose address begins with `search`, in the order of their addresses.
pub async fn list(
    ctx: &Ctx,
    caller: &Caller<Admin>,
    search: &str,
    after: String,
    limit: u32,
) -> Result<Vec<User>, Error> {
    let (by, now) = (By::from(caller), ctx.clock.now());
    let search = search_key(search);
    let read = move |rows: &dyn Rows| {
        settle(by.check(rows, Needs::Token, now).and_then(|()| Ok(rows.users(&search, &after, limit)?)))
    };
    ctx.store.read(read).await?
}

/// The sessions of a user that can still be refreshed; newest first.
pub fn live(
    rows: &dyn Rows,
    user: &User,
    policy: &Policy,
    now: Timestamp,
) -> Result<Vec<Session>, store::error::Error> {
    ending::live(rows, user, policy, now)
}

/// A session, and for one that is over: when, as far as that is known, and why.
pub type Shown = (Session, Option<(Option<Timestamp>, Reason)>);

/// A user, their live sessions and the last ones that are over.
pub async fn show(ctx: &Ctx, caller: &Caller<Admin>, id: UserId) -> Result<(User, Vec<Shown>), Error> {
    let (by, now, policy) = (By::from(caller), ctx.clock.now(), ctx.policy());
    let read = move |rows: &dyn Rows| {
        let look = || -> Result<_, Error> {
            by.check(rows, Needs::Token, now)?;
            let user = rows.user(id)?.ok_or(Error::NotFound)?;
            let mut shown = Vec::new();
            for session in rows.sessions(id, SESSIONS)? {
                let over = ending::how_over(rows, &user, &session, &policy, now)?;
                shown.push((session, over));
            }
            Ok((user, shown))
        };
        settle(look())
    };
    ctx.store.read(read).await?
}
