//! A set of tokens to try a verifier with: every flaw under every algorithm that can have it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::base::id::{SessionId, UserId};
use crate::base::time::{Timestamp, Ttl};
use crate::crypto::access::{AccessClaims, CLIENT_ID};
use crate::crypto::dev_keys;
use crate::crypto::digest::sha256;
use crate::crypto::forge::flaw::Flaw;
use crate::crypto::forge::{CantForge, Request, make};
use crate::crypto::jwks::{self, PublicKey};
use crate::crypto::jwt::BadKey;
use crate::domain::key::Algorithm;
use crate::domain::version::Version;

/// A token, and what is wrong with it.
#[derive(Debug)]
pub struct Vector {
    /// The algorithm that a verifier must have pinned.
    pub algorithm: Algorithm,
    /// What is wrong.
    pub flaw: Flaw,
    /// The token, which is nobody's.
    pub token: String,
}

/// How long the good ones are good.
const LIFE: Ttl = Ttl::from_mins(60);

const ALL: [Algorithm; 4] = [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256, Algorithm::HS256];

/// All of them, for a verifier of this issuer and this audience. The good ones hold for an hour.
pub fn vectors(issuer: &str, audience: &str, now: Timestamp) -> Result<Vec<Vector>, CantForge> {
    let mut made = Vec::new();
    for algorithm in ALL {
        for flaw in Flaw::all().filter(|flaw| flaw.fits(algorithm)) {
            let base = claims(issuer, audience, now, &format!("{} {}", algorithm.word(), flaw.word()));
            let request = Request { algorithm, base: &base, now, header: None, claims: None, flaw };
            made.push(Vector { algorithm, flaw, token: make(&request)? });
        }
    }
    Ok(made)
}

/// The keys that check them, as a JWK Set in JSON. That of HS256 is no public key: [`hs256_secret`].
pub fn key_set() -> Result<String, BadKey> {
    let mut keys = Vec::new();
    for algorithm in ALL.into_iter().filter(|algorithm| *algorithm != Algorithm::HS256) {
        let (kid, secret) = dev_keys::known(algorithm);
        keys.push((kid, PublicKey::of(algorithm, secret)?));
    }
    jwks::set(keys.iter().map(|(kid, key)| (*kid, key)))
}

/// The secret of HS256 in base64url, which is none: everybody knows it.
pub fn hs256_secret() -> String {
    URL_SAFE_NO_PAD.encode(dev_keys::known(Algorithm::HS256).1)
}

/// Somebody who doesn't exist; each token has a name of its own.
fn claims(issuer: &str, audience: &str, now: Timestamp, name: &str) -> AccessClaims {
    let mut jti = URL_SAFE_NO_PAD.encode(sha256(name.as_bytes()));
    jti.truncate(22);
    AccessClaims {
        iss: issuer.to_owned(),
        aud: audience.to_owned(),
        sub: UserId::from_bytes(*b"ann \0\0\x40\0\x80\0\0\0\0\0\0\0"),
        sid: SessionId::from_bytes(*b"sid \0\0\x40\0\x80\0\0\0\0\0\0\0"),
        ver: Version { epoch: 0, number: 0 },
        email: "ann@example.com".to_owned(),
        role: "user".to_owned(),
        iat: now,
        exp: now + LIFE,
        jti,
        client_id: CLIENT_ID.to_owned(),
        auth_time: now,
    }
}
