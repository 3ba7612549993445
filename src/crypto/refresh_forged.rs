//! Refresh tokens that are none, each with a signature that holds wherever the forger could make one.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::{any, proptest};
use serde_json::Value;

use crate::base::entropy::SystemEntropy;
use crate::base::id::{DatabaseId, SessionId, UserId};
use crate::base::secret::Secret;
use crate::base::time::{Timestamp, Ttl};
use crate::crypto::access;
use crate::crypto::hs256::Hs256Secret;
use crate::crypto::keys::Keyring;
use crate::crypto::refresh::{BadRefresh, Beginning, RefreshToken};
use crate::crypto::sample;
use crate::crypto::seal::Label;
use crate::domain::key::{Algorithm, KeyUse, SealedKey};
use crate::domain::session::Transport;
use crate::domain::version::Version;

const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);

fn first(keys: &Keyring) -> String {
    let beginning = Beginning {
        user: UserId::from_bytes([2; 16]),
        session: SessionId::from_bytes([3; 16]),
        generation: 0,
        ver: Version { epoch: 5, number: 8 },
        transport: Transport::Cookie,
        iat: NOW,
        exp: NOW + Ttl::from_days(7),
        end: NOW + Ttl::from_days(30),
    };
    RefreshToken::first(keys, &beginning, [4; 16]).unwrap().reveal()
}

fn parse(keys: &Keyring, text: &str) -> Result<RefreshToken, BadRefresh> {
    RefreshToken::parse(keys, text, Transport::Cookie)
}

/// The claims of a token, in JSON.
fn body(token: &str) -> String {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap()).unwrap()
}

fn keys() -> &'static Keyring {
    static KEYS: std::sync::OnceLock<Keyring> = std::sync::OnceLock::new();
    KEYS.get_or_init(|| sample::ring(Algorithm::ES256))
}

#[test]
fn a_token_of_another_database_is_not_ours() {
    let secret = [7; 32];
    let label = Label { purpose: "refresh HS256", kid: "same", database: DatabaseId::from_bytes([9; 16]) };
    let entropy = SystemEntropy::default();
    let ours = sample::row(KeyUse::Refresh, Algorithm::HS256, "same", &secret);
    let theirs = SealedKey { sealed: sample::master().seal(label, &secret, &entropy).unwrap(), ..ours.clone() };
    let hs256 = Hs256Secret::new(Secret::new(vec![7; 32])).unwrap();
    let theirs = Keyring::open(&[theirs], &sample::master(), label.database, Some(&hs256)).unwrap();
    let keys = sample::open(&[sample::access(Algorithm::ES256, 0), ours]);
    assert_eq!(parse(&keys, &first(&theirs)).unwrap_err(), BadRefresh::NotForUs);
    let strange = sample::ring(Algorithm::ES256);
    assert_eq!(parse(&keys, &first(&strange)).unwrap_err(), BadRefresh::BadSignature);
}

#[test]
fn neither_token_is_taken_for_the_other() {
    let keys = sample::ring(Algorithm::HS256);
    let refresh = first(&keys);
    let body = body(&refresh);
    let is_access = |text: &str| access::verify(&keys, text, keys.refresh_party(), keys.refresh_party(), NOW).is_ok();
    assert!(!is_access(&refresh));
    let rt = |typ: &str| format!(r#"{{"typ":"{typ}","alg":"HS256","kid":"{}"}}"#, keys.refresh_key().kid());
    let at = |typ: &str| format!(r#"{{"typ":"{typ}","alg":"HS256","kid":"{}"}}"#, keys.access_kid());
    assert!(parse(&keys, &keys.refresh_key().signer().forge(&rt("rt+jwt"), &body)).is_ok());
    for typ in ["at+jwt", "JWT", "RT+JWT", "application/rt+jwt", ""] {
        let text = keys.refresh_key().signer().forge(&rt(typ), &body);
        assert_eq!(parse(&keys, &text).unwrap_err(), BadRefresh::Malformed, "{typ}");
        assert!(!is_access(&text));
    }
    for typ in ["rt+jwt", "at+jwt"] {
        let text = keys.access_signer().forge(&at(typ), &body);
        assert_eq!(parse(&keys, &text).unwrap_err(), BadRefresh::BadSignature, "{typ}");
        assert!(!is_access(&text), "{typ}");
        let text = keys.access_signer().forge(&rt(typ), &body);
        assert!(parse(&keys, &text).is_err() && !is_access(&text), "{typ}");
    }
}

#[test]
fn every_claim_is_needed_in_its_own_type() {
    let keys = sample::ring(Algorithm::ES256);
    let header = format!(r#"{{"typ":"rt+jwt","alg":"HS256","kid":"{}"}}"#, keys.refresh_key().kid());
    let with = |name: &str, raw: Option<&str>| {
        let mut members: serde_json::Map<String, Value> = serde_json::from_str(&body(&first(&keys))).unwrap();
        members.remove(name);
        let text = Value::from(members).to_string();
        let text = raw.map_or(text.clone(), |raw| text.replacen('{', &format!("{{\"{name}\":{raw},"), 1));
        keys.refresh_key().signer().forge(&header, &text)
    };
    assert!(parse(&keys, &with("gen", Some("7"))).is_ok());
    for name in ["iss", "aud", "sub", "sid", "gen", "ver", "tr", "iat", "exp", "end", "jti"] {
        for raw in [None, Some("null"), Some("{}"), Some("1.5"), Some("\"\""), Some("1e400"), Some("[\"cookie\"]")] {
            assert!(parse(&keys, &with(name, raw)).is_err(), "{name}: {raw:?}");
        }
    }
    for (name, raw) in
        [("gen", "-1"), ("gen", "0,\"gen\":0"), ("nbf", "1"), ("exp", "\"9999999999\""), ("tr", "\"header\"")]
    {
        assert_eq!(parse(&keys, &with(name, Some(raw))).unwrap_err(), BadRefresh::Malformed, "{name}: {raw}");
    }
}

proptest! {
    #[test]
    fn no_text_panics_and_none_is_a_token(text in any::<String>()) {
        assert!(parse(keys(), &text).is_err());
    }

    #[test]
    fn not_one_byte_may_change(at in any::<proptest::sample::Index>(), byte in "[ -~]") {
        let good = first(keys());
        let at = at.index(good.len());
        let bad = format!("{}{byte}{}", &good[..at], &good[at + 1..]);
        assert_eq!(parse(keys(), &bad).is_ok(), bad == good);
        assert!(parse(keys(), &good[..at]).is_err());
    }
}
