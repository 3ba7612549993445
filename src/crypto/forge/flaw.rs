//! What can be wrong with a token: one table, of which each part stands in a file of its own.

use std::fmt;
use std::str::FromStr;

use crate::crypto::forge::draft::Draft;
use crate::crypto::forge::{claims, good, headers, shapes, signatures};
use crate::domain::key::Algorithm;

/// What is wrong with a token, or [`Flaw::NONE`]. Known by its [`word`](Self::word).
#[derive(Clone, Copy)]
pub struct Flaw(&'static Row);

/// What a verifier that follows the RFCs says to a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is good.
    Accept,
    /// It is not.
    Reject,
}

/// There is no flaw of this name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no flaw has this name")]
pub struct BadFlaw;

/// A row of the table.
pub(super) struct Row {
    name: &'static str,
    verdict: Verdict,
    why: &'static str,
    source: &'static str,
    /// The algorithms that can have it.
    algorithms: &'static [Algorithm],
    /// Why this server's own verifier refuses it even so.
    ours: Option<&'static str>,
    pub(super) change: fn(&mut Draft<'_>),
}

static TABLE: [&[Row]; 5] = [good::ROWS, claims::ROWS, headers::ROWS, signatures::ROWS, shapes::ROWS];

const ALL: &[Algorithm] = &[Algorithm::ES256, Algorithm::EdDSA, Algorithm::RS256, Algorithm::HS256];

impl Row {
    /// Good by the rules of `source`, and why.
    pub(super) const fn good(
        name: &'static str,
        source: &'static str,
        why: &'static str,
        change: fn(&mut Draft<'_>),
    ) -> Self {
        Self { name, verdict: Verdict::Accept, why, source, algorithms: ALL, ours: None, change }
    }

    /// Bad by the rules of `source`, and why.
    pub(super) const fn bad(
        name: &'static str,
        source: &'static str,
        why: &'static str,
        change: fn(&mut Draft<'_>),
    ) -> Self {
        Self { name, verdict: Verdict::Reject, why, source, algorithms: ALL, ours: None, change }
    }

    /// Of these algorithms alone.
    pub(super) const fn only(self, algorithms: &'static [Algorithm]) -> Self {
        Self { algorithms, ..self }
    }

    /// Refused by this server even so, which reads no more than it writes.
    pub(super) const fn refused_here(self, why: &'static str) -> Self {
        Self { ours: Some(why), ..self }
    }
}

impl Flaw {
    /// Nothing is wrong.
    pub const NONE: Self = Self(&good::NONE);

    /// Every flaw, and first the tokens with none.
    pub fn all() -> impl Iterator<Item = Self> {
        TABLE.into_iter().flatten().map(Self)
    }

    /// Its name on the wire.
    pub const fn word(self) -> &'static str {
        self.0.name
    }

    /// What a right verifier says.
    pub const fn verdict(self) -> Verdict {
        self.0.verdict
    }

    /// Why, in a sentence.
    pub const fn why(self) -> &'static str {
        self.0.why
    }

    /// Where that is written: an RFC and its section.
    pub const fn source(self) -> &'static str {
        self.0.source
    }

    /// Why this server's own verifier refuses it, where a right one may take it.
    pub const fn refused_here(self) -> Option<&'static str> {
        self.0.ours
    }

    /// Whether a token of this algorithm can have it.
    pub fn fits(self, algorithm: Algorithm) -> bool {
        self.0.algorithms.contains(&algorithm)
    }

    pub(super) fn apply(self, draft: &mut Draft<'_>) {
        (self.0.change)(draft);
    }
}

impl FromStr for Flaw {
    type Err = BadFlaw;
    fn from_str(word: &str) -> Result<Self, BadFlaw> {
        Self::all().find(|flaw| flaw.word() == word).ok_or(BadFlaw)
    }
}

impl fmt::Debug for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flaw({})", self.word())
    }
}

impl Verdict {
    /// As it stands in JSON.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Reject => "reject",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn each_flaw_has_a_name_of_its_own_and_is_found_by_it() {
        let words: Vec<_> = Flaw::all().map(Flaw::word).collect();
        assert_eq!(words.first(), Some(&Flaw::NONE.word()));
        assert_eq!(words.iter().collect::<HashSet<_>>().len(), words.len());
        for word in words {
            assert!(word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{word}");
            assert_eq!(word.parse::<Flaw>().unwrap().word(), word);
        }
        for word in ["", "None", "expired ", "no_such"] {
            assert_eq!(word.parse::<Flaw>().unwrap_err(), BadFlaw, "{word}");
        }
    }

    #[test]
    fn each_says_why_in_a_sentence_and_where_it_is_written() {
        for flaw in Flaw::all() {
            let (why, source) = (flaw.why(), flaw.source());
            assert!(why.ends_with('.') && why.starts_with(char::is_uppercase), "{flaw:?}: {why}");
            assert!(source.starts_with("RFC ") && source.contains(", section "), "{flaw:?}: {source}");
            assert!(flaw.refused_here().is_none() || flaw.verdict() == Verdict::Accept, "{flaw:?}");
            assert!(ALL.iter().any(|algorithm| flaw.fits(*algorithm)), "{flaw:?}");
        }
    }
}
