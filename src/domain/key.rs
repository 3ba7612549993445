//! Signing keys as they are stored: sealed, named by a `kid`, each for one purpose and one algorithm.

use std::str::FromStr;

use crate::base::time::Timestamp;

/// What a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyUse {
    /// Access tokens.
    Access,
    /// Refresh tokens: the secret from which signing and ratchet keys come.
    Refresh,
}

/// An algorithm of RFC 7518, section 3.1, or RFC 8037.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// Ed25519.
    EdDSA,
    /// RSASSA-PKCS1-v1_5 with SHA-256, 2048 bits.
    RS256,
    /// HMAC with SHA-256.
    HS256,
}

/// A key as its row holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedKey {
    /// Its name in token headers.
    pub kid: String,
    /// What it signs.
    pub purpose: KeyUse,
    /// The one algorithm that it is good for.
    pub algorithm: Algorithm,
    /// Its secret part (PKCS#8, or the secret's bytes), sealed by the master key.
    pub sealed: Vec<u8>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When a newer one took its place: from then on it checks tokens and signs none.
    pub retired_at: Option<Timestamp>,
}

impl SealedKey {
    /// Whether it signs or will, and not only checks.
    pub const fn is_live(&self) -> bool {
        self.retired_at.is_none()
    }
}

/// Those of one use that are not retired, in the order of their turns. The first signs. Those behind it are published
/// and wait: whoever keeps a copy of the key set knows them by then (OpenID Connect Core 1.0, section 10.1.1).
pub fn live(keys: &[SealedKey], purpose: KeyUse) -> Vec<&SealedKey> {
    let mut live: Vec<_> = keys.iter().filter(|key| key.purpose == purpose && key.is_live()).collect();
    live.sort_by_key(|key| (key.created_at, &key.kid));
    live
}

/// The key that signs, of those of one use.
pub fn signing(keys: &[SealedKey], purpose: KeyUse) -> Option<&SealedKey> {
    live(keys, purpose).into_iter().next()
}

/// Not a word that a key's column may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a use or an algorithm of a key")]
pub struct BadKeyWord;

impl KeyUse {
    /// As its column holds it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Refresh => "refresh",
        }
    }
}

impl FromStr for KeyUse {
    type Err = BadKeyWord;
    fn from_str(word: &str) -> Result<Self, BadKeyWord> {
        [Self::Access, Self::Refresh].into_iter().find(|it| it.word() == word).ok_or(BadKeyWord)
    }
}

impl Algorithm {
    const ALL: [Self; 4] = [Self::ES256, Self::EdDSA, Self::RS256, Self::HS256];

    /// Its registered name.
    pub const fn word(self) -> &'static str {
        match self {
            Self::ES256 => "ES256",
            Self::EdDSA => "EdDSA",
            Self::RS256 => "RS256",
            Self::HS256 => "HS256",
        }
    }
}

impl FromStr for Algorithm {
    type Err = BadKeyWord;
    fn from_str(word: &str) -> Result<Self, BadKeyWord> {
        Self::ALL.into_iter().find(|it| it.word() == word).ok_or(BadKeyWord)
    }
}
