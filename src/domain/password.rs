//! Passwords: as typed for signing in, as chosen anew under the rules, and the hash that is stored.

use std::fmt;

use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, Zeroizing};

use crate::base::secret::Secret;
use crate::domain::common_password::is_common;
use crate::domain::email::Email;

/// The longest password that is looked at, in bytes of its NFC form: 256 code points of four bytes each.
/// Measured so, whatever can be chosen can be typed, composed or not.
pub const MAX_BYTES: usize = 1024;

/// The longest password that can be chosen, in code points after NFC.
pub const MAX_LENGTH: usize = 256;

/// A password as somebody typed it. Signing in asks no more of it than this.
#[derive(Debug)]
pub struct Typed {
    raw: Secret<String>,
    nfc: Secret<String>,
}

/// A password that may be set: it meets the rules.
#[derive(Debug)]
pub struct NewPassword(Typed);

/// The rules for choosing a password (NIST SP 800-63B-4, section 3.1.1.2): a length and a list of what
/// a guesser tries first, and none about the kinds of characters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rules {
    /// The least length in code points after NFC.
    pub min_length: usize,
    /// What the service calls itself. Empty where it has no name.
    pub service_name: String,
}

/// A password's hash as its column holds it: what the store may name. `crypto::stored_hash` reads it.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

/// What can't be a password at all, at signing in neither. A fault of the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadTyped {
    /// It holds U+0000, at which bcrypt and much else stops reading.
    #[error("a password can't hold the character U+0000")]
    Nul,
    /// Longer than [`MAX_BYTES`].
    #[error("a password has at most {MAX_BYTES} bytes")]
    TooLong,
}

/// Why a password can't be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadPassword {
    /// Not a password at all.
    #[error(transparent)]
    Untypable(#[from] BadTyped),
    /// Shorter than the rules ask.
    #[error("a password has at least {min} characters")]
    TooShort {
        /// The least length in characters.
        min: usize,
    },
    /// Longer than [`MAX_LENGTH`].
    #[error("a password has at most {MAX_LENGTH} characters")]
    TooLong,
    /// On the list of common ones.
    #[error("this password is a common one, and guessers try those first")]
    Common,
    /// The account's address or a part of it.
    #[error("a password can't be the e-mail address of its account or a part of it")]
    Address,
    /// The service's name.
    #[error("a password can't be the name of the service")]
    ServiceName,
}

impl BadPassword {
    /// Every rule, as its stable word.
    pub const RULES: [&str; 7] = ["too_short", "too_long", "too_large", "nul", "common", "address", "service_name"];

    /// The rule that it breaks, as a stable word.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Untypable(bad) => bad.rule(),
            Self::TooShort { .. } => "too_short",
            Self::TooLong => "too_long",
            Self::Common => "common",
            Self::Address => "address",
            Self::ServiceName => "service_name",
        }
    }
}

impl BadTyped {
    /// The rule that it breaks, as a stable word.
    pub const fn rule(&self) -> &'static str {
        match self {
            Self::Nul => "nul",
            Self::TooLong => "too_large",
        }
    }
}

impl Typed {
    /// Takes what was typed, blanks and case and all.
    pub fn parse(text: &str) -> Result<Self, BadTyped> {
        if text.contains('\0') {
            return Err(BadTyped::Nul);
        }
        // The full size at once: a string that grew would leave copies behind.
        let mut nfc = String::with_capacity(MAX_BYTES);
        for c in text.nfc() {
            if nfc.len() + c.len_utf8() > MAX_BYTES {
                nfc.zeroize();
                return Err(BadTyped::TooLong);
            }
            nfc.push(c);
        }
        Ok(Self { raw: Secret::new(text.to_owned()), nfc: Secret::new(nfc) })
    }

    /// The bytes as typed: for hashes that were made elsewhere.
    pub fn raw(&self) -> &[u8] {
        self.raw.expose().as_bytes()
    }

    /// The bytes after NFC, so that one password is one on every keyboard: for our own hashes.
    pub fn nfc(&self) -> &[u8] {
        self.nfc.expose().as_bytes()
    }
}

impl NewPassword {
    /// Holds what was typed against the rules, for the account of this address.
    pub fn parse(text: &str, rules: &Rules, email: Option<&Email>) -> Result<Self, BadPassword> {
        let typed = Typed::parse(text)?;
        let nfc = typed.nfc.expose();
        let length = nfc.chars().count();
        if length < rules.min_length {
            return Err(BadPassword::TooShort { min: rules.min_length });
        }
        if length > MAX_LENGTH {
            return Err(BadPassword::TooLong);
        }
        let folded = fold(nfc);
        if email.is_some_and(|email| is_part(&folded, email)) {
            return Err(BadPassword::Address);
        }
        if *folded == *fold(&rules.service_name) {
            return Err(BadPassword::ServiceName);
        }
        if is_common(&folded) {
            return Err(BadPassword::Common);
        }
        Ok(Self(typed))
    }

    /// The password itself.
    pub const fn typed(&self) -> &Typed {
        &self.0
    }
}

/// Whether it is the address or a part of it, in the form that is compared or with the domain as typed.
fn is_part(folded: &str, email: &Email) -> bool {
    let shown = fold(email.as_str());
    let domain = shown.rsplit_once('@').map(|(_, domain)| domain);
    email.parts().chain([shown.as_str()]).chain(domain).any(|part| part == folded)
}

/// Lower case in NFC, in strings that are wiped.
fn fold(text: &str) -> Zeroizing<String> {
    let lower = Zeroizing::new(text.to_lowercase());
    // NFC makes a text at most three times as long in UTF-8 (Unicode, FAQ on normalization).
    let mut folded = Zeroizing::new(String::with_capacity(lower.len().saturating_mul(3)));
    folded.extend(lower.nfc());
    folded
}

impl PasswordHash {
    /// From its column, or freshly made.
    pub const fn new(text: String) -> Self {
        Self(text)
    }

    /// As its column holds it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chosen(text: &str, min_length: usize) -> Result<(), BadPassword> {
        let rules = Rules { min_length, service_name: "Example Cloud".to_owned() };
        let email = Email::parse("Ann.Miller@Bücher-Laden.example").unwrap();
        NewPassword::parse(text, &rules, Some(&email)).map(|_| ())
    }

    #[test]
    fn length_counts_code_points_after_nfc() {
        assert_eq!(chosen("e\u{301}tude 1", 8), Err(BadPassword::TooShort { min: 8 }));
        assert_eq!(chosen("e\u{301}tude 12", 8), Ok(()));
        assert_eq!(chosen("🔑🔒🗝🚪🏠🧱🪟🛋", 8), Ok(()));
        assert_eq!(chosen("tiny", 4), Ok(()));
        assert_eq!(chosen(&"🔑".repeat(256), 8), Ok(()), "1024 bytes");
        assert_eq!(chosen(&"x".repeat(257), 8), Err(BadPassword::TooLong));
        assert_eq!(chosen(&"e\u{323}\u{302}".repeat(256), 8), Ok(()), "1280 bytes as typed, 768 in NFC");
        assert_eq!(BadPassword::TooShort { min: 8 }.to_string(), "a password has at least 8 characters");
    }

    #[test]
    fn no_kind_of_character_is_asked_for_or_refused() {
        for good in [
            "aaaaaaaaaaaaaaaa",
            "        ",
            " leading",
            "trailing\t ",
            "שלום עולם",
            "tab\tnew\nline",
            "\u{7f}\u{1}\u{2}abcde",
        ] {
            assert_eq!(chosen(good, 8), Ok(()), "{good:?}");
        }
    }

    #[test]
    fn what_a_guesser_tries_first_is_refused_in_any_case() {
        for common in ["password1", "PassWord1", "12345678", "Qwerty123"] {
            assert_eq!(chosen(common, 8), Err(BadPassword::Common), "{common:?}");
        }
        for own in [
            "ann.miller",
            "ANN.MILLER",
            "ann.miller@bücher-laden.example",
            "Ann.Miller@Bu\u{308}cher-Laden.example",
            "ann.miller@xn--bcher-laden-thb.example",
            "BÜCHER-LADEN.example",
            "xn--bcher-laden-thb.example",
        ] {
            assert_eq!(chosen(own, 8), Err(BadPassword::Address), "{own:?}");
        }
        assert_eq!(chosen("example cloud", 8), Err(BadPassword::ServiceName));
        assert_eq!(chosen("ann.miller1", 8), Ok(()), "the whole password is compared");
    }

    #[test]
    fn nul_and_excess_are_no_passwords_at_all() {
        assert_eq!(Typed::parse("pass\0word").err(), Some(BadTyped::Nul));
        assert_eq!(chosen("pass\0word", 8), Err(BadPassword::Untypable(BadTyped::Nul)));
        assert!(Typed::parse(&"x".repeat(1024)).is_ok());
        assert_eq!(Typed::parse(&"x".repeat(1025)).err(), Some(BadTyped::TooLong));
        assert!(Typed::parse("").is_ok() && Typed::parse("123456").is_ok(), "no rule applies to signing in");
    }

    #[test]
    fn both_spellings_share_one_nfc_form_and_keep_their_bytes() {
        let (one, two) = (Typed::parse(" caf\u{e9} ").unwrap(), Typed::parse(" cafe\u{301} ").unwrap());
        assert_eq!(one.nfc(), two.nfc());
        assert_eq!((one.raw(), two.raw()), (" caf\u{e9} ".as_bytes(), " cafe\u{301} ".as_bytes()));
    }

    #[test]
    fn debug_shows_neither_password_nor_hash() {
        let typed = Typed::parse("hunter2").unwrap();
        let hash = PasswordHash::new("$2b$12$x".to_owned());
        assert_eq!(format!("{typed:?} {hash:?}"), "Typed { raw: [redacted], nfc: [redacted] } PasswordHash(…)");
    }

    proptest! {
        #[test]
        fn whatever_can_be_chosen_can_be_typed_in_either_form(text in "\\PC{0,300}") {
            if chosen(&text, 1).is_ok() {
                prop_assert!(Typed::parse(&text.nfc().collect::<String>()).is_ok());
                prop_assert!(Typed::parse(&text.nfd().collect::<String>()).is_ok());
            }
        }
    }
}
