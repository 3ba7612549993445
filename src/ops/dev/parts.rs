//! A token taken apart, as far as it can be read: to be shown, never to be believed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::crypto::token::MAX_LEN;

type Object = Map<String, Value>;

/// What was read.
#[derive(Clone, Debug, Default)]
pub struct Parts {
    /// The header, where it is JSON.
    pub header: Option<Object>,
    /// The claims, where they are JSON.
    pub claims: Option<Object>,
    /// What is wrong with its form (RFC 7515, section 7.1).
    pub wrong: Option<&'static str>,
}

impl Parts {
    /// Takes a text apart.
    pub fn of(text: &str) -> Self {
        let parts: Vec<_> = text.split('.').take(6).collect();
        let object = |at: usize| parts.get(at).copied().and_then(decoded);
        // What is too long is not taken apart.
        let (header, claims) = if text.len() > MAX_LEN { (None, None) } else { (object(0), object(1)) };
        let plain = |part: &&str| URL_SAFE_NO_PAD.decode(part).is_ok() && !part.is_empty();
        let wrong = if text.len() > MAX_LEN {
            Some("longer than 4096 bytes")
        } else if parts.len() != 3 {
            Some("not three parts with dots between them")
        } else if !parts.iter().all(plain) {
            Some("a part is empty or not base64url")
        } else if header.is_none() {
            Some("the header is no JSON object")
        } else if claims.is_none() {
            Some("the claims are no JSON object")
        } else {
            None
        };
        Self { header, claims, wrong }
    }

    /// A text in the header; empty where there is none.
    pub fn text(&self, name: &str) -> &str {
        self.header.as_ref().and_then(|header| header.get(name)).and_then(Value::as_str).unwrap_or_default()
    }
}

/// What a part holds, where it is base64url of such JSON.
pub(super) fn decoded<T: DeserializeOwned>(part: &str) -> Option<T> {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::*;

    #[test]
    fn what_can_be_read_is_shown_beside_what_is_wrong() {
        let parts = Parts::of("eyJ0eXAiOiJKV1QifQ.eyJhIjoxfQ");
        assert_eq!((parts.text("typ"), parts.text("alg")), ("JWT", ""));
        assert_eq!(parts.claims.and_then(|claims| claims.get("a").cloned()), Some(Value::from(1)));
        assert_eq!(parts.wrong, Some("not three parts with dots between them"));
        assert_eq!(Parts::of(&"a".repeat(4_097)).wrong, Some("longer than 4096 bytes"));
        assert_eq!(Parts::of("e30.e30.AA").wrong, None);
        assert_eq!(Parts::of("e30.MQ.AA").wrong, Some("the claims are no JSON object"));
        assert_eq!(Parts::of("e30.e30.A+").wrong, Some("a part is empty or not base64url"));
    }

    proptest! {
        #[test]
        fn no_text_panics(text in any::<String>(), part in "[A-Za-z0-9_-]{0,40}(\\.[A-Za-z0-9_-]{0,40}){0,5}") {
            assert!(Parts::of(&text).text("typ").len() <= text.len());
            assert!(Parts::of(&part).text("typ").len() <= part.len());
        }
    }
}
