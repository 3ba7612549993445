//! Hashing passwords and checking them, in the same time whether or not there is such a user.
//!
//! Everything here keeps a core busy for a while: it belongs on the threads of `crypto::hash_pool`.

use std::hint::black_box;
use std::ops::Range;

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bcrypt::bcrypt;
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::base::time::Ttl;
use crate::crypto::stored_hash::{BadHash, Cost, Form, StoredHash, encode_salt};
use crate::domain::password::{NewPassword, PasswordHash, Typed};

/// How many bytes bcrypt reads.
const KEY_BYTES: usize = 72;

/// What came of checking a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is the password.
    Right,
    /// It is not, or there is no such user.
    Wrong,
    /// The stored hash can't be read: nobody gets in by it, and somebody should be told.
    Unreadable(BadHash),
}

/// Hashes a password to be set. The salt is 16 bytes of chance.
pub fn hash(password: &NewPassword, cost: Cost, salt: [u8; 16]) -> PasswordHash {
    rehash(password.typed(), cost, salt)
}

/// Hashes anew the password that was just found right, where [`StoredHash::needs_rehash`] says so.
/// The rules for choosing one don't apply: it is the password already.
pub fn rehash(password: &Typed, cost: Cost, salt: [u8; 16]) -> PasswordHash {
    let digest = digest(Form::Ours, password, cost, salt);
    StoredHash::ours(cost, salt, digest).to_ours()
}

/// Checks a password against the hash of its user, if there is one.
///
/// The time is that of one bcrypt of the highest cost stored, whatever is found: a lower one is made up
/// for by more of them, and no hash or a bad one is checked against a made-up record.
pub fn verify(typed: &Typed, stored: Option<&PasswordHash>, highest: Cost) -> Verdict {
    let parsed = stored.map(|stored| StoredHash::parse(stored.as_str()));
    let made_up = StoredHash::ours(highest, *b"nobody\x9a\x1b\xe2\x47\x5c\xd0\x83\x3f\x66\xa8", [0; 23]);
    let (record, found) = match parsed {
        Some(Ok(record)) => (record, Ok(true)),
        Some(Err(bad)) => (made_up, Err(bad)),
        None => (made_up, Ok(false)),
    };
    let digest = digest(record.form(), typed, record.cost(), *record.salt());
    let equal = bool::from(digest.as_slice().ct_eq(record.digest().as_slice()));
    for cost in fillers(record.cost(), highest) {
        black_box(work(cost, *record.salt(), black_box(b"\0")));
    }
    match found {
        Ok(true) if equal => Verdict::Right,
        Ok(_) => Verdict::Wrong,
        Err(bad) => Verdict::Unreadable(bad),
    }
}

/// About how long one hash of this cost takes on one core: 60 µs a round, on a machine of 2020 or so.
pub const fn expected_time(cost: Cost) -> Ttl {
    Ttl::from_millis((60 << cost.get()) / 1000 + 1)
}

/// The costs that bring 2^`done` rounds up to 2^`highest`: each doubles what was done so far.
fn fillers(done: Cost, highest: Cost) -> Range<u8> {
    done.get()..highest.get()
}

fn digest(form: Form, password: &Typed, cost: Cost, salt: [u8; 16]) -> [u8; 23] {
    let key = match form {
        Form::Ours => prehashed(password, &salt),
        Form::Plain => cut(password),
    };
    let [digest @ .., _] = work(cost.get(), salt, &key);
    digest
}

/// 2^`cost` rounds: all that takes long here.
fn work(cost: u8, salt: [u8; 16], key: &[u8]) -> [u8; 24] {
    #[cfg(test)]
    tests::ROUNDS.set(tests::ROUNDS.get() + (1 << cost));
    bcrypt(u32::from(cost), salt, key)
}

/// Base64 of HMAC-SHA-256 over the NFC form, keyed by the salt as it is written; and bcrypt's NUL.
fn prehashed(password: &Typed, salt: &[u8; 16]) -> Zeroizing<Vec<u8>> {
    let key = hmac::Key::new(hmac::HMAC_SHA256, encode_salt(salt).as_bytes());
    let mut text = String::with_capacity(KEY_BYTES);
    STANDARD.encode_string(hmac::sign(&key, password.nfc()), &mut text);
    text.push('\0');
    Zeroizing::new(text.into_bytes())
}

/// The first 72 bytes as typed; where it has fewer, the NUL that ends it too.
fn cut(password: &Typed) -> Zeroizing<Vec<u8>> {
    let mut key = Vec::with_capacity(KEY_BYTES);
    key.extend(password.raw().iter().chain([&0]).take(KEY_BYTES));
    Zeroizing::new(key)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;
    use crate::domain::password::Rules;

    thread_local! {
        /// The rounds of bcrypt that this thread has made.
        pub(super) static ROUNDS: Cell<u64> = const { Cell::new(0) };
    }

    const SALT: &str = "N9qo8uLOickgx2ZMRZoMye";
    const OTHER: &str = "abcdefghijklmnopqrstuu";

    fn typed(text: &str) -> Typed {
        Typed::parse(text).unwrap()
    }

    fn cost(cost: u32) -> Cost {
        Cost::try_from(cost).unwrap()
    }

    fn check(text: &str, stored: &str) -> Verdict {
        verify(&typed(text), Some(&PasswordHash::new(stored.to_owned())), cost(4))
    }

    /// Made by passlib 1.7.4: cost, salt, password, digest.
    fn passlib() -> Vec<(u32, &'static str, String, &'static str)> {
        vec![
            (4, SALT, "password1".into(), "C3OPseganC.aTTJfRDcH2BxAzbY0DpC"),
            (5, OTHER, "correct horse battery staple".into(), "bsungiydZLgcxsIddv6ixH21Pl8kSiy"),
            (6, SALT, "p".into(), "Pfwyaoh9iVk0Ia9jMDk/3P9eZknkgbC"),
            (4, OTHER, String::new(), "2YZyxpuwYaPasMvMDkwkEFRN4XLF75a"),
            (4, SALT, "caf\u{e9} \u{1ec7}".into(), "Y/ZqFbl6Zd0v/CD/MC6yKKB4a.hzPSC"),
            (4, SALT, "cafe\u{301} e\u{323}\u{302}".into(), "Y/ZqFbl6Zd0v/CD/MC6yKKB4a.hzPSC"),
            (4, OTHER, "🔑שלום".into(), "aH4BueFmKtuP4GtvQsgLiMYIVA1jPua"),
            (4, SALT, "a".repeat(71), "4MavsYvr3FkkOfBN7AAbcQNhNFx.kVe"),
            (4, SALT, "a".repeat(72), "lWJBVZJFUSt3153tnklToAf0LvLqE8C"),
            (4, SALT, "a".repeat(73), "M4t.AIqnxheSiCQRhd/maRcn2qDijJK"),
            (4, SALT, "a".repeat(200), ".yISiP2Ozg9wNrZIDtnrjiQWlVXUiM6"),
        ]
    }

    #[test]
    fn our_hashes_are_those_of_passlib() {
        for (rounds, salt, password, digest) in passlib() {
            let stored = format!("$bcrypt-sha256$v=2,t=2b,r={rounds}${salt}${digest}");
            let bytes = *StoredHash::parse(&stored).unwrap().salt();
            assert_eq!(rehash(&typed(&password), cost(rounds), bytes).as_str(), stored, "{password:?}");
            assert_eq!(check(&password, &stored), Verdict::Right, "{password:?}");
            assert_eq!(check(&format!("{password}!"), &stored), Verdict::Wrong, "{password:?}");
        }
    }

    #[test]
    fn a_password_that_may_be_set_is_hashed_and_found() {
        let rules = Rules { min_length: 8, service_name: String::new() };
        let password = NewPassword::parse("tr\u{e9}s bien, merci", &rules, None).unwrap();
        let stored = hash(&password, cost(4), [7; 16]);
        assert_eq!(verify(&typed("tre\u{301}s bien, merci"), Some(&stored), cost(4)), Verdict::Right);
        assert_eq!(verify(&typed("tr\u{e9}s bien, Merci"), Some(&stored), cost(5)), Verdict::Wrong);
        assert_ne!(hash(&password, cost(4), [8; 16]), stored);
    }

    #[test]
    fn equal_first_72_bytes_are_not_one_password_in_our_form() {
        let stored = rehash(&typed(&format!("{}b", "a".repeat(72))), cost(4), [7; 16]);
        assert_eq!(check(&format!("{}c", "a".repeat(72)), stored.as_str()), Verdict::Wrong);
        assert_eq!(check(&"a".repeat(72), stored.as_str()), Verdict::Wrong);
    }

    #[test]
    fn foreign_hashes_verify_on_the_first_72_bytes_as_typed() {
        // Made by passlib 1.7.4 over bcrypt 4.0.1.
        let rows = [
            ("password1".to_owned(), "G0dn23TmsW2CgnJryKiUOtvqgeAPA.2"),
            ("caf\u{e9}".to_owned(), "usvfeYzFuQdqd.KjimlRKkZ2QcoHWhO"),
            ("cafe\u{301}".to_owned(), "OPx4tXEYeRQ0j5wdqjQ2bd8EqDyvq5e"),
            ("a".repeat(71), "MCu.k1vM/ywQwiONaEn3oEMlZoCVBd6"),
            ("a".repeat(72), "BzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe"),
            ("a".repeat(200), "BzzIgyKkz7xMWYSzkIjUSnxEQFQ0WNe"),
            (String::new(), "byCG3zY1GIXMyxfivm.ClDiInHzxjiq"),
        ];
        for (password, digest) in &rows {
            for version in ["2a", "2b", "2y"] {
                let stored = format!("${version}$04${OTHER}{digest}");
                for (other, its) in &rows {
                    let expected = if its == digest { Verdict::Right } else { Verdict::Wrong };
                    assert_eq!(check(other, &stored), expected, "{other:?} for {password:?}");
                }
            }
        }
    }

    #[test]
    fn nobody_and_a_bad_hash_let_nobody_in() {
        assert_eq!(verify(&typed("password1"), None, cost(4)), Verdict::Wrong);
        for (bad, why) in [
            ("", BadHash::Malformed),
            ("plain text", BadHash::Malformed),
            ("$2x$04$abcdefghijklmnopqrstuuG0dn23TmsW2CgnJryKiUOtvqgeAPA.2", BadHash::Broken),
        ] {
            assert_eq!(check("password1", bad), Verdict::Unreadable(why), "{bad:?}");
        }
        let hostile = format!("$2b$31${OTHER}G0dn23TmsW2CgnJryKiUOtvqgeAPA.2");
        assert!(matches!(check("password1", &hostile), Verdict::Unreadable(BadHash::Cost(_))));
    }

    #[test]
    fn a_lower_cost_is_made_up_for_to_the_round() {
        for highest in 4..=15 {
            for done in 4..=highest {
                let more: u64 = fillers(cost(done), cost(highest)).map(|cost| 1 << cost).sum();
                assert_eq!((1 << done) + more, 1 << highest, "{done} to {highest}");
            }
        }
        assert!(fillers(cost(13), cost(12)).is_empty(), "a cost above the highest known takes its own time");
    }

    #[test]
    fn whoever_is_asked_for_the_rounds_are_the_same() {
        let rounds = |stored: Option<&PasswordHash>, text: &str| {
            ROUNDS.set(0);
            let verdict = verify(&typed(text), stored, cost(8));
            (ROUNDS.get(), verdict)
        };
        assert_eq!(rounds(None, "password1"), (256, Verdict::Wrong));
        for bad in ["", "nonsense", "$2b$31$abcdefghijklmnopqrstuuG0dn23TmsW2CgnJryKiUOtvqgeAPA.2"] {
            let (rounds, verdict) = rounds(Some(&PasswordHash::new(bad.to_owned())), "password1");
            assert!(rounds == 256 && matches!(verdict, Verdict::Unreadable(_)), "{bad:?}: {rounds}, {verdict:?}");
        }
        for done in 4..=8 {
            let ours = rehash(&typed("password1"), cost(done), [7; 16]);
            let foreign = format!("$2b${done:02}${OTHER}G0dn23TmsW2CgnJryKiUOtvqgeAPA.2");
            for stored in [ours, PasswordHash::new(foreign)] {
                let right = rounds(Some(&stored), "password1");
                let is_ours = stored.as_str().starts_with("$bcrypt-sha256");
                assert_eq!(right, (256, if is_ours || done == 4 { Verdict::Right } else { Verdict::Wrong }));
                assert_eq!(rounds(Some(&stored), "password2"), (256, Verdict::Wrong), "{done}");
                assert_eq!(rounds(Some(&stored), &"x".repeat(1_000)), (256, Verdict::Wrong), "{done}");
            }
        }
    }

    #[test]
    fn a_hash_of_cost_twelve_takes_a_quarter_of_a_second() {
        assert_eq!(expected_time(cost(12)), Ttl::from_millis(246));
    }
}
