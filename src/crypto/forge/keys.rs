//! The keys that forged tokens are signed with: those of the development stub, a stranger's, and what fools
//! take for a secret.

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::crypto::dev_keys;
use crate::crypto::jwks::{self, PublicKey};
use crate::crypto::jwt::{BadKey, CantSign, Signer};
use crate::crypto::pem::pem;
use crate::crypto::token::Typ;
use crate::domain::key::Algorithm;

/// Whose key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    /// The stub's, of the token's algorithm.
    Ours,
    /// One that no verifier should know.
    Stranger,
    /// HMAC, with our public key as OpenSSL prints it for a secret.
    PublicPem,
    /// HMAC, with the bytes of our public key for a secret.
    PublicBytes,
    /// HMAC, with nothing for a secret.
    Empty,
}

impl Key {
    /// Its signature.
    pub(super) fn sign(self, algorithm: Algorithm, message: &str) -> Result<Vec<u8>, CantSign> {
        let (algorithm, secret) = self.secret(algorithm).map_err(|_| CantSign::Failed)?;
        // The header that a signer writes by itself is never used here.
        let signer = Signer::new(Typ::Access, "", algorithm, &secret).map_err(|_| CantSign::Failed)?;
        signer.signature(message.as_bytes())
    }

    /// Its public part as a JWK (RFC 7517), or all of it where it is a secret.
    pub(super) fn jwk(self, algorithm: Algorithm) -> Result<Value, BadKey> {
        let (algorithm, secret) = self.secret(algorithm)?;
        if algorithm == Algorithm::HS256 {
            return Ok(json!({"kty": "oct", "k": URL_SAFE_NO_PAD.encode(secret)}));
        }
        let key = PublicKey::of(algorithm, &secret)?;
        let set: Value = serde_json::from_str(&jwks::set([("stranger", &key)])?).map_err(|_| BadKey)?;
        set.pointer("/keys/0").cloned().ok_or(BadKey)
    }

    fn secret(self, algorithm: Algorithm) -> Result<(Algorithm, Vec<u8>), BadKey> {
        let (_, ours) = dev_keys::known(algorithm);
        Ok(match self {
            Self::Ours => (algorithm, ours.to_vec()),
            Self::Stranger => (algorithm, stranger(algorithm).to_vec()),
            Self::PublicPem => (Algorithm::HS256, public_pem(algorithm, ours)?.into_bytes()),
            Self::PublicBytes => (Algorithm::HS256, PublicKey::of(algorithm, ours)?.bytes().to_vec()),
            Self::Empty => (Algorithm::HS256, Vec::new()),
        })
    }
}

const fn stranger(algorithm: Algorithm) -> &'static [u8] {
    match algorithm {
        Algorithm::ES256 => include_bytes!("stranger_es256.der"),
        Algorithm::EdDSA => include_bytes!("stranger_eddsa.der"),
        Algorithm::RS256 => include_bytes!("stranger_rs256.der"),
        Algorithm::HS256 => b"a stranger's secret, of the length it needs",
    }
}

/// The public key in PEM (RFC 7468, section 13).
fn public_pem(algorithm: Algorithm, pkcs8: &[u8]) -> Result<String, BadKey> {
    let der: PublicKeyX509Der<'_> = match algorithm {
        Algorithm::ES256 => {
            EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map_err(|_| BadKey)?.public_key().as_der()
        }
        Algorithm::EdDSA => Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| BadKey)?.public_key().as_der(),
        Algorithm::RS256 => RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| BadKey)?.public_key().as_der(),
        Algorithm::HS256 => return Err(BadKey),
    }
    .map_err(|_| BadKey)?;
    Ok(pem("PUBLIC KEY", der.as_ref()).to_string())
}

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose::STANDARD;

    use super::*;
    use crate::crypto::jwt::Verifier;
    use crate::crypto::token::Token;

    const PAIRS: [Algorithm; 3] = [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256];

    #[test]
    fn a_stranger_signs_well_and_is_not_us() {
        for algorithm in PAIRS {
            let header = URL_SAFE_NO_PAD.encode(json!({"typ": "at+jwt", "alg": algorithm, "kid": "a"}).to_string());
            let message = format!("{header}.e30");
            let of = |secret: &[u8]| {
                Verifier::new(Typ::Access, algorithm, PublicKey::of(algorithm, secret).unwrap().bytes())
            };
            for (key, ours, theirs) in [(Key::Ours, true, false), (Key::Stranger, false, true)] {
                let signature = URL_SAFE_NO_PAD.encode(key.sign(algorithm, &message).unwrap());
                let text = format!("{message}.{signature}");
                let token = Token::parse(&text).unwrap();
                let takes = |verifier: &Verifier| verifier.verify::<Value>(&token).is_ok();
                let found = (takes(&of(dev_keys::known(algorithm).1)), takes(&of(stranger(algorithm))));
                assert_eq!(found, (ours, theirs), "{algorithm:?} {key:?}");
            }
        }
    }

    #[test]
    fn a_public_key_is_printed_as_openssl_does() {
        let expected = "-----BEGIN PUBLIC KEY-----\n\
            MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----\n";
        // RFC 8410, sections 10.1 and 10.3.
        let pkcs8 = STANDARD.decode("MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC").unwrap();
        assert_eq!(public_pem(Algorithm::EdDSA, &pkcs8).unwrap(), expected);
        for algorithm in PAIRS {
            let pem = public_pem(algorithm, dev_keys::known(algorithm).1).unwrap();
            assert!(pem.lines().all(|line| line.len() <= 64), "{pem}");
        }
        assert_eq!(public_pem(Algorithm::HS256, &[7; 32]).unwrap_err(), BadKey);
    }

    #[test]
    fn a_jwk_holds_no_private_part_of_a_pair() {
        for algorithm in PAIRS {
            let jwk = Key::Stranger.jwk(algorithm).unwrap();
            assert!(jwk.get("kty").is_some() && jwk.get("d").is_none() && jwk.get("k").is_none(), "{jwk}");
        }
        assert_eq!(Key::Stranger.jwk(Algorithm::HS256).unwrap()["kty"], "oct");
    }
}
