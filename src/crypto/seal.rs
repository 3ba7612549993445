//! The master key, and what it seals: AES-256-GCM (NIST SP 800-38D) with a random 96-bit nonce in front.
//!
//! Purpose, name and database are associated data, so a sealed value opens only as what it was sealed
//! for: not in another row, not in another database.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};

use crate::base::entropy::{Entropy, NoEntropy, bytes};
use crate::base::id::DatabaseId;
use crate::base::secret::Secret;

/// Stands first in the associated data: the form of what is sealed.
const FORM: &str = "doorward seal 1";

/// 32 bytes that seal signing keys and other secrets. It never stands in the database or a backup of it.
pub struct MasterKey(Secret<[u8; 32]>);

/// What a sealed value is, and where it belongs.
#[derive(Clone, Copy, Debug)]
pub struct Label<'a> {
    /// What it is for.
    pub purpose: &'a str,
    /// Its name among those of its purpose.
    pub kid: &'a str,
    /// The database that holds it.
    pub database: DatabaseId,
}

/// What is sealed doesn't open: another master key, another label, or other bytes than were sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the master key doesn't open this")]
pub struct BadSeal;

/// Nothing was sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CantSeal {
    /// There is no nonce to be had.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// More than AES-GCM takes.
    #[error("too long to be sealed")]
    TooLong,
}

impl MasterKey {
    /// From its 32 bytes.
    pub const fn new(bytes: Secret<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// Seals: nonce, ciphertext and tag in a row.
    pub fn seal(&self, label: Label<'_>, plain: &[u8], entropy: &dyn Entropy) -> Result<Vec<u8>, CantSeal> {
        let nonce: [u8; NONCE_LEN] = bytes(entropy)?;
        let mut sealed = nonce.to_vec();
        sealed.resize(NONCE_LEN + plain.len(), 0);
        let key = self.cipher().ok_or(CantSeal::TooLong)?;
        let (_, body) = sealed.split_at_mut(NONCE_LEN);
        body.copy_from_slice(plain);
        let tag = key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(label.bytes()), body)
            .map_err(|_| CantSeal::TooLong)?;
        sealed.extend_from_slice(tag.as_ref());
        Ok(sealed)
    }

    /// Opens what [`MasterKey::seal`] made under the same label.
    pub fn open(&self, label: Label<'_>, sealed: &[u8]) -> Result<Secret<Vec<u8>>, BadSeal> {
        let (nonce, body) = sealed.split_first_chunk::<NONCE_LEN>().ok_or(BadSeal)?;
        let plain_len = body.len().checked_sub(AES_256_GCM.tag_len()).ok_or(BadSeal)?;
        let (cipher, tag) = body.split_at_checked(plain_len).ok_or(BadSeal)?;
        let mut plain = vec![0; plain_len];
        self.cipher()
            .ok_or(BadSeal)?
            .open_separate_gather(
                Nonce::assume_unique_for_key(*nonce),
                Aad::from(label.bytes()),
                cipher,
                tag,
                &mut plain,
            )
            .map_err(|_| BadSeal)?;
        Ok(Secret::new(plain))
    }

    fn cipher(&self) -> Option<LessSafeKey> {
        UnboundKey::new(&AES_256_GCM, self.0.expose()).ok().map(LessSafeKey::new)
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey([redacted])")
    }
}

impl Label<'_> {
    /// Each part behind its length, so that no two labels share their bytes.
    fn bytes(&self) -> Vec<u8> {
        let parts = [FORM.as_bytes(), self.purpose.as_bytes(), self.kid.as_bytes(), self.database.as_bytes()];
        let mut out = Vec::new();
        for part in parts {
            out.extend_from_slice(&(part.len() as u64).to_be_bytes());
            out.extend_from_slice(part);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::entropy::SystemEntropy;

    const DATABASE: DatabaseId = DatabaseId::from_bytes([7; 16]);
    const LABEL: Label<'_> = Label { purpose: "access", kid: "one", database: DATABASE };

    fn master(byte: u8) -> MasterKey {
        MasterKey::new(Secret::new([byte; 32]))
    }

    fn sealed(plain: &[u8]) -> Vec<u8> {
        master(1).seal(LABEL, plain, &SystemEntropy::default()).unwrap()
    }

    #[test]
    fn what_was_sealed_opens() {
        for plain in [&b""[..], b"x", &[0; 1218]] {
            let sealed = sealed(plain);
            assert_eq!(sealed.len(), 12 + plain.len() + 16);
            assert_eq!(master(1).open(LABEL, &sealed).unwrap().expose(), plain);
        }
    }

    #[test]
    fn nothing_else_opens() {
        let sealed = sealed(b"secret");
        assert_eq!(master(2).open(LABEL, &sealed).unwrap_err(), BadSeal);
        let others = [
            Label { purpose: "refresh", ..LABEL },
            Label { kid: "two", ..LABEL },
            Label { database: DatabaseId::from_bytes([8; 16]), ..LABEL },
            Label { purpose: "acces", kid: "sone", ..LABEL },
            Label { purpose: "accesso", kid: "ne", ..LABEL },
        ];
        for label in others {
            assert_eq!(master(1).open(label, &sealed).unwrap_err(), BadSeal, "{label:?}");
        }
    }

    #[test]
    fn not_one_bit_may_change_and_no_byte_be_lost() {
        let good = sealed(b"secret");
        for at in 0..good.len() {
            let mut bad = good.clone();
            bad[at] ^= 1;
            assert_eq!(master(1).open(LABEL, &bad).unwrap_err(), BadSeal, "byte {at}");
            assert_eq!(master(1).open(LABEL, &good[..at]).unwrap_err(), BadSeal, "the first {at} bytes");
        }
    }

    #[test]
    fn the_same_is_never_sealed_alike() {
        assert_ne!(sealed(b"secret"), sealed(b"secret"));
    }

    #[test]
    fn the_form_is_aes_256_gcm_with_the_nonce_in_front() {
        struct Fixed;
        impl Entropy for Fixed {
            fn fill(&self, out: &mut [u8]) -> Result<(), NoEntropy> {
                out.fill(9);
                Ok(())
            }
        }
        let sealed = master(1).seal(LABEL, b"secret", &Fixed).unwrap();
        // Made with another implementation of AES-GCM from the same key, nonce and associated data.
        assert_eq!(format!("{sealed:02x?}").replace(", ", ""), format!("[{GOLDEN}]"));
    }

    const GOLDEN: &str = "090909090909090909090909b76a44bcab449a9a573948425e4b8f863dd4c4ca8121";
}
