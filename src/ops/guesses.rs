//! Counts guesses in memory: a bucket for each guesser and account, and the failures of names that are
//! nobody's. Both tables are bounded: where they are full something old goes, and nobody is locked out.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_lc_rs::hmac;
use tokio::sync::Notify;

use crate::base::entropy::{Entropy, NoEntropy, bytes};
use crate::base::time::{Timestamp, Ttl};
use crate::domain::email::EmailKey;
use crate::domain::hash::{DeviceHash, FoldHash};
use crate::domain::lockout::{Failures, Rate};

/// How many guessers and accounts, and how many unknown names, are remembered at the most.
const MAX_ENTRIES: usize = 65_536;

/// The tables, and the key of this process under which they are kept.
pub struct Guesses {
    key: hmac::Key,
    rate: Rate,
    buckets: Mutex<HashMap<FoldHash, Bucket>>,
    /// Rung when a guess has been looked at.
    looked: Notify,
    unknown: Mutex<HashMap<FoldHash, Failures>>,
}

struct Bucket {
    /// Whose password is guessed.
    name: FoldHash,
    /// When all is back. None where nothing counts.
    empty_at: Option<Timestamp>,
    /// How many are being looked at right now.
    open: u32,
}

/// A guess that was taken, and is being looked at until this is dropped.
pub struct Taken {
    guesses: Arc<Guesses>,
    bucket: FoldHash,
}

/// Why none can be taken.
#[derive(Debug, PartialEq, Eq)]
enum Full {
    /// Too many were wrong: one comes back after so long.
    Spent(Ttl),
    /// Some are being looked at. What is right costs nothing, and makes room.
    Open,
}

/// Who guesses.
#[derive(Clone, Copy, Debug)]
pub enum Guesser {
    /// A browser that has signed in to this account before.
    Device(DeviceHash),
    /// Anybody else, by address; IPv6 by its /64.
    Address(IpAddr),
}

/// How far a bucket is spent: what the `RateLimit` header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spent {
    /// The limit.
    pub rate: Rate,
    /// How many are left at once.
    pub remaining: u32,
    /// Until one more comes back.
    pub reset: Ttl,
}

impl Guesses {
    /// Empty tables under a fresh key.
    pub fn new(rate: Rate, entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes::<32>(entropy)?);
        Ok(Self { key, rate, buckets: Mutex::default(), looked: Notify::new(), unknown: Mutex::default() })
    }

    /// The bucket of a guesser and an account.
    pub fn bucket(&self, guesser: Guesser, account: &EmailKey) -> FoldHash {
        let who = match guesser {
            Guesser::Device(hash) => [b"device\0".as_slice(), hash.as_bytes()].concat(),
            Guesser::Address(address) => [b"address\0".as_slice(), &place(address)].concat(),
        };
        self.hash(&[who.as_slice(), b"\0", account.as_str().as_bytes()].concat())
    }

    /// The name under which guesses at an account stand, be it there or not.
    pub fn name_of(&self, account: &EmailKey) -> FoldHash {
        self.hash(&[b"name\0", account.as_str().as_bytes()].concat())
    }

    fn hash(&self, bytes: &[u8]) -> FoldHash {
        let mut out = [0; 32];
        out.copy_from_slice(hmac::sign(&self.key, bytes).as_ref());
        FoldHash::from_bytes(out)
    }

    fn buckets(&self) -> MutexGuard<'_, HashMap<FoldHash, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one guess, before the password is looked at, so that guesses side by side count too. Where those that
    /// are being looked at are all that is left, it waits for one of them: it may be right and cost nothing.
    pub async fn take(self: &Arc<Self>, bucket: FoldHash, account: &EmailKey, now: Timestamp) -> Result<Taken, Ttl> {
        loop {
            let mut looked = std::pin::pin!(self.looked.notified());
            looked.as_mut().enable();
            match self.try_take(bucket, account, now) {
                Ok(()) => return Ok(Taken { guesses: Arc::clone(self), bucket }),
                Err(Full::Spent(wait)) => return Err(wait),
                Err(Full::Open) => looked.await,
            }
        }
    }

    fn try_take(&self, bucket: FoldHash, account: &EmailKey, now: Timestamp) -> Result<(), Full> {
        let mut buckets = self.buckets();
        make_room(&mut buckets, &bucket, |bucket| bucket.empty_at);
        let new = || Bucket { name: self.name_of(account), empty_at: None, open: 0 };
        let bucket = buckets.entry(bucket).or_insert_with(new);
        let full = |wait| if bucket.open > 0 { Full::Open } else { Full::Spent(wait) };
        bucket.empty_at = Some(self.rate.take(bucket.empty_at, now).map_err(full)?);
        bucket.open += 1;
        Ok(())
    }

    /// Forgets what was guessed of an account, by whomever: it has another password, or was unlocked.
    pub fn forgive(&self, account: &EmailKey) {
        let name = self.name_of(account);
        self.buckets().retain(|_, bucket| bucket.name != name);
    }

    /// How far a bucket is spent.
    pub fn spent(&self, bucket: FoldHash, now: Timestamp) -> Spent {
        let empty_at = self.buckets().get(&bucket).and_then(|bucket| bucket.empty_at);
        let (remaining, reset) = (self.rate.remaining(empty_at, now), self.rate.next_back(empty_at, now));
        Spent { rate: self.rate, remaining, reset }
    }

    /// The failures of a name that is nobody's.
    pub fn unknown_failures(&self, name: FoldHash) -> Failures {
        self.unknown.lock().unwrap_or_else(PoisonError::into_inner).get(&name).copied().unwrap_or_default()
    }

    /// One more failure of a name that is nobody's. While it waits nothing counts, and the wait comes back,
    /// as for an account that is there.
    pub fn unknown_failed(&self, name: FoldHash, free: u32, now: Timestamp) -> Option<Ttl> {
        let mut unknown = self.unknown.lock().unwrap_or_else(PoisonError::into_inner);
        make_room(&mut unknown, &name, |failures| failures.last);
        let failures = unknown.entry(name).or_default();
        let wait = failures.wait(free, now);
        if wait.is_none() {
            *failures = failures.more(now);
        }
        wait
    }

    /// Forgets all guesses.
    pub fn forget(&self) {
        self.buckets().clear();
        self.unknown.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Forgets the buckets that are empty by now.
    pub fn prune(&self, now: Timestamp) {
        let mut buckets = self.buckets();
        buckets.retain(|_, bucket| bucket.open > 0 || bucket.empty_at.is_some_and(|empty_at| empty_at > now));
        buckets.shrink_to_fit();
    }
}

impl Taken {
    /// The password was not looked at.
    pub fn give_back(self) {
        if let Some(bucket) = self.guesses.buckets().get_mut(&self.bucket) {
            bucket.empty_at = bucket.empty_at.map(|empty_at| empty_at - self.guesses.rate.interval());
        }
    }

    /// A good sign-in costs nothing and clears its own count.
    pub fn clear(&self) {
        if let Some(bucket) = self.guesses.buckets().get_mut(&self.bucket) {
            bucket.empty_at = None;
        }
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut buckets = self.guesses.buckets();
        if let Some(bucket) = buckets.get_mut(&self.bucket) {
            bucket.open = bucket.open.saturating_sub(1);
            if bucket.open == 0 && bucket.empty_at.is_none() {
                buckets.remove(&self.bucket);
            }
        }
        drop(buckets);
        self.guesses.looked.notify_waiters();
    }
}

impl std::fmt::Debug for Taken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Taken").field(&self.bucket).finish()
    }
}

/// Where the table is full, the eighth that is oldest goes.
fn make_room<K: Eq + Hash + Copy, V, O: Ord>(table: &mut HashMap<K, V>, key: &K, age: impl Fn(&V) -> O) {
    if table.len() < MAX_ENTRIES || table.contains_key(key) {
        return;
    }
    let mut by_age: Vec<(O, K)> = table.iter().map(|(key, value)| (age(value), *key)).collect();
    let eighth = by_age.len() / 8;
    let (old, ..) = by_age.select_nth_unstable_by(eighth, |a, b| a.0.cmp(&b.0));
    for (_, key) in old {
        table.remove(key);
    }
}

/// An IPv4 address, or the /64 of an IPv6 one.
fn place(address: IpAddr) -> Vec<u8> {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().into_iter().take(8).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::entropy::SystemEntropy;
    use crate::domain::email::Email;

    fn guesses() -> Guesses {
        Guesses::new(Rate { burst: 2, window: Ttl::from_secs(10) }, &SystemEntropy::default()).unwrap()
    }

    #[tokio::test]
    async fn guesses_side_by_side_count_and_one_given_back_does_not() {
        let (guesses, now) = (Arc::new(guesses()), Timestamp::from_secs(100));
        let ann = Email::parse("ann@example.com").unwrap();
        let bucket = guesses.bucket(Guesser::Address("192.0.2.1".parse().unwrap()), ann.key());
        assert_eq!(guesses.spent(bucket, now).remaining, 2);
        let first = guesses.take(bucket, ann.key(), now).await.unwrap();
        let second = guesses.take(bucket, ann.key(), now).await.unwrap();
        assert_eq!(guesses.try_take(bucket, ann.key(), now), Err(Full::Open));
        first.give_back();
        assert_eq!(guesses.spent(bucket, now).remaining, 1);
        let third = guesses.take(bucket, ann.key(), now).await.unwrap();
        drop((second, third));
        assert_eq!(guesses.take(bucket, ann.key(), now).await.unwrap_err(), Ttl::from_secs(5));
        guesses.forgive(Email::parse("bob@example.com").unwrap().key());
        assert_eq!(guesses.spent(bucket, now).remaining, 0);
        guesses.forgive(ann.key());
        assert_eq!(guesses.spent(bucket, now).remaining, 2);
    }

    #[tokio::test]
    async fn one_that_waits_goes_on_when_one_was_right_and_is_refused_when_all_were_wrong() {
        for is_right in [true, false] {
            let (guesses, now) = (Arc::new(guesses()), Timestamp::from_secs(100));
            let ann = Email::parse("ann@example.com").unwrap();
            let bucket = guesses.bucket(Guesser::Address("192.0.2.1".parse().unwrap()), ann.key());
            let first = guesses.take(bucket, ann.key(), now).await.unwrap();
            let second = guesses.take(bucket, ann.key(), now).await.unwrap();
            let third = guesses.take(bucket, ann.key(), now);
            let looked = async {
                tokio::task::yield_now().await;
                if is_right {
                    first.clear();
                }
                drop(first);
                tokio::task::yield_now().await;
                drop(second);
            };
            let (third, ()) = tokio::join!(third, looked);
            assert_eq!(third.is_ok(), is_right);
            drop(third);
            assert_eq!(guesses.buckets().get(&bucket).map(|bucket| bucket.open), Some(0));
        }
    }

    #[test]
    fn addresses_of_one_64_share_a_bucket_and_names_do_not() {
        let guesses = guesses();
        let bucket = |address: &str, name: &str| {
            guesses.bucket(Guesser::Address(address.parse().unwrap()), Email::parse(name).unwrap().key())
        };
        assert_eq!(bucket("2001:db8::1", "a@b.c"), bucket("2001:db8::2", "A@B.C"));
        assert_ne!(bucket("2001:db8::1", "a@b.c"), bucket("2001:db8:0:1::1", "a@b.c"));
        assert_ne!(bucket("192.0.2.1", "a@b.c"), bucket("192.0.2.1", "b@b.c"));
        assert_eq!(bucket("::ffff:192.0.2.1", "a@b.c"), bucket("192.0.2.1", "a@b.c"));
    }

    #[test]
    fn a_full_table_forgets_the_old_and_stays_bounded() {
        let guesses = guesses();
        for number in 0..(MAX_ENTRIES + 1_000) {
            let name = guesses.hash(&number.to_be_bytes());
            guesses.unknown_failed(name, 10, Timestamp::from_secs(i64::try_from(number).unwrap()));
        }
        assert!(guesses.unknown.lock().unwrap().len() <= MAX_ENTRIES);
        let newest = guesses.hash(&(MAX_ENTRIES + 999).to_be_bytes());
        assert_eq!(guesses.unknown_failures(newest).count, 1);
    }
}
