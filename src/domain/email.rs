//! E-mail addresses: kept as typed, compared by a key.

use std::fmt;

use unicode_normalization::UnicodeNormalization;

/// The longest address, in bytes (RFC 5321, section 4.5.3.1.3, less the angle brackets).
pub const MAX_BYTES: usize = 254;

/// An address that was parsed. Its key serves look-up, limits and the unique index.
#[derive(Clone, PartialEq, Eq)]
pub struct Email {
    typed: String,
    key: EmailKey,
}

/// An address in the form that is compared: NFC, the domain as A-labels, all in lower case.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailKey(String);

/// What is wrong with an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadEmail {
    /// Longer than 254 bytes.
    #[error("an e-mail address has at most 254 bytes")]
    TooLong,
    /// Not of the form `local@domain`.
    #[error("an e-mail address looks like name@example.com")]
    Malformed,
}

impl Email {
    /// Parses an address: blanks and tabs around it go, the rest is kept as typed in NFC.
    pub fn parse(text: &str) -> Result<Self, BadEmail> {
        let typed: String = text.trim_matches([' ', '\t']).nfc().collect();
        if typed.len() > MAX_BYTES {
            return Err(BadEmail::TooLong);
        }
        let (local, domain) = typed.rsplit_once('@').ok_or(BadEmail::Malformed)?;
        if !good_local(local) {
            return Err(BadEmail::Malformed);
        }
        let domain = idna::domain_to_ascii_strict(domain).map_err(|_| BadEmail::Malformed)?;
        if domain.is_empty() || domain.starts_with('.') || domain.ends_with('.') || domain.contains("..") {
            return Err(BadEmail::Malformed);
        }
        let local: String = local.to_lowercase().nfc().collect();
        let key = format!("{local}@{}", domain.to_lowercase());
        if key.len() > MAX_BYTES {
            return Err(BadEmail::TooLong);
        }
        Ok(Self { key: EmailKey(key), typed })
    }

    /// As typed, in NFC.
    pub fn as_str(&self) -> &str {
        &self.typed
    }

    /// The form that is compared.
    pub const fn key(&self) -> &EmailKey {
        &self.key
    }

    /// The parts that a password must not be: the whole, the local part, the domain.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        let split = self.key.0.rsplit_once('@').unwrap_or((&self.key.0, ""));
        [self.key.0.as_str(), split.0, split.1].into_iter().filter(|part| !part.is_empty())
    }
}

impl EmailKey {
    /// As its column holds it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The form in which the beginning of a key is looked for. A whole address is found however its domain is
/// spelt: as it was typed and is shown, or as its key has it.
pub fn search_key(text: &str) -> String {
    let text = text.trim();
    Email::parse(text).map_or_else(|_| text.to_lowercase().nfc().collect(), |email| email.key.0)
}

fn good_local(local: &str) -> bool {
    let bad = |c: char| c.is_control() || c.is_whitespace() || is_unseen(c) || "\"(),:;<>@[\\]".contains(c);
    !local.is_empty()
        && local.len() <= 64
        && !local.contains(bad)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
}

/// What shows as nothing, turns the text around it or is no character: two addresses that look alike would be
/// two accounts. Default_Ignorable_Code_Point (UAX #44), the interlinear marks, the blank of Braille, and the
/// noncharacters (Unicode, section 23.7).
const fn is_unseen(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{2800}' | '\u{3164}' | '\u{fdd0}'..='\u{fdef}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    ) || (c as u32) & 0xfffe == 0xfffe
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.typed)
    }
}

impl fmt::Debug for EmailKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn spellings_of_one_address_share_a_key() {
        let key = |text: &str| Email::parse(text).unwrap().key().as_str().to_owned();
        assert_eq!(key(" Ann@Example.COM\t"), "ann@example.com");
        assert_eq!(key("jose\u{301}@bu\u{308}cher.example"), key("JOS\u{c9}@B\u{dc}CHER.example"));
        assert_eq!(key("a@bücher.example"), "a@xn--bcher-kva.example");
        assert_eq!(Email::parse(" Ann@Example.COM ").unwrap().as_str(), "Ann@Example.COM");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for bad in [
            "",
            "@",
            "a@",
            "@b",
            "a b@c",
            "a@b c",
            "a@b..c",
            "a@.b",
            "a\0@b",
            "a\n@b",
            "a..b@c",
            "a@b@",
            "a@-b.c",
            "\u{2003}a@b.c",
        ] {
            assert!(Email::parse(bad).is_err(), "{bad:?}");
        }
        assert_eq!(Email::parse(&format!("a@{}.c", "b".repeat(254))), Err(BadEmail::TooLong));
    }

    #[test]
    fn a_search_finds_an_address_as_it_is_shown() {
        for shown in ["ann@example.com", "Ann@B\u{fc}cher.example", "a@example\u{3002}com", "Jose\u{301}@example.com"] {
            let email = Email::parse(shown).unwrap();
            assert_eq!(search_key(&format!(" {} ", email.as_str())), email.key().as_str(), "{shown}");
            assert_eq!(search_key(email.key().as_str()), email.key().as_str(), "{shown}");
        }
        for (begun, key) in [("Ann", "ann"), ("ann@", "ann@"), ("ann@exam", "ann@exam"), ("%", "%"), ("", "")] {
            assert_eq!(search_key(begun), key);
        }
    }

    proptest! {
        #[test]
        fn what_parses_is_short_plain_and_reads_as_itself(
            local in "[a-zA-Z0-9.+\u{c0}-\u{17f}\u{300}-\u{303}\u{3a3}]{1,20}|\\PC{0,12}",
            domain in "[a-zA-Z0-9.-]{1,20}|[a-z\u{df}-\u{17f}\u{3002}\u{5d0}]{1,12}|\\PC{0,12}",
        ) {
            let Ok(email) = Email::parse(&format!("{local}@{domain}")) else { return Ok(()) };
            prop_assert!(email.as_str().len() <= MAX_BYTES && email.key().as_str().len() <= MAX_BYTES);
            prop_assert!(!email.as_str().contains(char::is_control));
            prop_assert_eq!(Email::parse(email.as_str()), Ok(email.clone()));
            let key = Email::parse(email.key().as_str());
            prop_assert!(key.is_err() || key.unwrap().key() == email.key(), "{:?}", email.key());
            prop_assert!(email.key().as_str().rsplit_once('@').unwrap().1.is_ascii());
        }

        #[test]
        fn no_text_panics(text in any::<String>()) {
            let _ = Email::parse(&text);
            let _ = search_key(&text);
        }
    }
}
