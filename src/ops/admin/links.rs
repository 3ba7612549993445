//! Makes links for users who are there: set-password, a new invitation, recovery.

use crate::base::entropy::Entropy;
use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::domain::event::Kind;
use crate::domain::fact::Fact;
use crate::domain::link::LinkKind;
use crate::ops::admin::by::{By, Needs};
use crate::ops::caller::{Admin, Caller};
use crate::ops::ctx::Ctx;
use crate::ops::error::Error;
use crate::ops::link::{self, Draft, NewLink};
use crate::ops::try_op::TryOp;
use crate::store::rows::{Link, User};
use crate::store::tx::Tx;

/// Writes the row of a link for a user.
pub struct MakeLink {
    by: By,
    user: UserId,
    link: Link,
    now: Timestamp,
}

impl MakeLink {
    /// The operation, and the draft that becomes the link once it has run.
    pub fn draw(
        by: By,
        user: UserId,
        kind: LinkKind,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<(Self, Draft), Error> {
        let draft = Draft::draw(kind, Some(user), now, entropy)?;
        Ok((Self { by, user, link: draft.link, now }, draft))
    }
}

impl TryOp for MakeLink {
    type Out = ();

    fn try_run(&self, tx: &mut dyn Tx) -> Result<(), Error> {
        self.by.check(tx, Needs::FreshPassword, self.now)?;
        tx.user(self.user)?.ok_or(Error::NotFound)?;
        link::put(tx, &self.link)?;
        let event = self.by.event(self.now, Kind::LinkCreated, Some(self.user));
        Ok(tx.record(&event.fact(Fact::Link { link: self.link.kind.word().to_owned() }))?)
    }
}

/// An invitation again where no password was set yet, else one to set another.
pub const fn kind_for(user: &User) -> LinkKind {
    if user.password.is_none() { LinkKind::Invitation } else { LinkKind::SetPassword }
}

/// A link on the running server.
pub async fn make(ctx: &Ctx, caller: &Caller<Admin>, user: UserId) -> Result<(LinkKind, NewLink), Error> {
    let now = ctx.clock.now();
    let found = ctx.store.read(move |rows| rows.user(user)).await?.ok_or(Error::NotFound)?;
    let kind = kind_for(&found);
    let (make, draft) = MakeLink::draw(By::from(caller), user, kind, now, ctx.entropy.as_ref())?;
    ctx.store.submit(make).await??;
    Ok((kind, link::given(ctx, draft, &found.email)))
}
