//! Keys as text (RFC 7468).

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// How many characters stand on a line (RFC 7468, section 2).
const LINE: usize = 64;

/// A key in DER, under a label such as `PRIVATE KEY`. Wiped, as it may be a secret one.
pub(super) fn pem(label: &str, der: &[u8]) -> Zeroizing<String> {
    let base64 = Zeroizing::new(STANDARD.encode(der));
    // Room for all of it at once, so that no copy stays behind where the text grew.
    let mut pem = Zeroizing::new(String::with_capacity(base64.len() * 2 + label.len() * 2 + 64));
    for piece in ["-----BEGIN ", label, "-----\n"] {
        pem.push_str(piece);
    }
    for (at, character) in base64.chars().enumerate() {
        if at > 0 && at % LINE == 0 {
            pem.push('\n');
        }
        pem.push(character);
    }
    for piece in ["\n-----END ", label, "-----\n"] {
        pem.push_str(piece);
    }
    pem
}
