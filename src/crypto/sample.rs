//! Rings of keys for the tests of tokens.

use crate::base::entropy::SystemEntropy;
use crate::base::id::DatabaseId;
use crate::base::secret::Secret;
use crate::base::time::Timestamp;
use crate::crypto::keys::Keyring;
use crate::crypto::new_key::{NewKey, seal_purpose};
use crate::crypto::seal::{Label, MasterKey};
use crate::domain::key::{Algorithm, KeyUse, SealedKey};

pub(crate) const DATABASE: DatabaseId = DatabaseId::from_bytes([1; 16]);

pub(crate) fn master() -> MasterKey {
    MasterKey::new(Secret::new([1; 32]))
}

/// A new access key made at `secs`.
pub(crate) fn access(algorithm: Algorithm, secs: i64) -> SealedKey {
    seal(&NewKey::access(algorithm, &SystemEntropy::default()).unwrap(), secs)
}

/// A new refresh key made at `secs`.
pub(crate) fn refresh(secs: i64) -> SealedKey {
    seal(&NewKey::refresh(&SystemEntropy::default()).unwrap(), secs)
}

/// A row of any bytes.
pub(crate) fn row(purpose: KeyUse, algorithm: Algorithm, kid: &str, secret: &[u8]) -> SealedKey {
    let label = Label { purpose: &seal_purpose(purpose, algorithm), kid, database: DATABASE };
    SealedKey {
        kid: kid.to_owned(),
        purpose,
        algorithm,
        sealed: master().seal(label, secret, &SystemEntropy::default()).unwrap(),
        created_at: Timestamp::from_secs(0),
        retired_at: None,
    }
}

/// A ring of these keys.
pub(crate) fn open(keys: &[SealedKey]) -> Keyring {
    Keyring::open(keys, &master(), DATABASE, None).unwrap()
}

/// A ring with one new key of each kind.
pub(crate) fn ring(algorithm: Algorithm) -> Keyring {
    open(&[access(algorithm, 0), refresh(0)])
}

fn seal(key: &NewKey, secs: i64) -> SealedKey {
    key.seal(&master(), DATABASE, Timestamp::from_secs(secs), &SystemEntropy::default()).unwrap()
}
