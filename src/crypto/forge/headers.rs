//! Tokens whose header lies, about what they are or how they are checked.

use crate::crypto::forge::draft::Draft;
use crate::crypto::forge::flaw::Row;
use crate::crypto::forge::keys::Key;
use crate::domain::key::Algorithm;

const TYP: &str = "RFC 9068, section 4";
const CRIT: &str = "RFC 7515, section 4.1.11";
const ALG: &str = "RFC 8725, section 3.1";
const TRUST: &str = "RFC 8725, section 3.10";

const PAIRS: &[Algorithm] = &[Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256];

pub(super) static ROWS: &[Row] = &[
    Row::bad("typ_jwt", TYP, "Its type is JWT, and not at+jwt.", |draft| draft.header("typ", "JWT")),
    Row::bad("typ_refresh", TYP, "Its type is that of a refresh token.", |draft| draft.header("typ", "rt+jwt")),
    Row::bad("no_typ", TYP, "It has no type.", |draft| drop(draft.header.remove("typ"))),
    Row::bad("id_token", "RFC 8725, section 3.11", "It is an ID token for the same audience.", |draft| {
        draft.header("typ", "JWT");
        draft.claims.retain(|name, _| ["iss", "aud", "sub", "iat", "exp", "auth_time"].contains(&name.as_str()));
        draft.claim("nonce", "n-0S6_WzA2Mj");
    }),
    Row::bad("crit_unknown", CRIT, "Something is critical that no verifier knows.", |draft| {
        draft.header("crit", vec!["urn:example:unknown"]);
        draft.header("urn:example:unknown", true);
    }),
    Row::bad("crit_b64", "RFC 7797, section 7", "It says that its claims are not encoded.", |draft| {
        draft.header("crit", vec!["b64"]);
        draft.header("b64", false);
    }),
    Row::bad("jwk", TRUST, "A stranger signed it, and its header shows the stranger's key.", |draft| {
        draft.key = Key::Stranger;
        draft.shows_key = true;
    }),
    Row::bad("jku", TRUST, "A stranger signed it, and its header says where the stranger's keys are.", |draft| {
        draft.key = Key::Stranger;
        draft.header("jku", "https://evil.example/jwks.json");
    }),
    Row::bad("x5u", TRUST, "A stranger signed it, and its header says where a certificate is.", |draft| {
        draft.key = Key::Stranger;
        draft.header("x5u", "https://evil.example/key.pem");
    }),
    Row::bad("unknown_kid", TRUST, "A stranger signed it, by a key that nobody has heard of.", |draft| {
        draft.key = Key::Stranger;
        draft.header("kid", "dev-of-a-stranger");
    }),
    Row::bad("no_kid", TRUST, "A stranger signed it, and it names no key.", |draft| {
        draft.key = Key::Stranger;
        draft.header.remove("kid");
    }),
    Row::bad("kid_path", TRUST, "Its key's name leads to an empty file, and it is signed with nothing.", |draft| {
        draft.key = Key::Empty;
        draft.header("kid", "../../../../../../dev/null");
    })
    .only(&[Algorithm::HS256]),
    Row::bad("alg_none", "RFC 8725, section 3.2", "It says that it needs no signature.", |draft| {
        unsigned(draft, "none");
    }),
    Row::bad("alg_none_mixed", "RFC 8725, section 3.2", "It says so in another spelling.", |draft| {
        unsigned(draft, "nOnE");
    }),
    Row::bad("alg_none_signed", ALG, "It says that it needs no signature, and has one.", |draft| {
        draft.header("alg", "none");
    }),
    Row::bad("no_alg", "RFC 7515, section 4.1.1", "It names no algorithm.", |draft| drop(draft.header.remove("alg"))),
    Row::bad("alg_unknown", "RFC 7515, section 4.1.1", "No verifier knows its algorithm.", |draft| {
        draft.header("alg", "XX256");
    }),
    Row::bad("alg_other_case", "RFC 7515, section 4.1.1", "Its algorithm is spelled in the other case.", |draft| {
        let spelled = draft.algorithm().word();
        let swapped = |c: char| if c.is_ascii_lowercase() { c.to_ascii_uppercase() } else { c.to_ascii_lowercase() };
        draft.header("alg", spelled.chars().map(swapped).collect::<String>());
    }),
    Row::bad(
        "duplicate_alg",
        "RFC 7515, section 4",
        "It names two algorithms: whoever doesn't refuse that goes by the last, which is none.",
        |draft| {
            draft.first_header = Some(format!("\"alg\":\"{}\"", draft.algorithm().word()));
            draft.header("alg", "none");
        },
    ),
    Row::bad(
        "public_pem_as_secret",
        "RFC 8725, section 2.1",
        "It is signed by HMAC, with the public key in PEM for a secret.",
        |draft| hmac(draft, Key::PublicPem),
    )
    .only(PAIRS),
    Row::bad(
        "public_bytes_as_secret",
        "RFC 8725, section 2.1",
        "It is signed by HMAC, with the bytes of the public key for a secret.",
        |draft| hmac(draft, Key::PublicBytes),
    )
    .only(PAIRS),
];

fn unsigned(draft: &mut Draft<'_>, alg: &str) {
    draft.header("alg", alg);
    draft.signature = |_| Vec::new();
}

fn hmac(draft: &mut Draft<'_>, key: Key) {
    draft.header("alg", Algorithm::HS256.word());
    draft.key = key;
}
