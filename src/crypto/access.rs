//! Access tokens (RFC 9068): short-lived, checked by APIs themselves, never stored.

use std::ops::Deref;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::base::id::{SessionId, UserId};
use crate::base::secret::Secret;
use crate::base::time::{Timestamp, Ttl};
use crate::crypto::claim::{secs, text};
use crate::crypto::jwt::CantSign;
use crate::crypto::keys::Keyring;
use crate::crypto::token::{BadToken, Token};
use crate::domain::version::Version;

/// The `client_id` of tokens that this server's own sign-in gives.
pub const CLIENT_ID: &str = "doorward";

/// So far may a token's `iat` lie ahead of our clock.
pub const MAX_AHEAD: Ttl = Ttl::from_secs(60);

/// What an access token says (RFC 9068, section 2.2), in this order. Times are whole seconds, rounded down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccessClaims {
    /// Who issued it: `tokens.issuer`.
    pub iss: String,
    /// For whom: `tokens.audience`, one and a plain string.
    pub aud: String,
    /// The user.
    #[serde(with = "text")]
    pub sub: UserId,
    /// The session.
    #[serde(with = "text")]
    pub sid: SessionId,
    /// Epoch and version: void unless equal to the present ones.
    #[serde(with = "text")]
    pub ver: Version,
    /// The user's address, as typed.
    pub email: String,
    /// The user's role when it was issued; what an administrator may do is asked of the database.
    pub role: String,
    /// When it was issued.
    #[serde(with = "secs")]
    pub iat: Timestamp,
    /// From then on it is void.
    #[serde(with = "secs")]
    pub exp: Timestamp,
    /// Its name: 16 random bytes, as [`crate::crypto::token::jti`] writes them.
    pub jti: String,
    /// [`CLIENT_ID`].
    pub client_id: String,
    /// When the person last gave the password.
    #[serde(with = "secs")]
    pub auth_time: Timestamp,
}

/// Claims that a key of ours signed and that hold now. Only [`verify`] makes one.
#[derive(Clone, Debug)]
pub struct Verified<C>(Arc<C>);

/// Why an access token is refused. The signature is judged before anything it covers, so a forged token
/// is never called expired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAccess {
    /// It hasn't the form, the type, the algorithm or the claims that it must have.
    #[error("not an access token")]
    Malformed,
    /// None of our keys signed it.
    #[error("the signature doesn't hold")]
    BadSignature,
    /// Of another issuer, for another audience or another client.
    #[error("not issued for this server")]
    NotForUs,
    /// Issued later than now: a clock is wrong.
    #[error("issued in the future")]
    NotYet,
    /// Past its end.
    #[error("expired")]
    Expired,
}

impl<C> Deref for Verified<C> {
    type Target = C;
    fn deref(&self) -> &C {
        &self.0
    }
}

impl From<BadToken> for BadAccess {
    fn from(bad: BadToken) -> Self {
        match bad {
            BadToken::Malformed => Self::Malformed,
            BadToken::BadSignature => Self::BadSignature,
        }
    }
}

/// Signs with the current key.
pub fn sign(keys: &Keyring, claims: &AccessClaims) -> Result<Secret<String>, CantSign> {
    keys.access_signer().sign(claims)
}

/// Checks all that a token says by itself. Whether its session still lives is another question.
pub fn verify(
    keys: &Keyring,
    token: &str,
    issuer: &str,
    audience: &str,
    now: Timestamp,
) -> Result<Verified<AccessClaims>, BadAccess> {
    let claims = keys.seen().get_or(token, || signed(keys, token))?;
    if claims.iss != issuer || claims.aud != audience || claims.client_id != CLIENT_ID {
        return Err(BadAccess::NotForUs);
    }
    if now >= claims.exp {
        return Err(BadAccess::Expired);
    }
    if claims.iat > now + MAX_AHEAD {
        return Err(BadAccess::NotYet);
    }
    Ok(Verified(claims))
}

/// What a token says that a key of ours signed: all that never changes.
fn signed(keys: &Keyring, token: &str) -> Result<AccessClaims, BadAccess> {
    let token = Token::parse(token)?;
    let key = keys.access_verifier(token.kid()).ok_or(BadAccess::BadSignature)?;
    Ok(key.verify(&token)?)
}

#[cfg(test)]
pub(super) mod tests {
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, VerificationAlgorithm,
    };
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use proptest::prelude::{any, proptest};
    use serde_json::{Value, json};

    use super::*;
    use crate::crypto::jwt::Signer;
    use crate::crypto::sample;
    use crate::crypto::token::{Typ, jti};
    use crate::domain::key::Algorithm;

    const ALL: [Algorithm; 4] = [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256, Algorithm::HS256];
    const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);
    const ISS: &str = "https://auth.example.com";

    pub(in crate::crypto) fn claims() -> AccessClaims {
        AccessClaims {
            iss: ISS.to_owned(),
            aud: "doorward".to_owned(),
            sub: UserId::from_bytes([2; 16]),
            sid: SessionId::from_bytes([3; 16]),
            ver: Version { epoch: 5, number: 8 },
            email: "Ann@example.com".to_owned(),
            role: "user".to_owned(),
            iat: NOW,
            exp: NOW + Ttl::from_mins(15),
            jti: jti([4; 16]),
            client_id: CLIENT_ID.to_owned(),
            auth_time: NOW - Ttl::from_mins(5),
        }
    }

    fn check(keys: &Keyring, token: &str) -> Result<Verified<AccessClaims>, BadAccess> {
        verify(keys, token, ISS, "doorward", NOW)
    }

    fn header(keys: &Keyring, alg: &str, typ: &str) -> String {
        json!({"typ": typ, "alg": alg, "kid": keys.access_kid()}).to_string()
    }

    /// A token with a good signature over the claims with one member set, or taken out.
    fn with(keys: &Keyring, member: &str, raw: Option<&str>) -> String {
        let mut members: serde_json::Map<String, Value> =
            serde_json::from_value(serde_json::to_value(claims()).unwrap()).unwrap();
        members.remove(member);
        let mut text = Value::from(members).to_string();
        if let Some(raw) = raw {
            text = text.replacen('{', &format!("{{\"{member}\":{raw},"), 1);
        }
        keys.access_signer().forge(&header(keys, "ES256", "at+jwt"), &text)
    }

    #[test]
    fn what_was_signed_verifies_with_every_algorithm() {
        for algorithm in ALL {
            let keys = sample::ring(algorithm);
            let token = sign(&keys, &claims()).unwrap();
            assert_eq!(*check(&keys, token.expose()).unwrap(), claims(), "{algorithm:?}");
        }
    }

    #[test]
    fn claims_stand_in_one_order_and_in_whole_seconds() {
        let mut claims = claims();
        claims.exp = claims.exp + Ttl::from_millis(999);
        let expected = r#"{"iss":"https://auth.example.com","aud":"doorward",
            "sub":"02020202-0202-0202-0202-020202020202","sid":"03030303-0303-0303-0303-030303030303","ver":"5.8",
            "email":"Ann@example.com","role":"user","iat":1790000000,"exp":1790000900,
            "jti":"BAQEBAQEBAQEBAQEBAQEBA","client_id":"doorward","auth_time":1789999700}"#;
        assert_eq!(serde_json::to_string(&claims).unwrap(), expected.replace("\n            ", ""));
    }

    #[test]
    fn it_ends_at_its_last_second_and_begins_a_minute_early_at_most() {
        let keys = sample::ring(Algorithm::ES256);
        let token = sign(&keys, &claims()).unwrap();
        let at = |millis| {
            let now = NOW + Ttl::from_millis(millis);
            verify(&keys, token.expose(), ISS, "doorward", now).map(drop)
        };
        assert_eq!((at(899_999), at(900_000)), (Ok(()), Err(BadAccess::Expired)));
        assert_eq!((at(-60_000), at(-60_001)), (Ok(()), Err(BadAccess::NotYet)));
    }

    #[test]
    fn a_claim_of_another_type_is_not_an_absent_one() {
        let keys = sample::ring(Algorithm::ES256);
        assert!(check(&keys, &with(&keys, "exp", Some("1790000900"))).is_ok());
        for name in ["iss", "aud", "sub", "sid", "ver", "email", "role", "iat", "exp", "jti", "client_id", "auth_time"]
        {
            assert_eq!(check(&keys, &with(&keys, name, None)).unwrap_err(), BadAccess::Malformed, "{name}");
            for raw in ["null", "true", "{}", "[]", "1.5", "1e400", "\"9999999999\""] {
                let bad = check(&keys, &with(&keys, name, Some(raw)))
                    .map(|claims| (claims.jti.clone(), claims.email.clone()));
                let text = raw.starts_with('"') && ["email", "role", "jti"].contains(&name);
                assert_eq!(bad.is_ok(), text, "{name}: {raw}");
            }
        }
        for (name, raw) in [
            ("nbf", "9999999999"),
            ("nbf", "\"x\""),
            ("admin", "true"),
            ("exp", "1790000900,\"exp\":1790000900"),
            ("iss", "[\"https://evil.example\",\"https://auth.example.com\"]"),
            ("aud", "[\"doorward\"]"),
            ("aud", "[\"\"]"),
            ("aud", "7"),
            ("sub", "\"02020202020202020202020202020202\""),
            ("sid", "\"{03030303-0303-0303-0303-030303030303}\""),
            ("ver", "\"05.8\""),
        ] {
            assert_eq!(check(&keys, &with(&keys, name, Some(raw))).unwrap_err(), BadAccess::Malformed, "{name}: {raw}");
        }
        let array = keys.access_signer().forge(&header(&keys, "ES256", "at+jwt"), "[]");
        assert_eq!(check(&keys, &array).unwrap_err(), BadAccess::Malformed);
    }

    #[test]
    fn a_token_seen_before_is_judged_anew() {
        let keys = sample::ring(Algorithm::ES256);
        let token = sign(&keys, &claims()).unwrap().reveal();
        assert!(check(&keys, &token).is_ok());
        let judge = |iss, aud, now| verify(&keys, &token, iss, aud, now).map(drop);
        assert_eq!(judge(ISS, "doorward", NOW + Ttl::from_mins(15)), Err(BadAccess::Expired));
        assert_eq!(judge(ISS, "doorward", NOW - Ttl::from_mins(2)), Err(BadAccess::NotYet));
        assert_eq!(judge("https://evil.example", "doorward", NOW), Err(BadAccess::NotForUs));
        assert_eq!(judge(ISS, "other", NOW), Err(BadAccess::NotForUs));
        // Another ring remembers nothing of this one.
        assert_eq!(check(&sample::ring(Algorithm::ES256), &token).unwrap_err(), BadAccess::BadSignature);
    }

    #[test]
    fn another_issuer_audience_or_client_is_not_ours() {
        let keys = sample::ring(Algorithm::ES256);
        for (name, raw) in [
            ("iss", "\"https://auth.example.com/\""),
            ("iss", "\"\""),
            ("aud", "\"Doorward\""),
            ("aud", "\"\""),
            ("client_id", "\"app\""),
        ] {
            assert_eq!(check(&keys, &with(&keys, name, Some(raw))).unwrap_err(), BadAccess::NotForUs, "{name}: {raw}");
        }
    }

    #[test]
    fn a_forged_token_is_never_called_expired() {
        let keys = sample::ring(Algorithm::ES256);
        let expired = with(&keys, "exp", Some("1"));
        assert_eq!(check(&keys, &expired).unwrap_err(), BadAccess::Expired);
        let (message, _) = expired.rsplit_once('.').unwrap();
        let (_, signature) =
            with(&keys, "exp", Some("2")).rsplit_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
        assert_eq!(check(&keys, &format!("{message}.{signature}")).unwrap_err(), BadAccess::BadSignature);
    }

    #[test]
    fn a_public_key_is_no_secret_and_an_algorithm_no_choice() {
        for algorithm in ALL {
            let row = sample::access(algorithm, 0);
            let keys = sample::open(&[row.clone(), sample::refresh(0)]);
            let body = serde_json::to_string(&claims()).unwrap();
            let label = format!("access {}", algorithm.word());
            let label = crate::crypto::seal::Label { purpose: &label, kid: &row.kid, database: sample::DATABASE };
            let secret = sample::master().open(label, &row.sealed).unwrap();
            let public = crate::crypto::jwks::PublicKey::of(algorithm, secret.expose());
            let known = public.map_or(vec![0; 32], |key| key.bytes().to_vec());
            let hmac = Signer::new(Typ::Access, &row.kid, Algorithm::HS256, &known).unwrap();
            let swapped = hmac.forge(&header(&keys, "HS256", "at+jwt"), &body);
            let named = hmac.forge(&header(&keys, algorithm.word(), "at+jwt"), &body);
            assert!(check(&keys, &swapped).is_err(), "{algorithm:?}");
            assert_eq!(check(&keys, &named).unwrap_err(), BadAccess::BadSignature, "{algorithm:?}");
            for alg in ["none", "HS512", "ES384", "RS512", "PS256", ""] {
                let token = keys.access_signer().forge(&header(&keys, alg, "at+jwt"), &body);
                assert_eq!(check(&keys, &token).unwrap_err(), BadAccess::Malformed, "{algorithm:?} as {alg}");
            }
        }
    }

    #[test]
    fn the_key_set_checks_what_the_server_signs() {
        for algorithm in [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256] {
            let keys = sample::ring(algorithm);
            let set: Value = serde_json::from_str(keys.jwks()).unwrap();
            let part = |name: &str| URL_SAFE_NO_PAD.decode(set["keys"][0][name].as_str().unwrap_or_default()).unwrap();
            let token = sign(&keys, &claims()).unwrap().reveal();
            let (message, signature) = token.rsplit_once('.').unwrap();
            let (message, signature) = (message.as_bytes(), URL_SAFE_NO_PAD.decode(signature).unwrap());
            let point = [vec![4], part("x"), part("y")].concat();
            let holds =
                match algorithm {
                    Algorithm::ES256 => ECDSA_P256_SHA256_FIXED.verify_sig(&point, message, &signature),
                    Algorithm::EdDSA => ED25519.verify_sig(&part("x"), message, &signature),
                    Algorithm::RS256 | Algorithm::HS256 => RsaPublicKeyComponents { n: part("n"), e: part("e") }
                        .verify(&RSA_PKCS1_2048_8192_SHA256, message, &signature),
                };
            assert!(holds.is_ok(), "{algorithm:?}");
        }
    }

    #[test]
    fn tokens_of_one_server_are_nothing_to_another() {
        let [one, other] = [Algorithm::ES256, Algorithm::ES256].map(sample::ring);
        let token = sign(&one, &claims()).unwrap();
        assert_eq!(check(&other, token.expose()).unwrap_err(), BadAccess::BadSignature);
        // Even where the other names its key alike.
        let body = serde_json::to_string(&claims()).unwrap();
        let named = other.access_signer().forge(&header(&one, "ES256", "at+jwt"), &body);
        assert_eq!(check(&one, &named).unwrap_err(), BadAccess::BadSignature);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_none_is_a_token(text in any::<String>(), part in "[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){0,5}") {
            let keys = keys();
            assert!(check(keys, &text).is_err() && check(keys, &part).is_err());
        }

        #[test]
        fn not_one_byte_may_change(at in any::<proptest::sample::Index>(), byte in "[ -~]") {
            let keys = keys();
            let good = sign(keys, &claims()).unwrap().reveal();
            let at = at.index(good.len());
            let bad = format!("{}{byte}{}", &good[..at], &good[at + 1..]);
            assert_eq!(check(keys, &bad).is_ok(), bad == good);
            assert!(check(keys, &good[..at]).is_err());
        }
    }

    fn keys() -> &'static Keyring {
        static KEYS: std::sync::OnceLock<Keyring> = std::sync::OnceLock::new();
        KEYS.get_or_init(|| sample::ring(Algorithm::ES256))
    }
}
