//! Tokens that a right verifier takes, though they look unlike the common one.

use crate::crypto::forge::flaw::Row;

/// The common one.
pub(super) static NONE: Row = none();

const fn none() -> Row {
    Row::good("none", "RFC 9068, section 4", "Nothing is wrong with it.", |_| {})
}

const ONE_AUDIENCE: &str = "This server names one audience as a plain string, and reads no other form.";
const NO_MORE: &str = "This server reads the members that it writes and no others.";

pub(super) static ROWS: &[Row] = &[
    none(),
    Row::good(
        "far_end",
        "RFC 7519, section 4.1.4",
        "It ends in ten years: how long a token lives is for its issuer to say.",
        |draft| draft.claim("exp", draft.at(315_360_000)),
    ),
    Row::good(
        "issued_ahead",
        "RFC 7519, section 4.1.6",
        "Its issuer's clock is 20 seconds ahead: iat tells its age, and is no reason to refuse it.",
        |draft| draft.claim("iat", draft.at(20)),
    ),
    Row::good("begun", "RFC 7519, section 4.1.5", "It has been good for a minute.", |draft| {
        draft.claim("nbf", draft.at(-60));
    })
    .refused_here(NO_MORE),
    Row::good(
        "exp_fraction",
        "RFC 7519, section 2",
        "It ends within a second: a NumericDate may have a fraction.",
        |draft| {
            draft.claims.remove("exp");
            draft.first_claim = Some(format!("\"exp\":{}.5", draft.at(3600)));
        },
    )
    .refused_here("This server reads whole seconds, as it writes them."),
    Row::good(
        "audience_list_of_one",
        "RFC 7519, section 4.1.3",
        "Its audience is a list that holds the right one alone.",
        |draft| draft.claim("aud", vec![draft.request.base.aud.as_str()]),
    )
    .refused_here(ONE_AUDIENCE),
    Row::good(
        "audience_list",
        "RFC 7519, section 4.1.3",
        "Its audience is a list that holds the right one among others.",
        |draft| draft.claim("aud", vec!["https://other.example", &draft.request.base.aud]),
    )
    .refused_here(ONE_AUDIENCE),
    Row::good("extra_claim", "RFC 7519, section 4", "It has a claim that nobody knows, which is ignored.", |draft| {
        draft.claim("urn:example:unknown", true);
    })
    .refused_here(NO_MORE),
    Row::good(
        "extra_header",
        "RFC 7515, section 4",
        "Its header has a member that nobody knows and that isn't critical, which is ignored.",
        |draft| draft.header("urn:example:unknown", true),
    )
    .refused_here(NO_MORE),
    Row::good("typ_application", "RFC 9068, section 4", "Its type is written out in full.", |draft| {
        draft.header("typ", "application/at+jwt");
    }),
];
