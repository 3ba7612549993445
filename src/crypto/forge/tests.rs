//! The forged tokens against this server's own verifier, and against what their table says of them.

use std::collections::HashSet;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::{ProptestConfig, Strategy, prop_oneof, proptest};
use serde_json::{Value, json};

use crate::base::entropy::SystemEntropy;
use crate::base::time::{Timestamp, Ttl};
use crate::crypto::access::{BadAccess, verify};
use crate::crypto::dev_keys;
use crate::crypto::forge::flaw::{Flaw, Verdict};
use crate::crypto::forge::vectors::{Vector, hs256_secret, key_set, vectors};
use crate::crypto::forge::{CantForge, Request, make};
use crate::crypto::keys::Keyring;
use crate::crypto::sample::DATABASE;
use crate::domain::key::Algorithm;

const ISS: &str = "http://localhost:8484/dev";
const AUD: &str = "doorward";
const NOW: Timestamp = Timestamp::from_secs(1_790_000_000);
const ALL: [Algorithm; 4] = [Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256, Algorithm::HS256];

/// The ring of a stub, with a key of each algorithm.
fn ring() -> Keyring {
    let entropy = SystemEntropy::default();
    let keys = ALL.map(dev_keys::access).into_iter().chain([dev_keys::refresh()]);
    let rows: Vec<_> = keys.map(|key| key.seal(&dev_keys::master(), DATABASE, NOW, &entropy).unwrap()).collect();
    Keyring::open_dev(&rows, &dev_keys::master(), DATABASE).unwrap()
}

fn all() -> Vec<Vector> {
    vectors(ISS, AUD, NOW).unwrap()
}

fn parts(token: &str) -> Vec<Value> {
    let decoded = |part| URL_SAFE_NO_PAD.decode(part).unwrap();
    token.split('.').take(2).map(|part| serde_json::from_slice(&decoded(part)).unwrap()).collect()
}

#[test]
fn our_verifier_says_of_each_what_the_table_says() {
    let ring = ring();
    for at in [NOW, NOW + Ttl::from_mins(59)] {
        for Vector { algorithm, flaw, token } in all() {
            let accepted = flaw.verdict() == Verdict::Accept && flaw.refused_here().is_none();
            let said = verify(&ring, &token, ISS, AUD, at);
            assert_eq!(said.is_ok(), accepted, "{algorithm:?} {flaw:?} {:?}: {token}", said.err());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    #[test]
    fn it_says_so_whatever_issuer_and_audience_are_called(names in any_names()) {
        let ring = ring();
        let (issuer, audience) = names;
        for Vector { algorithm, flaw, token } in vectors(&issuer, &audience, NOW).unwrap() {
            let accepted = flaw.verdict() == Verdict::Accept && flaw.refused_here().is_none();
            let said = verify(&ring, &token, &issuer, &audience, NOW);
            assert_eq!(said.is_ok(), accepted, "{algorithm:?} {flaw:?} of {issuer} for {audience}: {token}");
        }
    }
}

/// Names as people give them, and those that stand for the wrong ones.
fn any_names() -> impl Strategy<Value = (String, String)> {
    let name = || prop_oneof!["\\PC{1,40}", "https://(evil|other|one)\\.example"];
    (name(), name())
}

#[test]
fn none_that_a_stranger_signed_or_that_was_bent_has_a_good_signature() {
    let ring = ring();
    for Vector { algorithm, flaw, token } in all() {
        let said = verify(&ring, &token, ISS, AUD, NOW).err();
        let expected = match flaw.word() {
            "wrong_key"
            | "claims_changed"
            | "bad_signature"
            | "truncated_signature"
            | "longer_signature"
            | "zero_signature"
            | "der_signature"
            | "empty_secret"
            | "unknown_kid"
            | "kid_path" => BadAccess::BadSignature,
            "expired" => BadAccess::Expired,
            "wrong_issuer" | "issuer_longer" | "issuer_shorter" | "wrong_audience" | "audience_longer" => {
                BadAccess::NotForUs
            }
            _ if said.is_none() => continue,
            _ => BadAccess::Malformed,
        };
        assert_eq!(said, Some(expected), "{algorithm:?} {flaw:?}");
    }
}

#[test]
fn no_two_are_the_same() {
    let all = all();
    let texts: HashSet<_> = all.iter().map(|vector| &vector.token).collect();
    assert_eq!(texts.len(), all.len());
    for algorithm in ALL {
        let words: HashSet<_> = all.iter().filter(|it| it.algorithm == algorithm).map(|it| it.flaw.word()).collect();
        let fitting = Flaw::all().filter(|flaw| flaw.fits(algorithm)).count();
        assert!(words.len() == fitting && fitting > 50, "{algorithm:?}: {fitting}");
    }
}

#[test]
fn the_odd_spellings_are_there() {
    for Vector { algorithm, flaw, token } in all() {
        let claims = token.split('.').nth(1).unwrap();
        let odd = match flaw.word() {
            "padded_claims" => claims.ends_with('='),
            "padded_signature" => token.ends_with('='),
            "other_alphabet" => claims.contains(['+', '/']) && !claims.contains(['-', '_']),
            "line_break" => claims.contains('\n'),
            "oversized" => token.len() > 19_000,
            "many_dots" => token.matches('.').count() == 2002,
            "empty_signature" | "alg_none" | "alg_none_mixed" => token.ends_with('.'),
            "claims_not_utf8" => String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).is_err(),
            "duplicate_claim" => {
                String::from_utf8(URL_SAFE_NO_PAD.decode(claims).unwrap()).unwrap().matches("\"exp\":").count() == 2
            }
            "jwk" => parts(&token)[0]["jwk"]["kty"].is_string(),
            _ => true,
        };
        assert!(odd, "{algorithm:?} {flaw:?}: {token:.2000}");
    }
}

#[test]
fn changes_set_members_and_take_them_out_and_the_flaw_wins() {
    let base = &crate::crypto::access::tests::claims();
    let header = json!({"cty": "x", "typ": null});
    let claims = json!({"role": "admin", "email": null, "sub": 7, "exp": 1, "extra": {"a": [1]}});
    let request = Request {
        algorithm: Algorithm::ES256,
        base,
        now: NOW,
        header: header.as_object(),
        claims: claims.as_object(),
        flaw: Flaw::NONE,
    };
    let made = parts(&make(&request).unwrap());
    assert_eq!(made[0], json!({"alg": "ES256", "kid": "dev-es256", "cty": "x"}));
    let mut expected = serde_json::to_value(base).unwrap();
    for name in ["role", "sub", "exp", "extra"] {
        expected[name] = claims[name].clone();
    }
    expected.as_object_mut().unwrap().remove("email");
    assert_eq!(made[1], expected);
    let flawed = parts(&make(&Request { flaw: "far_end".parse().unwrap(), ..request }).unwrap());
    assert_eq!((&flawed[1]["exp"], &flawed[1]["role"]), (&json!(NOW.secs() + 315_360_000), &json!("admin")));
}

#[test]
fn a_flaw_is_not_forced_on_an_algorithm_that_cannot_have_it() {
    let base = &crate::crypto::access::tests::claims();
    for (word, algorithm) in [("der_signature", Algorithm::RS256), ("public_pem_as_secret", Algorithm::HS256)] {
        let flaw = word.parse().unwrap();
        let request = Request { algorithm, base, now: NOW, header: None, claims: None, flaw };
        let refused = make(&request).unwrap_err();
        assert!(matches!(refused, CantForge::NotOfIt(..)), "{refused}");
        assert!(refused.to_string().contains(word) && refused.to_string().contains(algorithm.word()), "{refused}");
    }
}

#[test]
fn the_keys_that_are_told_are_those_of_the_ring() {
    let mut told: Value = serde_json::from_str(&key_set().unwrap()).unwrap();
    let mut held: Value = serde_json::from_str(ring().jwks()).unwrap();
    for set in [&mut told, &mut held] {
        set["keys"].as_array_mut().unwrap().sort_by_key(|key| key["kid"].to_string());
    }
    assert_eq!(told, held);
    assert_eq!(URL_SAFE_NO_PAD.decode(hs256_secret()).unwrap(), dev_keys::known(Algorithm::HS256).1);
}
