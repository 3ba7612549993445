//! The Rust of the README against tokens with every flaw.

use doorward::base::time::{Clock, SystemClock};
use doorward::crypto::forge::flaw::Verdict;
use doorward::crypto::forge::vectors::{key_set, vectors};
use doorward::domain::key::Algorithm;

use crate::readme::check::check;

/// Where it says something else than a right verifier, and why that does no harm.
const OTHERWISE: &[(&str, &str)] = &[
    ("typ_application", "it asks for the one spelling that doorward writes"),
    ("issuer_list", "only who has the key can sign it, and doorward writes one issuer"),
    ("claims_not_utf8", "only who has the key can sign it, and nothing that is read of it is affected"),
];

#[test]
fn it_says_of_each_what_a_right_verifier_says() {
    let keys = serde_json::from_str(&key_set().unwrap()).unwrap();
    let all = vectors("http://localhost:8484", "doorward", SystemClock.now()).unwrap();
    let mut otherwise = Vec::new();
    for vector in all.iter().filter(|vector| vector.algorithm == Algorithm::ES256) {
        let took = check(&keys, &vector.token).is_ok();
        if took != (vector.flaw.verdict() == Verdict::Accept) {
            otherwise.push(vector.flaw.word());
        }
    }
    let named: Vec<_> = OTHERWISE.iter().map(|(word, _)| *word).collect();
    assert_eq!(otherwise, named);
}
