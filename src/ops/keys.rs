//! Signing keys: makes what is missing, begins new ones, and takes up what another process began. Beside the key
//! that signs access tokens stands the next one, published from the day it was made.

use std::sync::PoisonError;

use crate::base::entropy::Entropy;
use crate::base::id::DatabaseId;
use crate::base::time::{Timestamp, Ttl};
use crate::crypto::dev_keys;
use crate::crypto::hs256::Hs256Secret;
use crate::crypto::keys::{BadKeyring, Keyring};
use crate::crypto::new_key::{NewKey, NoKey};
use crate::crypto::seal::{CantSeal, MasterKey};
use crate::domain::event::{Event, Kind};
use crate::domain::key::{Algorithm, KeyUse, SealedKey, live, signing};
use crate::ops::ctx::Ctx;
use crate::store;
use crate::store::op::Op;
use crate::store::tx::Tx;

/// Why keys could not be made or opened.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Not made.
    #[error(transparent)]
    NoKey(#[from] NoKey),
    /// Not sealed.
    #[error(transparent)]
    CantSeal(#[from] CantSeal),
    /// Not opened.
    #[error(transparent)]
    BadKeyring(#[from] BadKeyring),
    /// Not stored or read.
    #[error(transparent)]
    Store(#[from] store::error::Error),
}

/// Writes new keys, and retires those that they take the place of.
pub struct PutKeys {
    new: Vec<SealedKey>,
    retired: Retired,
    event: bool,
    now: Timestamp,
}

enum Retired {
    /// All that sign or would, of the uses for which there are new ones.
    All,
    /// Those of these names, unless another process did it meanwhile.
    Named(Vec<String>),
}

impl PutKeys {
    fn retires(&self, key: &SealedKey) -> bool {
        key.is_live()
            && match &self.retired {
                Retired::All => self.new.iter().any(|new| new.purpose == key.purpose),
                Retired::Named(kids) => kids.contains(&key.kid),
            }
    }
}

impl Op for PutKeys {
    type Out = ();

    fn run(&self, tx: &mut dyn Tx) -> Result<(), store::error::Error> {
        for key in tx.keys()?.iter().filter(|key| self.retires(key)) {
            tx.retire_key(&key.kid, self.now)?;
        }
        for new in &self.new {
            tx.insert_key(new)?;
        }
        if self.event {
            tx.record(&Event::new(self.now, Kind::KeysRotated))?;
        }
        Ok(())
    }
}

/// Makes keys, sealed for one database.
pub struct KeyMaker<'a> {
    /// Seals them.
    pub master: &'a MasterKey,
    /// For which database.
    pub database: DatabaseId,
    /// When.
    pub now: Timestamp,
    /// Gives chance.
    pub entropy: &'a dyn Entropy,
    /// Whether they are those of the development stub.
    pub dev: bool,
}

impl KeyMaker<'_> {
    fn seal(&self, key: NewKey, at: Timestamp) -> Result<SealedKey, KeyError> {
        Ok(key.seal(self.master, self.database, at, self.entropy)?)
    }

    fn new_key(&self, key: NewKey, at: Timestamp) -> Result<SealedKey, KeyError> {
        self.seal(if self.dev { key.for_dev() } else { key }, at)
    }

    fn refresh(&self) -> Result<SealedKey, KeyError> {
        self.new_key(NewKey::refresh(self.entropy)?, self.now)
    }

    /// One that waits behind this key, whatever the clock says by now.
    fn next(&self, algorithm: Algorithm, signs: &SealedKey) -> Result<SealedKey, KeyError> {
        let at = self.now.max(signs.created_at + Ttl::from_millis(1));
        self.new_key(NewKey::access(algorithm, self.entropy)?, at)
    }

    /// One that signs at once and one that is to follow it; the stub has none that waits, since who changes its
    /// keys wants to see how an application finds a new one. None where the settings hold the secret.
    fn access(&self, algorithm: Algorithm) -> Result<Vec<SealedKey>, KeyError> {
        if self.dev {
            return Ok(vec![self.new_key(NewKey::access(algorithm, self.entropy)?, self.now)?]);
        }
        if algorithm == Algorithm::HS256 {
            return Ok(Vec::new());
        }
        let signs = self.new_key(NewKey::access(algorithm, self.entropy)?, self.now)?;
        let next = self.next(algorithm, &signs)?;
        Ok(vec![signs, next])
    }

    /// The keys that are missing: a refresh secret, a key of the setting's algorithm, and the one to follow it. An
    /// HS256 secret comes from the settings and is never stored; in the stub all are known beforehand.
    pub fn missing(&self, have: &[SealedKey], algorithm: Algorithm) -> Result<PutKeys, KeyError> {
        let (mut new, mut retired) = (Vec::new(), Vec::new());
        if signing(have, KeyUse::Refresh).is_none() {
            new.push(if self.dev { self.seal(dev_keys::refresh(), self.now)? } else { self.refresh()? });
        }
        let live = live(have, KeyUse::Access);
        match live.iter().filter(|key| key.algorithm == algorithm).collect::<Vec<_>>()[..] {
            [] if self.dev => new.push(self.seal(dev_keys::access(algorithm), self.now)?),
            [] => new.extend(self.access(algorithm)?),
            [signs] if !self.dev => new.push(self.next(algorithm, signs)?),
            _ => {}
        }
        if new.iter().any(|key| key.purpose == KeyUse::Access) {
            retired.extend(kids(live.into_iter().filter(|key| key.algorithm != algorithm)));
        }
        Ok(PutKeys { new, retired: Retired::Named(retired), event: false, now: self.now })
    }

    /// The key that waited signs from now on, and a new one waits. The refresh secret, of which nobody else knows, is
    /// a new one at once. The old ones still check tokens, until the last of those has run out.
    pub fn rotation(&self, have: &[SealedKey], algorithm: Algorithm) -> Result<PutKeys, KeyError> {
        let (refresh, live) = (live(have, KeyUse::Refresh), live(have, KeyUse::Access));
        let [signs, .., newest] = live[..] else { return self.all_new(algorithm) };
        if live.iter().any(|key| key.algorithm != algorithm) {
            return self.all_new(algorithm);
        }
        let retired = Retired::Named(kids(refresh.into_iter().chain([signs])));
        let new = vec![self.refresh()?, self.next(algorithm, newest)?];
        Ok(PutKeys { new, retired, event: true, now: self.now })
    }

    /// New keys that sign at once, in place of all that there are. The old ones still check tokens, until the last
    /// of those has run out.
    pub fn all_new(&self, algorithm: Algorithm) -> Result<PutKeys, KeyError> {
        let mut new = vec![self.refresh()?];
        new.extend(self.access(algorithm)?);
        Ok(PutKeys { new, retired: Retired::All, event: true, now: self.now })
    }
}

fn kids<'a>(keys: impl Iterator<Item = &'a SealedKey>) -> Vec<String> {
    keys.map(|key| key.kid.clone()).collect()
}

impl PutKeys {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.new.is_empty()
    }
}

/// Opens the keys of a server in earnest, or those of the development stub.
pub(super) fn open(
    sealed: &[SealedKey],
    master: &MasterKey,
    database: DatabaseId,
    hs256: Option<&Hs256Secret>,
    dev: bool,
) -> Result<Keyring, KeyError> {
    let ring =
        if dev { Keyring::open_dev(sealed, master, database) } else { Keyring::open(sealed, master, database, hs256) };
    Ok(ring?)
}

/// Takes up the keys that another process has written.
pub async fn reload(ctx: &Ctx) -> Result<(), KeyError> {
    let sealed = ctx.store.read(|rows| rows.keys()).await?;
    let ring = open(&sealed, &ctx.keys.master, ctx.database, ctx.keys.hs256.as_ref(), ctx.dev.is_some())?;
    *ctx.keys.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::entropy::SystemEntropy;
    use crate::crypto::sample;

    fn maker(entropy: &dyn Entropy, secs: i64) -> KeyMaker<'_> {
        let now = Timestamp::from_secs(secs);
        KeyMaker { master: Box::leak(Box::new(sample::master())), database: sample::DATABASE, now, entropy, dev: false }
    }

    fn put(keys: &mut Vec<SealedKey>, change: PutKeys) {
        for key in keys.iter_mut().filter(|key| change.retires(key)) {
            key.retired_at = Some(change.now);
        }
        keys.extend(change.new);
    }

    fn states(keys: &[SealedKey]) -> (String, Vec<String>) {
        let signs = signing(keys, KeyUse::Access).unwrap().kid.clone();
        let next =
            live(keys, KeyUse::Access).into_iter().map(|key| key.kid.clone()).filter(|kid| *kid != signs).collect();
        (signs, next)
    }

    #[test]
    fn the_next_key_waits_its_turn_though_the_clock_was_set_back() {
        let (entropy, mut keys) = (SystemEntropy::default(), Vec::new());
        put(&mut keys, maker(&entropy, 1_000).missing(&[], Algorithm::ES256).unwrap());
        for secs in [500, 400, 2_000] {
            let (_, next) = states(&keys);
            let change = maker(&entropy, secs).rotation(&keys, Algorithm::ES256).unwrap();
            put(&mut keys, change);
            let (signs, waits) = states(&keys);
            assert_eq!((next, waits.len()), (vec![signs], 1), "at {secs}");
            assert!(maker(&entropy, secs).missing(&keys, Algorithm::ES256).unwrap().is_empty());
        }
    }

    #[test]
    fn two_rotations_at_once_let_only_published_keys_sign() {
        let (entropy, mut keys) = (SystemEntropy::default(), Vec::new());
        put(&mut keys, maker(&entropy, 1).missing(&[], Algorithm::ES256).unwrap());
        let (_, next) = states(&keys);
        let both = [2, 3].map(|secs| maker(&entropy, secs).rotation(&keys, Algorithm::ES256).unwrap());
        for change in both {
            put(&mut keys, change);
        }
        let (signs, waits) = states(&keys);
        assert_eq!((vec![signs], waits.len()), (next, 2));
        let change = maker(&entropy, 4).rotation(&keys, Algorithm::ES256).unwrap();
        put(&mut keys, change);
        let (signs, _) = states(&keys);
        assert_eq!(Some(&signs), waits.first());
    }

    #[test]
    fn another_algorithm_begins_with_keys_of_its_own() {
        let (entropy, mut keys) = (SystemEntropy::default(), Vec::new());
        let mut secs = 0;
        for (algorithm, count) in [
            (Algorithm::ES256, 2),
            (Algorithm::EdDSA, 2),
            (Algorithm::HS256, 2),
            (Algorithm::EdDSA, 2),
            (Algorithm::ES256, 2),
        ] {
            secs += 1;
            let change = maker(&entropy, secs).missing(&keys, algorithm).unwrap();
            put(&mut keys, change);
            assert_eq!(live(&keys, KeyUse::Access).len(), count);
            if algorithm != Algorithm::HS256 {
                assert!(live(&keys, KeyUse::Access).iter().all(|key| key.algorithm == algorithm));
            }
        }
        let change = maker(&entropy, 9).rotation(&keys, Algorithm::EdDSA).unwrap();
        put(&mut keys, change);
        assert!(live(&keys, KeyUse::Access).iter().all(|key| key.algorithm == Algorithm::EdDSA));
    }
}
