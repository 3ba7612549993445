//! Signing keys: makes what is missing, begins new ones, and takes up what another process began.

use std::sync::PoisonError;

use crate::base::entropy::Entropy;
use crate::base::id::DatabaseId;
use crate::base::time::Timestamp;
use crate::crypto::dev_keys;
use crate::crypto::hs256::Hs256Secret;
use crate::crypto::keys::{BadKeyring, Keyring};
use crate::crypto::new_key::{NewKey, NoKey};
use crate::crypto::seal::{CantSeal, MasterKey};
use crate::domain::event::{Event, Kind};
use crate::domain::key::{Algorithm, KeyUse, SealedKey};
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
    event: bool,
    now: Timestamp,
}

impl Op for PutKeys {
    type Out = ();

    fn run(&self, tx: &mut dyn Tx) -> Result<(), store::error::Error> {
        let old = tx.keys()?;
        for new in &self.new {
            for key in old.iter().filter(|key| key.purpose == new.purpose && key.retired_at.is_none()) {
                tx.retire_key(&key.kid, self.now)?;
            }
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
    fn access(&self, algorithm: Algorithm) -> Result<SealedKey, KeyError> {
        let key = NewKey::access(algorithm, self.entropy)?;
        self.seal(if self.dev { key.for_dev() } else { key })
    }

    fn seal(&self, key: NewKey) -> Result<SealedKey, KeyError> {
        Ok(key.seal(self.master, self.database, self.now, self.entropy)?)
    }

    fn refresh(&self) -> Result<SealedKey, KeyError> {
        let key = NewKey::refresh(self.entropy)?;
        self.seal(if self.dev { key.for_dev() } else { key })
    }

    /// The keys that are missing: a refresh secret, and a key of the setting's algorithm. An HS256 secret
    /// comes from the settings and is never stored; in the stub all are known beforehand.
    pub fn missing(&self, have: &[SealedKey], algorithm: Algorithm) -> Result<PutKeys, KeyError> {
        let signs = |key: &&SealedKey| key.retired_at.is_none();
        let mut new = Vec::new();
        if !have.iter().filter(signs).any(|key| key.purpose == KeyUse::Refresh) {
            new.push(if self.dev { self.seal(dev_keys::refresh())? } else { self.refresh()? });
        }
        let fits = |key: &SealedKey| key.purpose == KeyUse::Access && key.algorithm == algorithm;
        if (self.dev || algorithm != Algorithm::HS256) && !have.iter().filter(signs).any(fits) {
            new.push(if self.dev { self.seal(dev_keys::access(algorithm))? } else { self.access(algorithm)? });
        }
        Ok(PutKeys { new, event: false, now: self.now })
    }

    /// A new key of each use. The old ones still check tokens, until the last of those has run out.
    pub fn rotation(&self, algorithm: Algorithm) -> Result<PutKeys, KeyError> {
        let mut new = vec![self.refresh()?];
        if self.dev || algorithm != Algorithm::HS256 {
            new.push(self.access(algorithm)?);
        }
        Ok(PutKeys { new, event: true, now: self.now })
    }
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
