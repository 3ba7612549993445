//! `POST /auth/login`.

use std::sync::Arc;

use crate::domain::email::Email;
use crate::domain::event::Kind;
use crate::domain::password::Typed;
use crate::ops::attempt::{Attempt, PasswordOk};
use crate::ops::ctx::Ctx;
use crate::ops::error::Error;
use crate::ops::guesses::Spent;
use crate::ops::opening::{Arrival, Begun, NewSession};
use crate::ops::tokens::{self, SignedIn};
use crate::ops::try_op::TryOp;
use crate::store::rows::User;
use crate::store::tx::Tx;

/// Signs somebody in. Says besides how far the guesser's bucket is spent.
pub async fn login(ctx: &Arc<Ctx>, email: &Email, typed: Typed, arrival: Arrival) -> (Spent, Result<SignedIn, Error>) {
    let now = ctx.clock.now();
    let attempt = Attempt {
        account: email.key(),
        device: arrival.device.as_ref().map(crate::crypto::digest::DeviceSecret::hash),
        client: &arrival.client,
        now,
        failure: Kind::SignInFailed,
    };
    let (bucket, checked) = attempt.check(ctx, typed).await;
    let result = match checked {
        Ok(ok) => open(ctx, ok, &arrival, now).await,
        Err(error) => Err(error),
    };
    (ctx.guesses.spent(bucket, now), result)
}

async fn open(
    ctx: &Ctx,
    ok: PasswordOk,
    arrival: &Arrival,
    now: crate::base::time::Timestamp,
) -> Result<SignedIn, Error> {
    let (new, device) = NewSession::draw(ctx, arrival, now)?;
    let ok = Arc::new(ok);
    let begun = ctx.store.submit(Open { ok: Arc::clone(&ok), new, now }).await??;
    ok.clear(ctx);
    tokens::signed_in(ctx, begun, device, now)
}

struct Open {
    ok: Arc<PasswordOk>,
    new: NewSession,
    now: crate::base::time::Timestamp,
}

impl TryOp for Open {
    type Out = Begun;

    fn try_run(&self, tx: &mut dyn Tx) -> Result<Begun, Error> {
        let user = self.ok.confirm(tx)?;
        let signed_in = User { signed_in_at: Some(self.now), ..user.clone() };
        tx.update_user(&user, &signed_in)?;
        self.new.begin(tx, &signed_in, Kind::SignedIn)
    }
}
