//! Tokens that are signed well, over claims that a right verifier refuses.

use serde_json::Value;

use crate::crypto::forge::flaw::Row;

const ISS: &str = "RFC 9068, section 4";
const AUD: &str = "RFC 7519, section 4.1.3";
const EXP: &str = "RFC 7519, section 4.1.4";
const NBF: &str = "RFC 7519, section 4.1.5";
const NEEDED: &str = "RFC 9068, section 2.2";

pub(super) static ROWS: &[Row] = &[
    Row::bad("expired", EXP, "It ended an hour ago.", |draft| {
        draft.claim("iat", draft.at(-7200));
        draft.claim("exp", draft.at(-3600));
    }),
    Row::bad("not_yet", NBF, "It begins in two hours.", |draft| {
        draft.claim("nbf", draft.at(7200));
        draft.claim("exp", draft.at(10_800));
    }),
    Row::bad("no_exp", NEEDED, "It never ends.", |draft| drop(draft.claims.remove("exp"))),
    Row::bad("exp_text", EXP, "Its end is a text, and must be a number.", |draft| {
        draft.claim("exp", draft.at(3600).to_string());
    }),
    Row::bad("exp_null", EXP, "Its end is null, and must be a number.", |draft| draft.claim("exp", Value::Null)),
    Row::bad("nbf_text", NBF, "Its beginning is a text, and must be a number.", |draft| {
        draft.claim("nbf", draft.at(-60).to_string());
    }),
    Row::bad(
        "duplicate_claim",
        "RFC 7519, section 4",
        "It has two ends: whoever doesn't refuse that goes by the last, which has passed.",
        |draft| {
            draft.first_claim = Some(format!("\"exp\":{}", draft.at(3600)));
            draft.claim("exp", draft.at(-3600));
        },
    ),
    Row::bad("no_issuer", NEEDED, "It names no issuer.", |draft| drop(draft.claims.remove("iss"))),
    Row::bad("wrong_issuer", ISS, "Somebody else issued it.", |draft| {
        draft.claim("iss", draft.other("https://evil.example"));
    }),
    Row::bad("issuer_longer", ISS, "Its issuer begins like the right one, and must be equal to it.", |draft| {
        draft.claim("iss", format!("{}.evil.example", draft.request.base.iss));
    }),
    Row::bad("issuer_shorter", ISS, "Its issuer is a part of the right one, and must be equal to it.", |draft| {
        let mut issuer = draft.request.base.iss.clone();
        issuer.pop();
        draft.claim("iss", issuer);
    }),
    Row::bad(
        "issuer_list",
        "RFC 7519, section 4.1.1",
        "Its issuer is a list that holds the right one, and must be one text.",
        |draft| draft.claim("iss", vec!["https://evil.example", &draft.request.base.iss]),
    ),
    Row::bad("no_audience", NEEDED, "It is for nobody.", |draft| drop(draft.claims.remove("aud"))),
    Row::bad("wrong_audience", AUD, "It is for somebody else.", |draft| {
        draft.claim("aud", draft.other("https://other.example"));
    }),
    Row::bad("audience_longer", AUD, "Its audience begins like the right one, and must be equal to it.", |draft| {
        draft.claim("aud", format!("{}-of-others", draft.request.base.aud));
    }),
    Row::bad("audience_list_of_others", AUD, "It is for two others.", |draft| {
        draft.claim("aud", vec![draft.other("https://one.example"), draft.other("https://other.example")]);
    }),
    Row::bad("no_subject", NEEDED, "It is about nobody.", |draft| drop(draft.claims.remove("sub"))),
];
