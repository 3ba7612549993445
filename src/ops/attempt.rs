//! A password is asked: `Attempt -> PasswordOk`. Only this file makes a `PasswordOk`, and only that
//! opens a session (`login`) or changes one (`password`, `reauth`). A second factor is one more link.
//!
//! The order is the same for every kind of failure and takes the same time: the account's wait, the
//! guesser's bucket, one hash, one transaction that counts.

use std::sync::Arc;

use crate::base::entropy::bytes;
use crate::base::id::UserId;
use crate::base::time::{Timestamp, Ttl};
use crate::crypto::hash_pool::Lane;
use crate::crypto::password::{self, Verdict};
use crate::crypto::stored_hash::{Cost, StoredHash};
use crate::domain::client::Client;
use crate::domain::email::EmailKey;
use crate::domain::event::{Event, Kind};
use crate::domain::hash::{DeviceHash, FoldHash};
use crate::domain::lockout::Failures;
use crate::domain::password::{PasswordHash, Typed};
use crate::domain::user::Status;
use crate::ops::ctx::Ctx;
use crate::ops::error::Error;
use crate::ops::guesses::{Guesser, Taken};
use crate::store;
use crate::store::op::Op;
use crate::store::rows::{Rows, User};
use crate::store::sqlite::handle::Queued;
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
    taken: Taken,
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
    pub async fn check(self, ctx: &Arc<Ctx>, typed: Typed) -> (FoldHash, Result<PasswordOk, Error>) {
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
            (None, None) => ctx.guesses.unknown_failures(ctx.guesses.name_of(self.account)),
        };
        Ok(Known { user, failures, device: self.device.filter(|_| known.is_some()) })
    }

    async fn check_known(
        &self,
        ctx: &Arc<Ctx>,
        typed: Typed,
        known: Known,
        bucket: FoldHash,
    ) -> Result<PasswordOk, Error> {
        let free = ctx.config.limits.account_failures;
        if let Some(wait) = known.failures.wait(free, self.now) {
            return Err(Error::TooManyAttempts { wait });
        }
        let lane = if known.device.is_some() { Lane::Known } else { Lane::Stranger };
        let judge = self.judge(ctx, typed, &known, bucket)?;
        let taken = ctx.guesses.take(bucket, self.account, self.now).await;
        let taken = taken.map_err(|wait| Error::TooManyAttempts { wait })?;
        let looked = match look(ctx, lane, judge).await {
            Ok(looked) => looked,
            Err(error) => {
                taken.give_back();
                return Err(error);
            }
        };
        match (looked, known.user) {
            (Looked::Right { verified, better }, Some(user)) => Ok(PasswordOk {
                user: user.id,
                version: user.version,
                verified,
                better,
                device: known.device,
                taken,
                free,
                now: self.now,
            }),
            (Looked::Right { .. }, None) => Err(Error::InvalidCredentials),
            (Looked::Wrong { counted, wait }, _) => match counted?.done().await?.or(wait) {
                // What else was guessed meanwhile began a wait. Then nobody is told whether this one was right.
                Some(wait) => Err(Error::TooManyAttempts { wait }),
                None => Err(Error::InvalidCredentials),
            },
        }
    }

    fn judge(&self, ctx: &Arc<Ctx>, typed: Typed, known: &Known, bucket: FoldHash) -> Result<Judge, Error> {
        let user = known.user.as_ref();
        let mut event = Event::new(self.now, self.failure).client(self.client);
        event.user = user.map(|user| user.id);
        event.fold = Some(bucket);
        let free = ctx.config.limits.account_failures;
        Ok(Judge {
            ctx: Arc::clone(ctx),
            typed,
            stored: user.and_then(|user| user.password.as_ref()).map(|(hash, _)| PasswordHash::new(hash.clone())),
            is_active: user.is_some_and(|user| user.status == Status::Active),
            salt: bytes(ctx.entropy.as_ref())?,
            nobody: user.is_none().then(|| ctx.guesses.name_of(self.account)),
            fail: Fail { user: event.user, device: known.device, free, event, now: self.now },
        })
    }
}

/// A password that is to be looked at, on a thread that hashes. Whatever was looked at and is wrong counts
/// from there, so that nobody guesses for nothing by hanging up in time.
struct Judge {
    ctx: Arc<Ctx>,
    typed: Typed,
    stored: Option<PasswordHash>,
    is_active: bool,
    /// For the hash that takes the place of an older one.
    salt: [u8; 16],
    /// The name that is nobody's, for which the failure counts in memory.
    nobody: Option<FoldHash>,
    fail: Fail,
}

/// What a look at a password found.
enum Looked {
    /// It is right, and the account may sign in.
    Right {
        verified: PasswordHash,
        /// Takes its place, where it is of an older form or a lower cost.
        better: Option<(PasswordHash, u32)>,
    },
    /// It is not.
    Wrong {
        /// Comes to an end when it is counted; with the wait that the account was in by then.
        counted: Result<Queued<Option<Ttl>>, store::error::Error>,
        /// The wait that a name that is nobody's was in by then.
        wait: Option<Ttl>,
    },
}

impl Judge {
    fn look(self) -> Looked {
        let verdict = password::verify(&self.typed, self.stored.as_ref(), self.ctx.equal_cost());
        if let Verdict::Unreadable(error) = &verdict {
            tracing::error!(user = ?self.fail.user, %error, "a stored password hash can't be read");
        }
        match (verdict, self.stored) {
            (Verdict::Right, Some(verified)) if self.is_active => {
                let better = better(&self.typed, &verified, self.ctx.cost(), self.salt);
                Looked::Right { verified, better }
            }
            _ => {
                let Fail { free, now, .. } = self.fail;
                let wait = self.nobody.and_then(|name| self.ctx.guesses.unknown_failed(name, free, now));
                Looked::Wrong { counted: self.ctx.store.queue(self.fail), wait }
            }
        }
    }
}

async fn look(ctx: &Ctx, lane: Lane, judge: Judge) -> Result<Looked, Error> {
    Ok(ctx.pool.submit(lane, move || judge.look())?.await?)
}

/// The hash that takes the place of one of an older form or a lower cost.
fn better(typed: &Typed, verified: &PasswordHash, cost: Cost, salt: [u8; 16]) -> Option<(PasswordHash, u32)> {
    let old = StoredHash::parse(verified.as_str()).ok()?;
    old.needs_rehash(cost, typed).then(|| (password::rehash(typed, cost, salt), u32::from(cost.get())))
}

impl PasswordOk {
    /// Whose it was.
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// In the transaction that acts: the user, if all is still as it was when the password was right, with
    /// their failures forgotten and a better hash in place of an old one. A wait that began meanwhile holds.
    ///
    /// Another hash under the same version is that better one, of a sign-in beside this one: whatever changes
    /// the password raises the version.
    pub(super) fn confirm(&self, tx: &mut dyn Tx) -> Result<User, Error> {
        let user = tx.user(self.user)?.ok_or(Error::InvalidCredentials)?;
        let same_hash = user.password.as_ref().is_some_and(|(hash, _)| hash == self.verified.as_str());
        if user.status != Status::Active || user.version != self.version || user.password.is_none() {
            return Err(Error::InvalidCredentials);
        }
        let device = known_device(tx, user.id, self.device)?;
        let failures = device.map_or(user.failures, |(_, failures)| failures);
        if let Some(wait) = failures.wait(self.free, self.now) {
            return Err(Error::TooManyAttempts { wait });
        }
        let mut after = user.clone();
        match device {
            Some((device, _)) => tx.set_device_failures(user.id, device, Failures::default())?,
            None => after.failures = Failures::default(),
        }
        if let Some((hash, cost)) = self.better.as_ref().filter(|_| same_hash) {
            after.password = Some((hash.as_str().to_owned(), *cost));
        }
        if after != user && !tx.update_user(&user, &after)? {
            return Err(Error::InvalidCredentials);
        }
        Ok(after)
    }

    /// After the commit: the guesser's count is cleared.
    pub(super) fn clear(&self, ctx: &Ctx) {
        self.taken.clear();
        if let Some((_, cost)) = &self.better {
            ctx.saw_cost(*cost);
        }
    }
}

/// Counts a failure. While the account waits nothing counts, and the wait comes back: a guess that was made
/// beside others gets the same answer then whether it was right or wrong.
struct Fail {
    user: Option<UserId>,
    device: Option<DeviceHash>,
    free: u32,
    event: Event,
    now: Timestamp,
}

impl Op for Fail {
    type Out = Option<Ttl>;

    fn run(&self, tx: &mut dyn Tx) -> Result<Option<Ttl>, store::error::Error> {
        tx.record(&self.event)?;
        let Some(user) = self.user.map(|id| tx.user(id)).transpose()?.flatten() else { return Ok(None) };
        let device = known_device(tx, user.id, self.device)?;
        let failures = device.map_or(user.failures, |(_, failures)| failures);
        if let Some(wait) = failures.wait(self.free, self.now) {
            return Ok(Some(wait));
        }
        let failures = failures.more(self.now);
        if let Some((device, _)) = device {
            tx.set_device_failures(user.id, device, failures)?;
        } else {
            let after = User { failures, ..user.clone() };
            tx.update_user(&user, &after)?;
        }
        Ok(None)
    }
}

/// The device that was shown, as long as the account knows it: an administrator may have made it forget.
fn known_device(
    rows: &dyn Rows,
    user: UserId,
    device: Option<DeviceHash>,
) -> Result<Option<(DeviceHash, Failures)>, store::error::Error> {
    let Some(device) = device else { return Ok(None) };
    Ok(rows.device(user, device)?.map(|failures| (device, failures)))
}

/// Hashes a new password on the strangers' lane or, for who is signed in, on the other.
pub(super) async fn hash_new(
    ctx: &Ctx,
    lane: Lane,
    new: crate::domain::password::NewPassword,
) -> Result<(String, u32), Error> {
    let cost = ctx.cost();
    let salt = bytes(ctx.entropy.as_ref())?;
    let hash = ctx.pool.submit(lane, move || password::hash(&new, cost, salt))?.await?;
    ctx.saw_cost(cost.get().into());
    Ok((hash.as_str().to_owned(), cost.get().into()))
}
