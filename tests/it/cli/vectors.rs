//! `doorward vectors`.

use std::collections::{HashMap, HashSet};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::base::time::{Clock, SystemClock};
use jsonwebtoken::jwk::JwkSet;
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
use serde_json::Value;

use crate::cli::house::House;

fn vectors(house: &House, args: &[&str]) -> Value {
    let said = house.run(&[&["vectors"], args].concat());
    assert_eq!((said.status, said.err.as_str()), (0, ""), "{said:?}");
    serde_json::from_str(&said.out).unwrap()
}

#[test]
fn they_come_with_the_keys_that_check_the_good_ones() {
    let house = House::empty();
    let told = vectors(&house, &["--issuer", "https://auth.example.com", "--audience", "orders"]);
    assert_eq!((&told["issuer"], &told["audience"]), (&"https://auth.example.com".into(), &"orders".into()));
    let keys: JwkSet = serde_json::from_value(told["jwks"].clone()).unwrap();
    let secret = URL_SAFE_NO_PAD.decode(told["hs256Secret"].as_str().unwrap()).unwrap();
    let mut good = HashMap::new();
    for vector in told["vectors"].as_array().unwrap() {
        let word = vector["algorithm"].as_str().unwrap();
        let algorithm: Algorithm = word.parse().unwrap();
        let key = match keys.find(&format!("dev-{}", word.to_lowercase())) {
            Some(key) => DecodingKey::from_jwk(key).unwrap(),
            None => DecodingKey::from_secret(&secret),
        };
        let mut pinned = Validation::new(algorithm);
        pinned.set_issuer(&["https://auth.example.com"]);
        pinned.set_audience(&["orders"]);
        let taken = decode::<HashMap<String, Value>>(vector["token"].as_str().unwrap(), &key, &pinned);
        if vector["verdict"] == "accept" {
            let claims = taken.unwrap_or_else(|error| panic!("{vector}: {error}")).claims;
            // A fraction of a second is left out.
            let end: i64 = claims["exp"].to_string().split('.').next().unwrap().parse().unwrap();
            assert!(end > SystemClock.now().secs() + 3500, "{vector}");
            *good.entry(word.to_owned()).or_insert(0) += 1;
        } else if vector["name"] == "wrong_key" || vector["name"] == "expired" {
            assert!(taken.is_err(), "{vector}");
        }
    }
    assert_eq!((good.len(), good.values().collect::<HashSet<_>>().len()), (4, 1), "{good:?}");
    assert_eq!(house.path().read_dir().unwrap().count(), 0, "nothing was written");
}

#[test]
fn each_says_what_it_is() {
    let told = vectors(&House::empty(), &[]);
    assert_eq!((&told["issuer"], &told["audience"]), (&"http://localhost:8484/dev".into(), &"doorward".into()));
    let mut names = HashSet::new();
    for vector in told["vectors"].as_array().unwrap() {
        let text = |name: &str| vector[name].as_str().unwrap_or_else(|| panic!("{name} of {vector}"));
        assert!(names.insert((text("name"), text("algorithm"))), "{vector}");
        assert!(["accept", "reject"].contains(&text("verdict")), "{vector}");
        assert!(!text("why").is_empty() && text("source").starts_with("RFC ") && !text("token").is_empty());
        let stricter = vector.get("doorward").is_some();
        assert_eq!(stricter, vector.get("doorwardWhy").is_some(), "{vector}");
        assert!(!stricter || (text("doorward"), text("verdict")) == ("reject", "accept"), "{vector}");
    }
}

#[test]
fn settings_that_are_wrong_and_a_missing_folder_are_nothing_to_it() {
    let house = House::empty();
    let said = house.run_with(&["--data", "/nowhere", "vectors"], "", &[("DOORWARD_LISTN", "x")]);
    assert_eq!((said.status, said.err.as_str()), (0, ""));
    for args in [["vectors", "--issuer", ""], ["vectors", "--audience", ""]] {
        assert_eq!(house.run(&args).status, 2, "{args:?}");
    }
}
