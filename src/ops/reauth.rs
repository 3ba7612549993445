//! `POST /auth/reauth`: the password again, for acts that need it fresh.

use std::sync::Arc;

use crate::base::time::Timestamp;
use crate::domain::event::{Event, Kind};
use crate::domain::hash::DeviceHash;
use crate::domain::password::Typed;
use crate::domain::session::Session;
use crate::ops::attempt::{Attempt, PasswordOk};
use crate::ops::caller::{Actor, Caller};
use crate::ops::ctx::Ctx;
use crate::ops::error::Error;
use crate::ops::guard;
use crate::ops::guesses::Spent;
use crate::ops::password::owner;
use crate::ops::tokens::{self, Access};
use crate::ops::try_op::TryOp;
use crate::store::rows::User;
use crate::store::tx::Tx;

/// A new access token with a fresh `auth_time`, for the right password.
pub async fn reauth(
    ctx: &Arc<Ctx>,
    caller: &Caller,
    typed: Typed,
    device: Option<DeviceHash>,
) -> (Option<Spent>, Result<Access, Error>) {
    let actor = caller.actor();
    let now = ctx.clock.now();
    let email = match owner(ctx, &actor).await {
        Ok(email) => email,
        Err(error) => return (None, Err(error)),
    };
    let client = actor.client.clone();
    let attempt = Attempt { account: email.key(), device, client: &client, now, failure: Kind::PasswordFailed };
    let (bucket, checked) = attempt.check(ctx, typed).await;
    let result = match checked {
        Ok(ok) => act(ctx, actor, ok, now).await,
        Err(error) => Err(error),
    };
    (Some(ctx.guesses.spent(bucket, now)), result)
}

async fn act(ctx: &Ctx, actor: Actor, ok: PasswordOk, now: Timestamp) -> Result<Access, Error> {
    let ok = Arc::new(ok);
    let (user, session) = ctx.store.submit(Reauth { ok: Arc::clone(&ok), actor, now }).await??;
    ok.clear(ctx);
    tokens::access(ctx, &user, &session, now)
}

struct Reauth {
    ok: Arc<PasswordOk>,
    actor: Actor,
    now: Timestamp,
}

impl TryOp for Reauth {
    type Out = (User, Session);

    fn try_run(&self, tx: &mut dyn Tx) -> Result<(User, Session), Error> {
        let (_, before) = guard::acting(tx, &self.actor)?;
        let user = self.ok.confirm(tx)?;
        let session = Session { auth_time: self.now, ..before.clone() };
        tx.update_session(&before, &session)?;
        let event = Event::new(self.now, Kind::Reauthenticated).user(user.id).session(session.id);
        tx.record(&event.client(&self.actor.client))?;
        Ok((user, session))
    }
}
