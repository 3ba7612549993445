//! Signs somebody in who typed nothing.

use crate::domain::email::Email;
use crate::domain::event::Kind;
use crate::domain::user::Status;
use crate::ops::ctx::Ctx;
use crate::ops::error::Error;
use crate::ops::opening::{Arrival, Begun, NewSession};
use crate::ops::tokens::{self, SignedIn};
use crate::ops::try_op::TryOp;
use crate::store::rows::User;
use crate::store::tx::Tx;

/// A session of this user, as a sign-in with the password begins it.
pub async fn begin(ctx: &Ctx, email: &Email, arrival: &Arrival) -> Result<SignedIn, Error> {
    let now = ctx.clock.now();
    let (new, device) = NewSession::draw(ctx, arrival, now)?;
    let begun = ctx.store.submit(Begin { email: email.clone(), new, now }).await??;
    tokens::signed_in(ctx, begun, device, now)
}

struct Begin {
    email: Email,
    new: NewSession,
    now: crate::base::time::Timestamp,
}

impl TryOp for Begin {
    type Out = Begun;

    fn try_run(&self, tx: &mut dyn Tx) -> Result<Begun, Error> {
        let user = tx.user_by_email(self.email.key())?.ok_or(Error::NotFound)?;
        if user.status == Status::Disabled {
            return Err(Error::InvalidCredentials);
        }
        let signed_in = User { signed_in_at: Some(self.now), ..user.clone() };
        tx.update_user(&user, &signed_in)?;
        self.new.begin(tx, &signed_in, Kind::SignedIn)
    }
}
