//! Making signing keys, sealed before they go anywhere.

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::base::entropy::{Entropy, NoEntropy, bytes};
use crate::base::id::DatabaseId;
use crate::base::secret::Secret;
use crate::base::time::Timestamp;
use crate::crypto::dev_keys::PREFIX;
use crate::crypto::jwks::PublicKey;
use crate::crypto::seal::{CantSeal, Label, MasterKey};
use crate::domain::key::{Algorithm, KeyUse, SealedKey};

/// Characters of a key's name.
pub const KID_LEN: usize = 16;

/// A key that nobody has used yet.
#[derive(Debug)]
pub struct NewKey {
    kid: String,
    purpose: KeyUse,
    algorithm: Algorithm,
    secret: Secret<Vec<u8>>,
}

/// No key was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoKey {
    /// There is no chance to be had.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// The generator of key pairs failed.
    #[error("the system generates no key pair")]
    Failed,
}

impl NewKey {
    /// A key for access tokens: a key pair, named by the first characters of its thumbprint, or 32 random
    /// bytes for HMAC.
    pub fn access(algorithm: Algorithm, entropy: &dyn Entropy) -> Result<Self, NoKey> {
        if algorithm == Algorithm::HS256 {
            return Self::secret(KeyUse::Access, entropy);
        }
        let secret = pkcs8(algorithm).map_err(|_| NoKey::Failed)?;
        let public = PublicKey::of(algorithm, secret.expose()).map_err(|_| NoKey::Failed)?;
        let mut kid = public.thumbprint();
        kid.truncate(KID_LEN);
        Ok(Self { kid, purpose: KeyUse::Access, algorithm, secret })
    }

    /// A secret of 32 random bytes for refresh tokens.
    pub fn refresh(entropy: &dyn Entropy) -> Result<Self, NoKey> {
        Self::secret(KeyUse::Refresh, entropy)
    }

    /// A secret has a random name: a plain hash would tell something of it.
    fn secret(purpose: KeyUse, entropy: &dyn Entropy) -> Result<Self, NoKey> {
        let kid = URL_SAFE_NO_PAD.encode(bytes::<12>(entropy)?);
        let secret = Secret::new(bytes::<32>(entropy)?);
        Ok(Self { kid, purpose, algorithm: Algorithm::HS256, secret: Secret::new(secret.expose().to_vec()) })
    }

    /// A key that is known already: one of [`crate::crypto::dev_keys`].
    pub(super) fn known(kid: &str, purpose: KeyUse, algorithm: Algorithm, secret: &[u8]) -> Self {
        Self { kid: kid.to_owned(), purpose, algorithm, secret: Secret::new(secret.to_vec()) }
    }

    /// Named as a key of the development stub.
    pub fn for_dev(self) -> Self {
        Self { kid: format!("{PREFIX}{}", self.kid), ..self }
    }

    /// As its row holds it.
    pub fn seal(
        &self,
        master: &MasterKey,
        database: DatabaseId,
        now: Timestamp,
        entropy: &dyn Entropy,
    ) -> Result<SealedKey, CantSeal> {
        let label = Label { purpose: &seal_purpose(self.purpose, self.algorithm), kid: &self.kid, database };
        Ok(SealedKey {
            kid: self.kid.clone(),
            purpose: self.purpose,
            algorithm: self.algorithm,
            sealed: master.seal(label, self.secret.expose(), entropy)?,
            created_at: now,
            retired_at: None,
        })
    }
}

/// What a signing key is sealed for. It names the algorithm too, so that a row can't be given another.
pub fn seal_purpose(purpose: KeyUse, algorithm: Algorithm) -> String {
    format!("{} {}", purpose.word(), algorithm.word())
}

/// A new private key in the first version of PKCS#8, which every reader takes.
fn pkcs8(algorithm: Algorithm) -> Result<Secret<Vec<u8>>, aws_lc_rs::error::Unspecified> {
    let bytes = match algorithm {
        Algorithm::ES256 => EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?.to_pkcs8v1()?.as_ref().to_vec(),
        Algorithm::EdDSA => Ed25519KeyPair::generate()?.to_pkcs8v1()?.as_ref().to_vec(),
        Algorithm::RS256 => {
            let der: Pkcs8V1Der<'_> = RsaKeyPair::generate(KeySize::Rsa2048)?.as_der()?;
            der.as_ref().to_vec()
        }
        Algorithm::HS256 => return Err(aws_lc_rs::error::Unspecified),
    };
    Ok(Secret::new(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::entropy::SystemEntropy;

    const DATABASE: DatabaseId = DatabaseId::from_bytes([1; 16]);

    #[test]
    fn a_key_is_named_in_16_characters_and_hides_its_secret() {
        for algorithm in [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256, Algorithm::HS256] {
            let key = NewKey::access(algorithm, &SystemEntropy::default()).unwrap();
            assert_eq!((key.kid.len(), key.algorithm, key.purpose), (KID_LEN, algorithm, KeyUse::Access));
            assert!(format!("{key:?}").contains("[redacted]"));
            let other = NewKey::access(algorithm, &SystemEntropy::default()).unwrap();
            assert_ne!((key.kid, key.secret.expose()), (other.kid, other.secret.expose()));
        }
        let key = NewKey::refresh(&SystemEntropy::default()).unwrap();
        assert_eq!((key.secret.expose().len(), key.purpose), (32, KeyUse::Refresh));
    }

    #[test]
    fn a_key_pair_is_named_by_its_thumbprint() {
        let key = NewKey::access(Algorithm::ES256, &SystemEntropy::default()).unwrap();
        let public = PublicKey::of(Algorithm::ES256, key.secret.expose()).unwrap();
        assert!(public.thumbprint().starts_with(&key.kid));
    }

    #[test]
    fn an_ed25519_key_is_the_first_version_of_pkcs_8() {
        let key = NewKey::access(Algorithm::EdDSA, &SystemEntropy::default()).unwrap();
        assert_eq!(key.secret.expose().len(), 48);
    }

    #[test]
    fn a_key_is_sealed_for_its_use_and_its_algorithm() {
        let master = MasterKey::new(Secret::new([1; 32]));
        let now = Timestamp::from_secs(1_790_000_000);
        let key = NewKey::access(Algorithm::ES256, &SystemEntropy::default()).unwrap();
        let row = key.seal(&master, DATABASE, now, &SystemEntropy::default()).unwrap();
        assert_eq!((&row.kid, row.created_at, row.retired_at), (&key.kid, now, None));
        let open = |purpose| master.open(Label { purpose, kid: &row.kid, database: DATABASE }, &row.sealed);
        assert_eq!(open("access ES256").unwrap().expose(), key.secret.expose());
        for purpose in ["access HS256", "refresh ES256", "access"] {
            assert!(open(purpose).is_err(), "{purpose}");
        }
    }
}
