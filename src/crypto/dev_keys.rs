//! The keys of the development stub: the same for everybody, published with the source, and worth nothing.
//!
//! Their names begin with [`PREFIX`], and a ring of a server in earnest refuses every key that is named so.

use crate::base::secret::Secret;
use crate::crypto::new_key::NewKey;
use crate::crypto::seal::MasterKey;
use crate::domain::key::{Algorithm, KeyUse};

/// What the name of every key of the stub begins with.
pub const PREFIX: &str = "dev-";

/// Seals them: so that a stub's database opens on any machine, and nothing else does.
const MASTER: [u8; 32] = *b"doorward dev: this is no secret.";

/// For HMAC, under access tokens and under refresh tokens.
const HS256: &[u8; 40] = b"doorward dev: HS256, known to everybody.";
const REFRESH: &[u8; 32] = b"doorward dev: refresh, no secret";

/// What takes the place of `doorward.key`.
pub fn master() -> MasterKey {
    MasterKey::new(Secret::new(MASTER))
}

/// The key of an algorithm.
pub fn access(algorithm: Algorithm) -> NewKey {
    let (kid, secret) = known(algorithm);
    NewKey::known(kid, KeyUse::Access, algorithm, secret)
}

/// Its name, and the secret that is none.
pub(super) const fn known(algorithm: Algorithm) -> (&'static str, &'static [u8]) {
    match algorithm {
        Algorithm::ES256 => ("dev-es256", include_bytes!("dev_keys/es256.der")),
        Algorithm::EdDSA => ("dev-eddsa", include_bytes!("dev_keys/eddsa.der")),
        Algorithm::RS256 => ("dev-rs256", include_bytes!("dev_keys/rs256.der")),
        Algorithm::HS256 => ("dev-hs256", HS256),
    }
}

/// The secret of refresh tokens.
pub fn refresh() -> NewKey {
    NewKey::known("dev-refresh", KeyUse::Refresh, Algorithm::HS256, REFRESH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::entropy::SystemEntropy;
    use crate::base::time::Timestamp;
    use crate::crypto::keys::{BadKeyring, Keyring};
    use crate::crypto::sample::DATABASE;

    #[test]
    fn each_key_signs_in_the_stub_and_none_in_earnest() {
        let entropy = SystemEntropy::default();
        for algorithm in [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256, Algorithm::HS256] {
            let now = Timestamp::from_secs(0);
            let keys = [access(algorithm), refresh()].map(|key| key.seal(&master(), DATABASE, now, &entropy).unwrap());
            let ring = Keyring::open_dev(&keys, &master(), DATABASE).unwrap();
            assert!(ring.access_kid().starts_with(PREFIX) && ring.refresh_key().kid().starts_with(PREFIX));
            let refused = Keyring::open(&keys, &master(), DATABASE, None).unwrap_err();
            assert!(matches!(refused, BadKeyring::Dev { .. }), "{refused}");
        }
    }

    #[test]
    fn a_key_that_is_begun_later_is_named_as_one_of_the_stub() {
        let key = NewKey::access(Algorithm::ES256, &SystemEntropy::default()).unwrap().for_dev();
        let key = key.seal(&master(), DATABASE, Timestamp::from_secs(0), &SystemEntropy::default()).unwrap();
        assert!(key.kid.starts_with("dev-") && key.kid.len() == 20);
    }
}
