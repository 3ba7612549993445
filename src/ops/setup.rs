//! `POST /auth/setup`: the first administrator, once.

use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::crypto::digest::LinkSecret;
use crate::crypto::hash_pool::Lane;
use crate::domain::email::Email;
use crate::domain::event::Kind;
use crate::domain::hash::LinkHash;
use crate::domain::link::LinkKind;
use crate::domain::password::NewPassword;
use crate::domain::user::Role;
use crate::ops::attempt::hash_new;
use crate::ops::ctx::Ctx;
use crate::ops::error::Error;
use crate::ops::opening::{Arrival, Begun, NewSession};
use crate::ops::register::new_user;
use crate::ops::tokens::{self, SignedIn};
use crate::ops::try_op::TryOp;
use crate::store::rows::{Rows, User};
use crate::store::tx::Tx;

/// Makes the first administrator and signs them in. Of two who try at once, one does.
pub async fn setup(ctx: &Ctx, secret: &str, email: &str, password: &str, arrival: Arrival) -> Result<SignedIn, Error> {
    let now = ctx.clock.now();
    let email = Email::parse(email)?;
    let new = NewPassword::parse(password, &ctx.password_rules(), Some(&email))?;
    let link = LinkSecret::parse(secret).map_err(|_| Error::InvalidLink)?.hash();
    // Looked at before the hashing, so that a wrong secret costs nothing.
    ctx.store.read(move |rows| Ok(check(rows, link, now))).await??;
    let password = hash_new(ctx, Lane::Stranger, new).await?;
    let user = new_user(UserId::new(now, ctx.entropy.as_ref())?, &email, Role::admin(), Some(password), now);
    let (new, device) = NewSession::draw(ctx, &arrival, now)?;
    let begun = ctx.store.submit(Setup { link, user, new, now }).await??;
    tokens::signed_in(ctx, begun, device, now)
}

fn check(rows: &dyn Rows, link: LinkHash, now: Timestamp) -> Result<(), Error> {
    if !rows.admins()?.is_empty() {
        return Err(Error::SetupDone);
    }
    let good = rows.link(link)?.is_some_and(|link| link.kind == LinkKind::Setup && now < link.expires_at);
    if good { Ok(()) } else { Err(Error::InvalidLink) }
}

struct Setup {
    link: LinkHash,
    user: User,
    new: NewSession,
    now: Timestamp,
}

impl TryOp for Setup {
    type Out = Begun;

    fn try_run(&self, tx: &mut dyn Tx) -> Result<Begun, Error> {
        check(tx, self.link, self.now)?;
        let user = User { signed_in_at: Some(self.now), ..self.user.clone() };
        if !tx.insert_user(&user)? {
            return Err(Error::EmailTaken);
        }
        tx.void_links(None, Some(LinkKind::Setup))?;
        self.new.begin(tx, &user, Kind::Setup)
    }
}
