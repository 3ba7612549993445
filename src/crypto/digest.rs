//! SHA-256 of secrets, and secrets of 32 bytes in their one spelling: base64url without padding
//! (RFC 4648, section 5), 43 characters. Only the hash of a secret is ever stored.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use crate::base::entropy::{Entropy, NoEntropy, bytes};
use crate::base::secret::Secret;
use crate::domain::hash::{DeviceHash, LinkHash, TokenHash};

/// Characters of a secret's text.
const TEXT_LEN: usize = 43;

/// Not the text of a secret: 43 characters of base64url, the last with no bits to spare.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a secret of 32 bytes in base64url")]
pub struct BadSecret;

/// The SHA-256 of a refresh token as it goes out.
pub fn token_hash(token: &str) -> TokenHash {
    TokenHash::from_bytes(sha256(token.as_bytes()))
}

/// The SHA-256 of a device secret's bytes.
pub fn device_hash(secret: &[u8; 32]) -> DeviceHash {
    DeviceHash::from_bytes(sha256(secret))
}

/// The SHA-256 of a link secret's bytes.
pub fn link_hash(secret: &[u8; 32]) -> LinkHash {
    LinkHash::from_bytes(sha256(secret))
}

/// SHA-256 (FIPS 180-4).
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

macro_rules! secrets {
    ($($(#[$doc:meta])* $name:ident hashed by $hash:ident into $out:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name(Secret<[u8; 32]>);

        impl $name {
            /// A new one.
            pub fn generate(entropy: &dyn Entropy) -> Result<Self, NoEntropy> {
                Ok(Self(Secret::new(bytes(entropy)?)))
            }

            /// Reads its text; any other spelling of the same bytes is refused.
            pub fn parse(text: &str) -> Result<Self, BadSecret> {
                parse(text).map(Self)
            }

            /// What is stored of it.
            pub fn hash(&self) -> $out {
                $hash(self.0.expose())
            }

            /// Uses it up, into the text for its one receiver.
            pub fn reveal(self) -> String {
                URL_SAFE_NO_PAD.encode(self.0.expose())
            }
        }
    )*};
}

secrets! {
    /// What a device cookie holds.
    DeviceSecret hashed by device_hash into DeviceHash;
    /// What a link's fragment holds.
    LinkSecret hashed by link_hash into LinkHash;
}

fn parse(text: &str) -> Result<Secret<[u8; 32]>, BadSecret> {
    if text.len() != TEXT_LEN {
        return Err(BadSecret);
    }
    let mut decoded = URL_SAFE_NO_PAD.decode(text).map_err(|_| BadSecret)?;
    let secret = <[u8; 32]>::try_from(decoded.as_slice()).map(Secret::new).map_err(|_| BadSecret);
    decoded.zeroize();
    secret
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{any, proptest};

    use super::*;
    use crate::base::entropy::SystemEntropy;

    #[test]
    fn sha256_is_that_of_fips_180() {
        let abc = [
            0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea, 0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23, 0xb0, 0x03,
            0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c, 0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad,
        ];
        assert_eq!(token_hash("abc"), TokenHash::from_bytes(abc));
    }

    #[test]
    fn a_secret_comes_back_from_its_text_with_the_same_hash() {
        let secret = DeviceSecret::generate(&SystemEntropy::default()).unwrap();
        let hash = secret.hash();
        let text = secret.reveal();
        assert_eq!(text.len(), TEXT_LEN);
        assert_eq!(DeviceSecret::parse(&text).unwrap().hash(), hash);
        assert_ne!(LinkSecret::generate(&SystemEntropy::default()).unwrap().reveal(), text);
    }

    #[test]
    fn a_secret_has_one_spelling() {
        let zeros = "A".repeat(43);
        assert_eq!(LinkSecret::parse(&zeros).unwrap().hash(), link_hash(&[0; 32]));
        let bad = [
            String::new(),
            "A".repeat(42),
            "A".repeat(44),
            format!("{}=", "A".repeat(42)),
            format!("{zeros}="),
            format!("{}B", "A".repeat(42)),
            format!("{}+", "A".repeat(42)),
            format!(" {}", "A".repeat(42)),
            format!("{}\n", "A".repeat(42)),
            format!("{}é", "A".repeat(41)),
        ];
        for text in bad {
            assert_eq!(LinkSecret::parse(&text).unwrap_err(), BadSecret, "{text:?}");
        }
    }

    #[test]
    fn debug_hides_a_secret() {
        assert_eq!(format!("{:?}", DeviceSecret::parse(&"A".repeat(43)).unwrap()), "DeviceSecret([redacted])");
    }

    proptest! {
        #[test]
        fn what_parses_prints_the_same(text in any::<String>()) {
            if let Ok(secret) = DeviceSecret::parse(&text) {
                assert_eq!(secret.reveal(), text);
            }
        }
    }
}
