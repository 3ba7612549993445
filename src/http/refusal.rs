//! From a use case's refusal to a problem. Exhaustive; what an attacker could compare is one code.

use crate::domain::password::{BadPassword, BadTyped, MAX_BYTES, MAX_LENGTH};
use crate::http::code::Code;
use crate::http::error::{Problem, Rule};
use crate::http::rate::{ACCOUNT, LOGIN, RateState};
use crate::ops::error::Error;
use crate::ops::guesses::Spent;
use crate::store;

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::InvalidCredentials => Code::InvalidCredentials.into(),
            Error::TooManyAttempts { wait } => {
                Self::new(Code::TooManyAttempts).retry_after(wait.retry_after()).violates(ACCOUNT)
            }
            Error::RegistrationClosed => Code::RegistrationClosed.into(),
            Error::EmailTaken => Code::EmailTaken.into(),
            Error::BadEmail(bad) => Self::new(Code::InvalidEmail).detail(sentence(&bad)).field("email"),
            Error::BadRole(bad) => Self::new(Code::InvalidValue).detail(sentence(&bad)).field("role"),
            Error::BadPassword(bad) => Self::new(Code::WeakPassword).detail(sentence(&bad)).rule(broken(bad)),
            Error::BadTyped(bad) => Self::new(Code::UnusablePassword).detail(sentence(&bad)).rule(broken(bad.into())),
            Error::NoRefreshToken => Code::NoRefreshToken.into(),
            Error::InvalidRefreshToken => Code::InvalidRefreshToken.into(),
            Error::SessionEnded(reason) => Self::new(Code::SessionEnded).reason(reason),
            Error::NoAccessToken => Code::NoAccessToken.into(),
            Error::InvalidAccessToken => Code::InvalidAccessToken.into(),
            Error::AccessTokenExpired => Code::AccessTokenExpired.into(),
            Error::Forbidden => Code::Forbidden.into(),
            Error::ReauthRequired => Code::ReauthRequired.into(),
            Error::NotFound => Code::NotFound.into(),
            Error::LastAdmin => Code::LastAdmin.into(),
            Error::SetupDone => Code::SetupDone.into(),
            Error::InvalidLink => Code::InvalidLink.into(),
            Error::HashingBusy { retry_after } => Self::new(Code::Busy).retry_after(retry_after.retry_after()),
            Error::HashingFailed => Self::new(Code::Internal).cause("the thread that hashed failed"),
            Error::Store(error) => error.into(),
            Error::NoEntropy(error) => Self::new(Code::Internal).cause(error),
            Error::CantSign(error) => Self::new(Code::Internal).cause(error),
            Error::Keys(error) => Self::new(Code::Internal).cause(error),
        }
    }
}

impl From<store::error::Error> for Problem {
    fn from(error: store::error::Error) -> Self {
        use store::error::Error as Store;
        match error {
            Store::Busy | Store::Stopped => Self::new(Code::Busy),
            Store::Locked | Store::Disk(_) | Store::Commit(_) => Self::new(Code::StorageUnavailable).cause(error),
            Store::Corrupt { .. } | Store::Unexpected { .. } | Store::Sqlite(_) | Store::Panicked => {
                Self::new(Code::Internal).cause(error)
            }
        }
    }
}

/// A refusal of a call that asks for a password: a full bucket is named in it, else the account's wait. A name that
/// is nobody's waits alike.
pub fn guessing(error: Error, spent: Option<Spent>) -> Problem {
    let Some(spent) = spent else { return error.into() };
    let is_full = spent.remaining == 0 && matches!(error, Error::TooManyAttempts { .. });
    let problem = Problem::from(error);
    if is_full { problem.exceeds(rate_state(spent)) } else { problem.counts(rate_state(spent)) }
}

/// What the `RateLimit` header says of a bucket.
pub fn rate_state(spent: Spent) -> RateState {
    RateState {
        policy: LOGIN,
        quota: spent.rate.burst,
        window_secs: spent.rate.window.retry_after(),
        remaining: spent.remaining,
        reset_secs: if spent.remaining == spent.rate.burst { 0 } else { spent.reset.retry_after() },
    }
}

/// The rule that a password breaks, with what it counts.
fn broken(bad: BadPassword) -> Rule {
    let (min, max) = match bad {
        BadPassword::TooShort { min } => (Some(min), None),
        BadPassword::TooLong => (None, Some(MAX_LENGTH)),
        BadPassword::Untypable(BadTyped::TooLong) => (None, Some(MAX_BYTES)),
        BadPassword::Untypable(BadTyped::Nul)
        | BadPassword::Common
        | BadPassword::Address
        | BadPassword::ServiceName => (None, None),
    };
    Rule { word: bad.rule(), min, max }
}

/// An error's text as a sentence.
fn sentence(error: &dyn std::fmt::Display) -> String {
    let text = error.to_string();
    let mut chars = text.chars();
    let first: String = chars.next().map(|first| first.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", chars.as_str().trim_end_matches('.'))
}
