//! Texts that are no tokens, or that only a careless reader takes for one.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};

use crate::crypto::forge::flaw::Row;
use crate::crypto::forge::keys::Key;

const PARTS: &str = "RFC 7515, section 5.2";
const BASE64: &str = "RFC 7515, section 2";
const CLAIMS: &str = "RFC 7519, section 7.2";

pub(super) static ROWS: &[Row] = &[
    Row::bad("no_signature", PARTS, "It has two parts.", |draft| {
        draft.shape = |header, claims, _| format!("{header}.{claims}");
    }),
    Row::bad("four_parts", PARTS, "It has a fourth part.", |draft| {
        draft.shape = |header, claims, signature| format!("{header}.{claims}.{signature}.{signature}");
    }),
    Row::bad("five_parts", PARTS, "It has five parts, as an encrypted token has.", |draft| {
        draft.shape = |header, claims, signature| format!("{header}.{claims}.{claims}.{claims}.{signature}");
    }),
    Row::bad("many_dots", PARTS, "It has two thousand dots (CVE-2025-30204).", |draft| {
        draft.shape = |header, claims, signature| format!("{header}.{claims}.{signature}{}", ".".repeat(2000));
    }),
    Row::bad("padded_signature", BASE64, "Its signature ends in =, which base64url in tokens has not.", |draft| {
        draft.shape = |header, claims, signature| {
            let padding = "=".repeat(signature.len().next_multiple_of(4) - signature.len());
            format!("{header}.{claims}.{signature}{padding}")
        };
    }),
    Row::bad("padded_claims", BASE64, "Its claims end in =, which base64url in tokens has not.", |draft| {
        // Blanks behind an object are JSON, and so there is something to fill up.
        draft.spelling = |json| {
            let blank: &[u8] = if json.len().is_multiple_of(3) { b" " } else { b"" };
            URL_SAFE.encode([json, blank].concat())
        };
    }),
    Row::bad("other_alphabet", BASE64, "Its claims are in base64 with + and /, and must be in base64url.", |draft| {
        // Wherever this falls, the last 6 bits of a group of 24 are 63.
        draft.claim("note", "???");
        draft.spelling = |json| STANDARD_NO_PAD.encode(json);
    }),
    Row::bad("line_break", PARTS, "There is a line break within its claims.", |draft| {
        draft.spelling = |json| {
            let mut text = URL_SAFE_NO_PAD.encode(json);
            text.insert(text.len() / 8 * 4, '\n');
            text
        };
    }),
    Row::bad("claims_text", CLAIMS, "Its claims are no JSON.", |draft| {
        draft.payload = |_| b"this is no JSON".to_vec();
    }),
    Row::bad("claims_array", CLAIMS, "Its claims are a list, and must be an object.", |draft| {
        draft.payload = |json| [b"[", &json[..], b"]"].concat();
    }),
    Row::bad("claims_not_utf8", CLAIMS, "Its claims are not in UTF-8.", |draft| {
        draft.first_claim = Some(r#""note":"?""#.to_owned());
        draft.payload = |json| {
            let mut bytes = json;
            let at = bytes.iter().position(|byte| *byte == b'?');
            at.and_then(|at| bytes.get_mut(at)).into_iter().for_each(|byte| *byte = 0xff);
            bytes
        };
    }),
    Row::bad("oversized", PARTS, "A stranger signed it, and it is 20,000 characters long.", |draft| {
        draft.key = Key::Stranger;
        draft.claim("note", "x".repeat(14_500));
    }),
];
