//! `POST /auth/password`: another password for who is signed in.

use std::sync::Arc;

use crate::base::entropy::bytes;
use crate::base::time::Timestamp;
use crate::crypto::hash_pool::Lane;
use crate::crypto::keys::Keyring;
use crate::crypto::refresh::{Beginning, RefreshToken, exp_for};
use crate::domain::email::Email;
use crate::domain::event::{Event, Kind};
use crate::domain::hash::DeviceHash;
use crate::domain::password::{NewPassword, Typed};
use crate::domain::reason::Reason;
use crate::domain::session::{Policy, Recoveries, Session};
use crate::ops::attempt::{Attempt, PasswordOk, hash_new};
use crate::ops::caller::{Actor, Caller};
use crate::ops::ctx::Ctx;
use crate::ops::error::Error;
use crate::ops::guesses::Spent;
use crate::ops::opening::Begun;
use crate::ops::tokens::{self, SignedIn};
use crate::ops::try_op::TryOp;
use crate::ops::{ending, guard};
use crate::store::rows::User;
use crate::store::tx::Tx;

/// Sets another password. Every other session is over; this one goes on with a chain begun anew.
pub async fn change(
    ctx: &Arc<Ctx>,
    caller: &Caller,
    current: Typed,
    new: &str,
    device: Option<DeviceHash>,
) -> (Option<Spent>, Result<SignedIn, Error>) {
    let actor = caller.actor();
    let now = ctx.clock.now();
    let email = match owner(ctx, &actor).await {
        Ok(email) => email,
        Err(error) => return (None, Err(error)),
    };
    let new = match NewPassword::parse(new, &ctx.password_rules(), Some(&email)) {
        Ok(new) => new,
        Err(bad) => return (None, Err(bad.into())),
    };
    let client = actor.client.clone();
    let attempt = Attempt { account: email.key(), device, client: &client, now, failure: Kind::PasswordFailed };
    let (bucket, checked) = attempt.check(ctx, current).await;
    let result = match checked {
        Ok(ok) => act(ctx, actor, ok, new, now).await,
        Err(error) => Err(error),
    };
    (Some(ctx.guesses.spent(bucket, now)), result)
}

/// The address of who acts, as it is now.
pub(super) async fn owner(ctx: &Ctx, actor: &Actor) -> Result<Email, Error> {
    let actor = actor.clone();
    let (user, _) = ctx.store.read(move |rows| Ok(guard::acting(rows, &actor))).await??;
    Ok(Email::parse(&user.email)?)
}

async fn act(ctx: &Ctx, actor: Actor, ok: PasswordOk, new: NewPassword, now: Timestamp) -> Result<SignedIn, Error> {
    let hash = hash_new(ctx, Lane::Known, new).await?;
    let (keys, random, policy) = (ctx.keyring(), bytes(ctx.entropy.as_ref())?, ctx.policy());
    let ok = Arc::new(ok);
    let change = Change { ok: Arc::clone(&ok), actor, hash, random, keys, policy, now };
    let begun = ctx.store.submit(change).await??;
    ok.clear(ctx);
    tokens::signed_in(ctx, begun, None, now)
}

struct Change {
    ok: Arc<PasswordOk>,
    actor: Actor,
    hash: (String, u32),
    random: [u8; 16],
    keys: Keyring,
    policy: Policy,
    now: Timestamp,
}

impl TryOp for Change {
    type Out = Begun;

    fn try_run(&self, tx: &mut dyn Tx) -> Result<Begun, Error> {
        let (_, session) = guard::acting(tx, &self.actor)?;
        let user = self.ok.confirm(tx)?;
        let after = User { password: Some(self.hash.clone()), ..user.clone() };
        let user = ending::raise(tx, &user, after, Reason::PasswordChanged, self.now)?;
        tx.void_links(Some(user.id), None)?;
        tx.trim_devices(user.id, 0, session.device)?;
        let (session, refresh) = self.go_on(tx, &session, user.version)?;
        let event = Event::new(self.now, Kind::PasswordChanged).user(user.id).session(session.id);
        tx.record(&event.client(&self.actor.client))?;
        Ok(Begun { user, session, refresh, new_device: false })
    }
}

impl Change {
    /// The session under the new version, with a chain that no older token leads to.
    fn go_on(&self, tx: &mut dyn Tx, before: &Session, version: i64) -> Result<(Session, RefreshToken), Error> {
        let ver = crate::domain::version::Version { number: version, ..before.ver };
        let generation = before.generation + 1;
        let exp = exp_for(self.now, self.policy.idle_ttl, before.end);
        let beginning = Beginning {
            user: before.user,
            session: before.id,
            generation,
            ver,
            transport: before.transport,
            iat: self.now,
            exp,
            end: before.end,
        };
        let refresh = RefreshToken::first(&self.keys, &beginning, self.random)?;
        let after = Session {
            ver,
            generation,
            chain_start: generation,
            hash: refresh.hash(),
            rotated_at: self.now,
            exp,
            auth_time: self.now,
            client: self.actor.client.clone(),
            recoveries: Recoveries::default(),
            ..before.clone()
        };
        tx.update_session(before, &after)?;
        Ok((after, refresh))
    }
}
