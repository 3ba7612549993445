//! Reads secrets. What is wrong with one is said without it.

use base64::Engine;
use base64::alphabet::{STANDARD, URL_SAFE};
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::base::secret::Secret;

/// Padding may be there or not.
const LENIENT: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const BASE64: GeneralPurpose = GeneralPurpose::new(&STANDARD, LENIENT);
const BASE64URL: GeneralPurpose = GeneralPurpose::new(&URL_SAFE, LENIENT);

/// The secret for HS256: base64 or base64url of at least 32 bytes (RFC 7518, section 3.2), at most 512.
pub(crate) fn hs256(given: &Secret<Vec<u8>>) -> Result<Secret<Vec<u8>>, String> {
    let bad = |what: &str| format!("{what}; `openssl rand -base64 32` makes a good one");
    let secret = base64(without_newline(given.expose())).ok_or_else(|| bad("must be base64 or base64url"))?;
    match secret.expose().len() {
        0..32 => Err(bad("too short: it must hold 32 bytes or more once decoded")),
        32..=512 => Ok(secret),
        _ => Err(bad("too long: it must hold 512 bytes at most once decoded")),
    }
}

/// The master key: exactly 32 bytes as hex, base64 or base64url, or as they are, as `doorward.key` holds
/// them. As they are means bytes that are no text, so that no passphrase passes for a key.
pub(crate) fn master_key(given: &Secret<Vec<u8>>) -> Result<Secret<[u8; 32]>, String> {
    let raw = given.expose().as_slice();
    if let (Ok(key), Err(_)) = (<[u8; 32]>::try_from(raw), std::str::from_utf8(raw)) {
        return Ok(Secret::new(key));
    }
    let text = without_newline(raw);
    let bytes = if text.len() == 64 { hex(text) } else { base64(text) };
    let key = bytes.and_then(|bytes| <[u8; 32]>::try_from(bytes.expose().as_slice()).ok());
    let bad = "must be exactly 32 bytes, as base64 or as 64 hex digits; `openssl rand -base64 32` makes a good one";
    key.map(Secret::new).ok_or_else(|| bad.to_owned())
}

/// Without the newline that an editor or `echo` leaves at the end.
pub(crate) fn without_newline(bytes: &[u8]) -> &[u8] {
    bytes.strip_suffix(b"\r\n").or_else(|| bytes.strip_suffix(b"\n")).unwrap_or(bytes)
}

fn base64(text: &[u8]) -> Option<Secret<Vec<u8>>> {
    BASE64.decode(text).or_else(|_| BASE64URL.decode(text)).ok().map(Secret::new)
}

fn hex(text: &[u8]) -> Option<Secret<Vec<u8>>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => u8::try_from(digit(*high)? * 16 + digit(*low)?).ok(),
        _ => None,
    };
    text.chunks(2).map(pair).collect::<Option<Vec<u8>>>().map(Secret::new)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(text: impl AsRef<[u8]>) -> Secret<Vec<u8>> {
        Secret::new(text.as_ref().to_vec())
    }

    #[test]
    fn a_secret_reads_in_either_base64_with_and_without_padding() {
        let bytes = [0xfb; 32];
        for text in [BASE64.encode(bytes), BASE64URL.encode(bytes), BASE64.encode(bytes).replace('=', "") + "\r\n"] {
            assert_eq!(hs256(&given(&text)).unwrap().expose(), &bytes, "{text}");
        }
    }

    #[test]
    fn a_secret_of_digits_alone_is_a_secret() {
        assert_eq!(hs256(&given("1234567890".repeat(5) + "12")).unwrap().expose().len(), 39);
    }

    #[test]
    fn a_short_secret_is_refused_without_being_shown() {
        let text = BASE64.encode([7; 31]);
        let bad = hs256(&given(&text)).unwrap_err();
        assert!(bad.starts_with("too short: it must hold 32 bytes or more"), "{bad}");
        assert!(!bad.contains(&text));
        for text in ["", "12345678", "correct horse battery staple, and more of that"] {
            assert!(hs256(&given(text)).is_err(), "{text}");
        }
        assert!(hs256(&given(BASE64.encode([7; 513]))).unwrap_err().starts_with("too long"));
    }

    #[test]
    fn a_master_key_is_32_bytes_in_any_of_its_forms() {
        let key: [u8; 32] = std::array::from_fn(|at| 0xf0 ^ u8::try_from(at).unwrap());
        let hex = key.map(|byte| format!("{byte:02x}")).concat();
        for form in [
            hex.clone().into_bytes(),
            hex.to_uppercase().into_bytes(),
            BASE64.encode(key).into_bytes(),
            (BASE64URL.encode(key) + "\n").into_bytes(),
            key.to_vec(),
        ] {
            assert_eq!(master_key(&given(&form)).unwrap().expose(), &key, "{form:?}");
        }
    }

    #[test]
    fn a_raw_key_that_ends_in_a_newline_keeps_it() {
        let mut key = [0xff; 32];
        key[31] = b'\n';
        assert_eq!(master_key(&given(key)).unwrap().expose(), &key);
    }

    #[test]
    fn what_is_no_master_key_is_refused() {
        for bad in ["", "a", &"a".repeat(32), &"ä".repeat(16), &"g".repeat(64), &"0".repeat(62), &"+".repeat(44)] {
            assert!(master_key(&given(bad)).is_err(), "{bad}");
        }
        assert!(master_key(&given([0xff; 31])).is_err());
    }
}
