//! Signatures of tokens (RFC 7515), and the only use of jsonwebtoken.
//!
//! Shape, header and claims are read by strict types of our own, since the crate ignores `crit` and
//! `typ` and judges `exp` by a clock of its own. Nothing of the claims is looked at before the signature holds.

use std::cell::RefCell;
use std::fmt;
use std::sync::OnceLock;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::crypto::{JwtSigner, JwtVerifier, aws_lc};
use jsonwebtoken::{Algorithm as JwtAlgorithm, DecodingKey, EncodingKey};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::base::secret::Secret;
use crate::crypto::pem::pem;
use crate::crypto::ready::{Number, Ready};
use crate::crypto::token::{BadToken, MAX_LEN, Token, Typ};
use crate::domain::key::Algorithm;

/// The longest signature, of RSA with 2048 bits, in base64url.
const MAX_SIGNATURE_LEN: usize = 342;

/// Bytes that are no key of their algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a key of this algorithm")]
pub struct BadKey;

/// A token can't be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CantSign {
    /// The claims can't be written, or the key signs nothing.
    #[error("the key doesn't sign")]
    Failed,
    /// We would not read it ourselves.
    #[error("the token would be longer than 4096 bytes")]
    TooLong,
}

thread_local! {
    static SIGNERS: RefCell<Ready<dyn JwtSigner>> = const { RefCell::new(Ready::new()) };
    static VERIFIERS: RefCell<Ready<dyn JwtVerifier>> = const { RefCell::new(Ready::new()) };
}

/// A key that signs tokens of one type.
pub struct Signer {
    number: Number,
    algorithm: JwtAlgorithm,
    key: EncodingKey,
    /// The header of all its tokens, encoded.
    header: String,
}

/// A key that checks tokens of one type and takes one algorithm, whatever a header says (RFC 8725, section 3.1).
///
/// An ECDSA signature (r, s) has a twin (r, -s) that holds too: RFC 7518 asks for neither of the two. So an access
/// token is known by its claims and never by its text; HMAC, under refresh tokens, has no such twin.
pub struct Verifier {
    number: Number,
    typ: Typ,
    algorithm: Algorithm,
    key: DecodingKey,
}

impl Signer {
    /// From a private key in PKCS#8 (RFC 5208), or the bytes of an HMAC secret.
    pub fn new(typ: Typ, kid: &str, algorithm: Algorithm, secret: &[u8]) -> Result<Self, BadKey> {
        choose_backend();
        let key = match algorithm {
            Algorithm::ES256 => EncodingKey::from_ec_der(secret),
            Algorithm::EdDSA => EncodingKey::from_ed_der(secret),
            Algorithm::RS256 => rsa_key(secret)?,
            Algorithm::HS256 => EncodingKey::from_secret(secret),
        };
        let header = typ.header(algorithm, kid).map_err(|_| BadKey)?;
        Ok(Self { number: Number::next(), algorithm: jwt_algorithm(algorithm), key, header })
    }

    /// A token with these claims, written in the order of their type.
    pub fn sign<C: Serialize>(&self, claims: &C) -> Result<Secret<String>, CantSign> {
        let claims = serde_json::to_vec(claims).map_err(|_| CantSign::Failed)?;
        let mut token = String::with_capacity(self.header.len() + claims.len().div_ceil(3) * 4 + MAX_SIGNATURE_LEN + 2);
        token.push_str(&self.header);
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(claims, &mut token);
        let signature = self.signature(token.as_bytes())?;
        token.push('.');
        URL_SAFE_NO_PAD.encode_string(signature, &mut token);
        let token = Secret::new(token);
        if token.expose().len() > MAX_LEN { Err(CantSign::TooLong) } else { Ok(token) }
    }

    /// The signature of any text: tokens of this server are made by [`Signer::sign`] alone, forged ones by
    /// [`crate::crypto::forge`].
    pub(super) fn signature(&self, message: &[u8]) -> Result<Vec<u8>, CantSign> {
        SIGNERS.with_borrow_mut(|ready| {
            let make = || (aws_lc::DEFAULT_PROVIDER.signer_factory)(&self.algorithm, &self.key).ok();
            let key = ready.get(self.number, make).ok_or(CantSign::Failed)?;
            key.try_sign(message).map_err(|_| CantSign::Failed)
        })
    }
}

impl Verifier {
    /// From a public key (the uncompressed point of P-256, the 32 bytes of Ed25519, PKCS#1 in DER for RSA),
    /// or the bytes of an HMAC secret.
    pub fn new(typ: Typ, algorithm: Algorithm, key: &[u8]) -> Self {
        choose_backend();
        let key = match algorithm {
            Algorithm::ES256 => DecodingKey::from_ec_der(key),
            Algorithm::EdDSA => DecodingKey::from_ed_der(key),
            Algorithm::RS256 => DecodingKey::from_rsa_der(key),
            Algorithm::HS256 => DecodingKey::from_secret(key),
        };
        Self { number: Number::next(), typ, algorithm, key }
    }

    /// The one that it takes.
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Whether this key signed a token, of whatever type it is.
    pub fn holds(&self, token: &Token<'_>) -> bool {
        let (message, signature) = token.signed();
        self.signed(message, signature)
    }

    /// The claims of a token that this key signed, if they are exactly those of `C`.
    pub fn verify<C: DeserializeOwned>(&self, token: &Token<'_>) -> Result<C, BadToken> {
        if !token.is(self.typ, self.algorithm) {
            return Err(BadToken::Malformed);
        }
        if !self.holds(token) {
            return Err(BadToken::BadSignature);
        }
        token.claims()
    }

    fn signed(&self, message: &str, signature: &str) -> bool {
        let Ok(signature) = URL_SAFE_NO_PAD.decode(signature) else { return false };
        VERIFIERS.with_borrow_mut(|ready| {
            let algorithm = jwt_algorithm(self.algorithm);
            let make = || (aws_lc::DEFAULT_PROVIDER.verifier_factory)(&algorithm, &self.key).ok();
            ready.get(self.number, make).is_some_and(|key| key.verify(message.as_bytes(), &signature).is_ok())
        })
    }
}

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Signer({:?})", self.algorithm)
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({:?}, {:?})", self.typ, self.algorithm)
    }
}

const fn jwt_algorithm(algorithm: Algorithm) -> JwtAlgorithm {
    match algorithm {
        Algorithm::ES256 => JwtAlgorithm::ES256,
        Algorithm::EdDSA => JwtAlgorithm::EdDSA,
        Algorithm::RS256 => JwtAlgorithm::RS256,
        Algorithm::HS256 => JwtAlgorithm::HS256,
    }
}

/// jsonwebtoken signs with the PKCS#1 inside PKCS#8, which it takes out of PEM (RFC 7468) alone.
fn rsa_key(pkcs8: &[u8]) -> Result<EncodingKey, BadKey> {
    let pem = pem("PRIVATE KEY", pkcs8);
    EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|_| BadKey)
}

/// Names the backend once: left to guess from its features, jsonwebtoken panics at the first token
/// where a dependency turned on another one.
fn choose_backend() {
    static CHOSEN: OnceLock<bool> = OnceLock::new();
    CHOSEN.get_or_init(|| aws_lc::DEFAULT_PROVIDER.install_default().is_ok());
}

#[cfg(test)]
impl Signer {
    /// A token of any header and claims with a signature that holds.
    pub(crate) fn forge(&self, header: &str, claims: &str) -> String {
        let message = [header, claims].map(|json| URL_SAFE_NO_PAD.encode(json)).join(".");
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.key, self.algorithm).unwrap();
        format!("{message}.{signature}")
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, VerificationAlgorithm};
    use serde_json::Value;

    use super::*;

    const HEADER: &str = r#"{"typ":"at+jwt","alg":"HS256","kid":"one"}"#;
    const SECRET: &[u8] = &[7; 32];

    fn signer() -> Signer {
        Signer::new(Typ::Access, "one", Algorithm::HS256, SECRET).unwrap()
    }

    fn read(token: &str) -> Result<Value, BadToken> {
        Verifier::new(Typ::Access, Algorithm::HS256, SECRET).verify(&Token::parse(token)?)
    }

    fn decoded(text: &str) -> Vec<u8> {
        URL_SAFE_NO_PAD.decode(text).unwrap()
    }

    #[test]
    fn what_was_signed_reads_back() {
        let token = signer().sign(&serde_json::json!({"a": 1})).unwrap();
        assert_eq!(read(token.expose()), Ok(serde_json::json!({"a": 1})));
        assert_eq!(*token.expose(), signer().forge(HEADER, r#"{"a":1}"#));
    }

    #[test]
    fn ecdsa_is_that_of_rfc_7515() {
        let x = decoded("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
        let y = decoded("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
        let key = Verifier::new(Typ::Access, Algorithm::ES256, &[&[4], &x[..], &y].concat());
        let message = "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS\
                       9pc19yb290Ijp0cnVlfQ";
        let signature = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
        assert!(key.signed(message, signature));
        assert!(!key.signed(&message.replace("J9.", "J8."), signature));
        // The same signature as ASN.1, good as such: JWS knows the plain pair alone (RFC 7518, section 3.4).
        let (r, s) = (&decoded(signature)[..32], &decoded(signature)[32..]);
        let der = [&[0x30, 0x45, 2, 32], r, &[2, 33, 0], s].concat();
        let point = [&[4], &x[..], &y].concat();
        assert!(ECDSA_P256_SHA256_ASN1.verify_sig(&point, message.as_bytes(), &der).is_ok());
        assert!(!key.signed(message, &URL_SAFE_NO_PAD.encode(der)));
    }

    #[test]
    fn an_ecdsa_signature_of_zeros_or_out_of_range_signs_nothing() {
        let x = decoded("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
        let y = decoded("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
        let key = Verifier::new(Typ::Access, Algorithm::ES256, &[&[4], &x[..], &y].concat());
        let order = decoded("_____wAAAAD__________7zm-q2nF56E87nKwvxjJVE");
        let one = [&[0; 31][..], &[1]].concat();
        let values = [vec![0; 32], one, order, vec![255; 32]];
        for r in &values {
            for s in &values {
                assert!(!key.signed("e30.e30", &URL_SAFE_NO_PAD.encode([&r[..], s].concat())), "{r:?} {s:?}");
            }
        }
        assert!(!key.signed("e30.e30", ""));
    }

    #[test]
    fn eddsa_is_that_of_rfc_8037() {
        let x = decoded("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo");
        let key = Verifier::new(Typ::Access, Algorithm::EdDSA, &x);
        let message = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
        let signature = "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";
        assert!(key.signed(message, signature));
        assert!(!key.signed(message, &URL_SAFE_NO_PAD.encode([0; 64])));
    }

    #[test]
    fn no_token_is_made_that_would_not_be_read() {
        let fits = serde_json::json!({"a": "x".repeat(2900)});
        assert!(read(signer().sign(&fits).unwrap().expose()).is_ok());
        let long = serde_json::json!({"a": "x".repeat(3100)});
        assert_eq!(signer().sign(&long).unwrap_err(), CantSign::TooLong);
    }

    #[test]
    fn many_keys_on_one_thread_sign_and_check_each_its_own() {
        let secrets: Vec<_> = (0..12).map(|number| [number; 32]).collect();
        let signers: Vec<_> =
            secrets.iter().map(|secret| Signer::new(Typ::Access, "one", Algorithm::HS256, secret).unwrap()).collect();
        let verifiers: Vec<_> =
            secrets.iter().map(|secret| Verifier::new(Typ::Access, Algorithm::HS256, secret)).collect();
        for _ in 0..2 {
            for (signer, secret) in signers.iter().zip(&secrets) {
                let token = signer.sign(&serde_json::json!({"a": 1})).unwrap();
                let token = Token::parse(token.expose()).unwrap();
                for (verifier, of) in verifiers.iter().zip(&secrets) {
                    assert_eq!(verifier.verify::<Value>(&token).is_ok(), of == secret);
                }
            }
        }
    }

    #[test]
    fn debug_hides_keys() {
        assert_eq!(format!("{:?}", signer()), "Signer(HS256)");
    }
}
