//! The keys of refresh tokens: one sealed secret gives the key that signs them and the key that leads
//! from each token's `jti` to the next.

use std::fmt;

use aws_lc_rs::{hkdf, hmac};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use crate::base::secret::Secret;
use crate::crypto::jwt::{BadKey, Signer, Verifier};
use crate::crypto::token::Typ;
use crate::domain::key::Algorithm;

const SIGN_LABEL: &str = "doorward refresh sign 1";
const RATCHET_LABEL: &str = "doorward refresh ratchet 1";
/// Stands before the `jti` whose successor is asked for.
const STEP: &[u8] = b"doorward next 1\0";

/// What one refresh secret is used as.
pub struct RefreshKey {
    kid: String,
    signer: Signer,
    verifier: Verifier,
    ratchet: hmac::Key,
}

impl RefreshKey {
    /// From a secret of 32 bytes.
    pub fn new(kid: &str, secret: &[u8]) -> Result<Self, BadKey> {
        if secret.len() != 32 {
            return Err(BadKey);
        }
        let sign = derive(secret, SIGN_LABEL)?;
        let ratchet = derive(secret, RATCHET_LABEL)?;
        Ok(Self {
            kid: kid.to_owned(),
            signer: Signer::new(Typ::Refresh, kid, Algorithm::HS256, sign.expose())?,
            verifier: Verifier::new(Typ::Refresh, Algorithm::HS256, sign.expose()),
            ratchet: hmac::Key::new(hmac::HMAC_SHA256, ratchet.expose()),
        })
    }

    /// Its name in headers.
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Signs its tokens.
    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    /// Checks its tokens.
    pub fn verifier(&self) -> &Verifier {
        &self.verifier
    }

    /// The `jti` after this one: HMAC-SHA-256 of it as it stands in the token, in base64url.
    pub fn next_jti(&self, jti: &str) -> String {
        let mut mac = hmac::Context::with_key(&self.ratchet);
        mac.update(STEP);
        mac.update(jti.as_bytes());
        URL_SAFE_NO_PAD.encode(mac.sign())
    }
}

impl fmt::Debug for RefreshKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefreshKey({})", self.kid)
    }
}

/// HKDF with SHA-256 (RFC 5869) without a salt: another 32 bytes for each label.
pub fn derive(secret: &[u8], label: &str) -> Result<Secret<[u8; 32]>, BadKey> {
    let info = [label.as_bytes()];
    let key = hkdf::Salt::new(hkdf::HKDF_SHA256, &[]).extract(secret);
    let mut out = Zeroizing::new([0; 32]);
    key.expand(&info, hkdf::HKDF_SHA256).and_then(|okm| okm.fill(&mut *out)).map_err(|_| BadKey)?;
    Ok(Secret::new(*out))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_and_label_gives_a_key_of_its_own() {
        let keys = [
            derive(&[1; 32], SIGN_LABEL),
            derive(&[1; 32], RATCHET_LABEL),
            derive(&[2; 32], SIGN_LABEL),
            derive(&[2; 32], RATCHET_LABEL),
        ]
        .map(|key| *key.unwrap().expose());
        for (at, key) in keys.iter().enumerate() {
            assert!(keys.iter().skip(at + 1).all(|other| other != key));
        }
    }

    #[test]
    fn the_next_jti_hangs_on_the_last_and_on_the_key() {
        let [one, other] = [[1; 32], [2; 32]].map(|secret| RefreshKey::new("kid", &secret).unwrap());
        assert_eq!(one.next_jti("a"), one.next_jti("a"));
        assert_ne!(one.next_jti("a"), one.next_jti("b"));
        assert_ne!(one.next_jti("a"), other.next_jti("a"));
        assert_eq!(one.next_jti("a").len(), 43);
    }

    #[test]
    fn a_secret_has_32_bytes() {
        for len in [0, 16, 31, 33, 64] {
            assert_eq!(RefreshKey::new("kid", &vec![1; len]).unwrap_err(), BadKey);
        }
    }

    #[test]
    fn debug_shows_the_name_alone() {
        assert_eq!(format!("{:?}", RefreshKey::new("kid", &[1; 32]).unwrap()), "RefreshKey(kid)");
    }
}
