//! The public parts of signing keys, as APIs fetch them to check access tokens (RFC 7517).

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::crypto::digest::sha256;
use crate::crypto::jwt::BadKey;
use crate::domain::key::Algorithm;

/// The public part of a signing key.
#[derive(Clone, Debug)]
pub struct PublicKey {
    algorithm: Algorithm,
    bytes: Vec<u8>,
    params: Params,
}

/// The members that make the key (RFC 7518, section 6; RFC 8037, section 2).
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kty")]
enum Params {
    #[serde(rename = "EC")]
    Ec { crv: &'static str, x: String, y: String },
    #[serde(rename = "OKP")]
    Okp { crv: &'static str, x: String },
    #[serde(rename = "RSA")]
    Rsa { n: String, e: String },
}

#[derive(Serialize)]
struct Jwk<'a> {
    kid: &'a str,
    #[serde(rename = "use")]
    usage: &'static str,
    alg: &'static str,
    #[serde(flatten)]
    params: &'a Params,
}

#[derive(Serialize)]
struct Set<'a> {
    keys: Vec<Jwk<'a>>,
}

impl PublicKey {
    /// Of a private key in PKCS#8. An HMAC secret has none.
    pub fn of(algorithm: Algorithm, pkcs8: &[u8]) -> Result<Self, BadKey> {
        let (bytes, params) = match algorithm {
            Algorithm::ES256 => {
                let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8).map_err(|_| BadKey)?;
                let point = pair.public_key().as_ref().to_vec();
                let (x, y) = coordinates(&point).ok_or(BadKey)?;
                (point, Params::Ec { crv: "P-256", x, y })
            }
            Algorithm::EdDSA => {
                let pair = Ed25519KeyPair::from_pkcs8(pkcs8).map_err(|_| BadKey)?;
                let bytes = pair.public_key().as_ref().to_vec();
                let x = URL_SAFE_NO_PAD.encode(&bytes);
                (bytes, Params::Okp { crv: "Ed25519", x })
            }
            Algorithm::RS256 => {
                let pair = RsaKeyPair::from_pkcs8(pkcs8).map_err(|_| BadKey)?;
                let parts = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                let [n, e] = [parts.n, parts.e].map(|part| URL_SAFE_NO_PAD.encode(part));
                (pair.public_key().as_ref().to_vec(), Params::Rsa { n, e })
            }
            Algorithm::HS256 => return Err(BadKey),
        };
        Ok(Self { algorithm, bytes, params })
    }

    /// As a verifier takes it.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The SHA-256 thumbprint in base64url (RFC 7638, section 3): the needed members alone, in the order
    /// of their names.
    pub fn thumbprint(&self) -> String {
        let members = match &self.params {
            Params::Ec { crv, x, y } => format!(r#"{{"crv":"{crv}","kty":"EC","x":"{x}","y":"{y}"}}"#),
            Params::Okp { crv, x } => format!(r#"{{"crv":"{crv}","kty":"OKP","x":"{x}"}}"#),
            Params::Rsa { n, e } => format!(r#"{{"e":"{e}","kty":"RSA","n":"{n}"}}"#),
        };
        URL_SAFE_NO_PAD.encode(sha256(members.as_bytes()))
    }
}

/// A JWK Set (RFC 7517, section 5) of these keys under their names, in JSON.
pub fn set<'a>(keys: impl IntoIterator<Item = (&'a str, &'a PublicKey)>) -> Result<String, BadKey> {
    let jwk = |(kid, key): (&'a str, &'a PublicKey)| Jwk {
        kid,
        usage: "sig",
        alg: key.algorithm.word(),
        params: &key.params,
    };
    serde_json::to_string(&Set { keys: keys.into_iter().map(jwk).collect() }).map_err(|_| BadKey)
}

/// Of an uncompressed point (SEC 1, section 2.3.3).
fn coordinates(point: &[u8]) -> Option<(String, String)> {
    let both = point.strip_prefix(&[4])?;
    let (x, y) = both.split_at_checked(32).filter(|(_, y)| y.len() == 32)?;
    Some((URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ed25519_key_is_that_of_rfc_8037() {
        let d = URL_SAFE_NO_PAD.decode("nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A").unwrap();
        let head = [0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20];
        let key = PublicKey::of(Algorithm::EdDSA, &[&head[..], &d].concat()).unwrap();
        assert_eq!(key.thumbprint(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
        assert_eq!(
            set([("one", &key)]).unwrap(),
            concat!(
                r#"{"keys":[{"kid":"one","use":"sig","alg":"EdDSA","kty":"OKP","crv":"Ed25519","#,
                r#""x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}"#
            )
        );
    }

    #[test]
    fn a_thumbprint_is_that_of_rfc_7638() {
        let n = "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZ\
                 CiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJ\
                 ZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xB\
                 niIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
        let params = Params::Rsa { n: n.to_owned(), e: "AQAB".to_owned() };
        let key = PublicKey { algorithm: Algorithm::RS256, bytes: Vec::new(), params };
        assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
    }

    #[test]
    fn what_is_no_key_of_its_algorithm_has_no_public_part() {
        for algorithm in [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256, Algorithm::HS256] {
            for bytes in [&[][..], &[7; 32], &[0x30; 48]] {
                assert_eq!(PublicKey::of(algorithm, bytes).unwrap_err(), BadKey, "{algorithm:?}");
            }
        }
    }

    #[test]
    fn a_point_is_uncompressed_and_of_its_length() {
        assert!(coordinates(&[4; 65]).is_some());
        for bad in [&[4; 64][..], &[4; 66], &[2; 33], &[3; 65], &[]] {
            assert_eq!(coordinates(bad), None, "{bad:?}");
        }
    }
}
