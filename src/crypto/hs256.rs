//! The secret of the settings under access tokens, where they ask for HS256.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::base::secret::Secret;
use crate::crypto::jwt::BadKey;
use crate::crypto::new_key::KID_LEN;
use crate::crypto::ratchet::derive;

/// The fewest bytes of an HMAC secret (RFC 7518, section 3.2).
pub(super) const MIN_LEN: usize = 32;

/// A secret from the settings that signs access tokens in place of the stored keys, for APIs that
/// check them with the same secret.
#[derive(Debug)]
pub struct Hs256Secret(Secret<Vec<u8>>);

/// A secret too short for HMAC with SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret for HS256 must have 32 bytes or more")]
pub struct ShortSecret;

impl Hs256Secret {
    /// From its bytes: 32 or more.
    pub fn new(bytes: Secret<Vec<u8>>) -> Result<Self, ShortSecret> {
        if bytes.expose().len() < MIN_LEN { Err(ShortSecret) } else { Ok(Self(bytes)) }
    }

    /// Its name, which gives nothing of it away.
    pub(super) fn kid(&self) -> Result<String, BadKey> {
        let mut kid = URL_SAFE_NO_PAD.encode(derive(self.0.expose(), "doorward kid 1")?.expose());
        kid.truncate(KID_LEN);
        Ok(kid)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        self.0.expose()
    }
}
