//! A password is asked: `Attempt -> PasswordOk`. Only this file makes a `PasswordOk`, and only that
//! opens a session (`login`) or changes one (`password`, `reauth`). A second factor is one more link.
//!
//! The order is the same for every kind of failure and takes the same time: the account's wait, the
//! guesser's bucket, one hash, one transaction that counts.

use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::crypto::hash_pool::Lane;
use crate::crypto::password::{self, Verdict};
use crate::crypto::stored_hash::StoredHash;
use crate::domain::client::Client;
use crate::domain::email::EmailKey;
use crate::domain::event::{Event, Kind};
use crate::domain::hash::{DeviceHash, FoldHash};
use crate::domain::lockout::Failures;
use crate::domain::password::{PasswordHash, Typed};
use crate::domain::user::Status;
use crate::ops::ctx::Ctx;
use crate::ops::error::Error;
use crate::ops::guesses::Guesser;
use crate::store;
use crate::store::op::Op;
use crate::store::rows::{Rows, User};
use crate::store::tx::Tx;

/// Somebody who says who they are.
#[derive(Debug)]
pub struct Attempt<'a> {
    /// The account that they name.
    pub account: &'a EmailKey,
    /// The device cookie that they show.
    pub device: Option<DeviceHash>,
    /// From where.
    pub client: &'a Client,
    /// When.
    pub now: Timestamp,
    /// What a failure is called in the events.
    pub failure: Kind,
}

/// Somebody whose password was right, with the state that it was right for.
#[derive(Debug)]
pub struct PasswordOk {
    user: UserId,
    version: i64,
    verified: PasswordHash,
    better: Option<(PasswordHash, u32)>,
    device: Option<DeviceHash>,
    bucket: FoldHash,
    free: u32,
    now: Timestamp,
}

/// What is known of an account before its password is looked at.
struct Known {
    user: Option<User>,
    failures: Failures,
    /// The device that they show, if this account knows it.
    device: Option<DeviceHash>,
}

impl Attempt<'_> {
    /// The bucket that this attempt counts in, as if the account did not know the device.
    fn bucket(&self, ctx: &Ctx, known: &Known) -> FoldHash {
        let guesser = known.device.map_or(Guesser::Address(self.client.address), Guesser::Device);
        ctx.guesses.bucket(guesser, self.account)
    }

    /// Asks. Every kind of failure is `InvalidCredentials`. The bucket comes back for the answer's headers.
    pub async fn check(self, ctx: &Ctx, typed: Typed) -> (FoldHash, Result<PasswordOk, Error>) {
        let fallback = ctx.guesses.bucket(Guesser::Address(self.client.address), self.account);
        let known = match self.look(ctx).await {
            Ok(known) => known,
            Err(error) => return (fallback, Err(error)),
        };
        let bucket = self.bucket(ctx, &known);
        let checked = self.check_known(ctx, typed, known, bucket).await;
        (bucket, checked)
    }

    async fn look(&self, ctx: &Ctx) -> Result<Known, Error> {
        let (account, device) = (self.account.clone(), self.device);
        let read = move |rows: &dyn Rows| {
            let user = rows.user_by_email(&account)?;
            let known = match (&user, device) {
                (Some(user), Some(device)) => rows.device(user.id, device)?,
                _ => None,
            };
            Ok((user, known))
        };
        let (user, known) = ctx.store.read(read).await?;
        let failures = match (known, &user) {
            (Some(failures), _) => failures,
            (None, Some(user)) => user.failures,
            (None, None) => ctx.guesses.unknown_failures(ctx.guesses.unknown_name(self.account)),
        };
        Ok(Known { user, failures, device: self.device.filter(|_| known.is_some()) })
    }

    async fn check_known(&self, ctx: &Ctx, typed: Typed, known: Known, bucket: FoldHash) -> Result<PasswordOk, Error> {
        let free = ctx.config.limits.account_failures;
        if let Some(wait) = known.failures.wait(free, self.now) {
            return Err(Error::TooManyAttempts { wait });
        }
        ctx.guesses.take(bucket, self.now).map_err(|wait| Error::TooManyAttempts { wait })?;
        let lane = if known.device.is_some() { Lane::Known } else { Lane::Stranger };
        let stored = known.user.as_ref().and_then(|user| user.password.as_ref());
        let stored = stored.map(|(hash, _)| PasswordHash::new(hash.clone()));
        let hashed = hash(ctx, lane, typed, stored.clone()).await;
        let (verdict, better) = hashed.inspect_err(|_| ctx.guesses.give_back(bucket))?;
        if let Verdict::Unreadable(error) = &verdict {
            tracing::error!(user = ?known.user.as_ref().map(|user| user.id), %error, "a stored password hash can't be read");
        }
        match (known.user, stored, verdict) {
            (Some(user), Some(verified), Verdict::Right) if user.status == Status::Active => Ok(PasswordOk {
                user: user.id,
                version: user.version,
                verified,
                better,
                device: known.device,
                bucket,
                free,
                now: self.now,
            }),
            (user, ..) => self.fail(ctx, user.map(|user| user.id), known.device, bucket).await,
        }
    }

    /// Counts the failure, on disk where the account is real.
    async fn fail(
        &self,
        ctx: &Ctx,
        user: Option<UserId>,
        device: Option<DeviceHash>,
        bucket: FoldHash,
    ) -> Result<PasswordOk, Error> {
        if user.is_none() {
            ctx.guesses.unknown_failed(ctx.guesses.unknown_name(self.account), self.now);
        }
        let mut event = Event::new(self.now, self.failure).client(self.client);
        event.user = user;
        event.fold = Some(bucket);
        let free = ctx.config.limits.account_failures;
        ctx.store.submit(Fail { user, device, free, event, now: self.now }).await?;
        Err(Error::InvalidCredentials)
    }
}

/// One check in the pool; where it is right and the stored hash is of an older form or a lower cost, the
/// hash that takes its place.
async fn hash(
    ctx: &Ctx,
    lane: Lane,
    typed: Typed,
    stored: Option<PasswordHash>,
) -> Result<(Verdict, Option<(PasswordHash, u32)>), Error> {
    let (highest, cost) = (ctx.equal_cost(), ctx.cost());
    let salt = crate::base::entropy::bytes(ctx.entropy.as_ref())?;
    let work = move || {
        let verdict = password::verify(&typed, stored.as_ref(), highest);
        let old = stored.as_ref().and_then(|stored| StoredHash::parse(stored.as_str()).ok());
        let better = match (&verdict, old) {
            (Verdict::Right, Some(old)) if old.needs_rehash(cost, &typed) => {
                Some((password::rehash(&typed, cost, salt), u32::from(cost.get())))
            }
            _ => None,
        };
        (verdict, better)
    };
    Ok(ctx.pool.submit(lane, work)?.await?)
}

impl PasswordOk {
    /// Whose it was.
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// In the transaction that acts: the user, if all is still as it was when the password was right, with
    /// their failures forgotten and a better hash in place of an old one. A wait that began meanwhile holds.
    pub(super) fn confirm(&self, tx: &mut dyn Tx) -> Result<User, Error> {
        let user = tx.user(self.user)?.ok_or(Error::InvalidCredentials)?;
        let same_hash = user.password.as_ref().is_some_and(|(hash, _)| hash == self.verified.as_str());
        if user.status != Status::Active || user.version != self.version || !same_hash {
            return Err(Error::InvalidCredentials);
        }
        let failures = match self.device {
            Some(device) => tx.device(user.id, device)?.unwrap_or(user.failures),
            None => user.failures,
        };
        if let Some(wait) = failures.wait(self.free, self.now) {
            return Err(Error::TooManyAttempts { wait });
        }
        let mut after = user.clone();
        match self.device {
            Some(device) => tx.set_device_failures(user.id, device, Failures::default())?,
            None => after.failures = Failures::default(),
        }
        if let Some((hash, cost)) = &self.better {
            after.password = Some((hash.as_str().to_owned(), *cost));
        }
        if after != user && !tx.update_user(&user, &after)? {
            return Err(Error::InvalidCredentials);
        }
        Ok(after)
    }

    /// After the commit: the guesser's count is cleared.
    pub(super) fn clear(&self, ctx: &Ctx) {
        ctx.guesses.clear(self.bucket);
        if let Some((_, cost)) = &self.better {
            ctx.saw_cost(*cost);
        }
    }
}

/// Counts a failure. While the account waits nothing counts.
struct Fail {
    user: Option<UserId>,
    device: Option<DeviceHash>,
    free: u32,
    event: Event,
    now: Timestamp,
}

impl Op for Fail {
    type Out = ();

    fn run(&self, tx: &mut dyn Tx) -> Result<(), store::error::Error> {
        tx.record(&self.event)?;
        let Some(user) = self.user.map(|id| tx.user(id)).transpose()?.flatten() else { return Ok(()) };
        if let Some(device) = self.device
            && let Some(failures) = tx.device(user.id, device)?
        {
            if failures.wait(self.free, self.now).is_none() {
                tx.set_device_failures(user.id, device, failures.more(self.now))?;
            }
        } else if user.failures.wait(self.free, self.now).is_none() {
            let after = User { failures: user.failures.more(self.now), ..user.clone() };
            tx.update_user(&user, &after)?;
        }
        Ok(())
    }
}

/// Hashes a new password on the strangers' lane or, for who is signed in, on the other.
pub(super) async fn hash_new(
    ctx: &Ctx,
    lane: Lane,
    new: crate::domain::password::NewPassword,
) -> Result<(String, u32), Error> {
    let cost = ctx.cost();
    let salt = crate::base::entropy::bytes(ctx.entropy.as_ref())?;
    let hash = ctx.pool.submit(lane, move || password::hash(&new, cost, salt))?.await?;
    ctx.saw_cost(cost.get().into());
    Ok((hash.as_str().to_owned(), cost.get().into()))
}
