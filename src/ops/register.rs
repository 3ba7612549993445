//! `POST /auth/register`, where the settings allow it.

use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::config::Registration;
use crate::crypto::hash_pool::Lane;
use crate::domain::email::Email;
use crate::domain::event::Kind;
use crate::domain::lockout::Failures;
use crate::domain::password::NewPassword;
use crate::domain::user::{Role, Status};
use crate::ops::attempt::hash_new;
use crate::ops::ctx::Ctx;
use crate::ops::error::Error;
use crate::ops::opening::{Arrival, Begun, NewSession};
use crate::ops::tokens::{self, SignedIn};
use crate::ops::try_op::TryOp;
use crate::store::rows::User;
use crate::store::tx::Tx;

/// Makes a user and signs them in. A taken address is said after the same hashing.
pub async fn register(ctx: &Ctx, email: &str, password: &str, arrival: Arrival) -> Result<SignedIn, Error> {
    if ctx.config.registration == Registration::Closed {
        return Err(Error::RegistrationClosed);
    }
    let now = ctx.clock.now();
    let email = Email::parse(email)?;
    let new = NewPassword::parse(password, &ctx.password_rules(), Some(&email))?;
    let password = hash_new(ctx, Lane::Stranger, new).await?;
    let user = new_user(UserId::new(now, ctx.entropy.as_ref())?, &email, Role::user(), Some(password), now);
    let (new, device) = NewSession::draw(ctx, &arrival, now)?;
    let begun = ctx.store.submit(Register { user, new, now }).await??;
    tokens::signed_in(ctx, begun, device, now)
}

/// A user as they begin.
pub(super) fn new_user(id: UserId, email: &Email, role: Role, password: Option<(String, u32)>, now: Timestamp) -> User {
    User {
        id,
        email: email.as_str().to_owned(),
        email_key: email.key().as_str().to_owned(),
        password,
        role,
        status: Status::Active,
        version: 0,
        failures: Failures::default(),
        created_at: now,
        signed_in_at: None,
    }
}

struct Register {
    user: User,
    new: NewSession,
    now: Timestamp,
}

impl TryOp for Register {
    type Out = Begun;

    fn try_run(&self, tx: &mut dyn Tx) -> Result<Begun, Error> {
        let user = User { signed_in_at: Some(self.now), ..self.user.clone() };
        if !tx.insert_user(&user)? {
            return Err(Error::EmailTaken);
        }
        self.new.begin(tx, &user, Kind::Registered)
    }
}
