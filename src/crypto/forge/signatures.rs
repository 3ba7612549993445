//! Tokens whose signature doesn't hold.

use crate::crypto::forge::flaw::Row;
use crate::crypto::forge::keys::Key;
use crate::domain::key::Algorithm;

const CHECKED: &str = "RFC 7515, section 5.2";

pub(super) static ROWS: &[Row] = &[
    Row::bad("wrong_key", CHECKED, "A stranger signed it, in the name of the right key.", |draft| {
        draft.key = Key::Stranger;
    }),
    Row::bad("claims_changed", CHECKED, "Its role was changed after it was signed.", |draft| {
        let mut claims = draft.claims.clone();
        claims.insert("role".to_owned(), "owner of everything".into());
        draft.swapped = Some(claims);
    }),
    Row::bad("bad_signature", CHECKED, "One bit of its signature is another.", |draft| {
        draft.signature = |mut signature| {
            let middle = signature.len() / 2;
            signature.get_mut(middle).into_iter().for_each(|byte| *byte ^= 1);
            signature
        };
    }),
    Row::bad("truncated_signature", CHECKED, "The last byte of its signature is missing.", |draft| {
        draft.signature = |mut signature| {
            signature.pop();
            signature
        };
    }),
    Row::bad("longer_signature", CHECKED, "A byte was put behind its signature.", |draft| {
        draft.signature = |mut signature| {
            signature.push(0);
            signature
        };
    }),
    Row::bad("empty_signature", CHECKED, "Its signature is empty.", |draft| draft.signature = |_| Vec::new()),
    Row::bad("zero_signature", CHECKED, "Its signature is all zeros (CVE-2022-21449).", |draft| {
        draft.signature = |signature| vec![0; signature.len()];
    }),
    Row::bad(
        "der_signature",
        "RFC 7518, section 3.4",
        "Its signature is in ASN.1, and must be the two numbers alone.",
        |draft| draft.signature = |signature| der(&signature),
    )
    .only(&[Algorithm::ES256]),
    Row::bad("empty_secret", "RFC 7518, section 3.2", "It is signed with an empty secret.", |draft| {
        draft.key = Key::Empty;
    })
    .only(&[Algorithm::HS256]),
];

/// The two numbers of an ECDSA signature of P-256 in DER (RFC 3279, section 2.2.3).
fn der(signature: &[u8]) -> Vec<u8> {
    let (r, s) = signature.split_at(signature.len() / 2);
    let numbers = [integer(r), integer(s)].concat();
    [&[0x30, length(&numbers)], &numbers[..]].concat()
}

/// A positive number in as few bytes as it needs (X.690, section 8.3).
fn integer(bytes: &[u8]) -> Vec<u8> {
    let first = bytes.iter().position(|byte| *byte != 0).unwrap_or(bytes.len());
    let mut digits = bytes.split_at(first).1.to_vec();
    if digits.first().is_none_or(|byte| *byte >= 0x80) {
        digits.insert(0, 0);
    }
    [&[2, length(&digits)], &digits[..]].concat()
}

/// The short form, which fits what P-256 needs.
fn length(bytes: &[u8]) -> u8 {
    u8::try_from(bytes.len()).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_in_der_is_as_short_as_it_can_be_and_positive() {
        for (bytes, expected) in [
            (&[0, 0, 5][..], &[2, 1, 5][..]),
            (&[0, 0x80, 1], &[2, 3, 0, 0x80, 1]),
            (&[0x7f, 1], &[2, 2, 0x7f, 1]),
            (&[0, 0], &[2, 1, 0]),
        ] {
            assert_eq!(integer(bytes), expected);
        }
        assert_eq!(der(&[0, 1, 0xff, 2]), [0x30, 8, 2, 1, 1, 2, 3, 0, 0xff, 2]);
    }
}
