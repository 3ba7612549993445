//! Why a use case gave nothing. `http` maps each to a code; what an attacker could compare is one case.

use crate::base::entropy::NoEntropy;
use crate::base::time::Ttl;
use crate::crypto::hash_pool::{Full, Gone};
use crate::crypto::jwt::CantSign;
use crate::domain::email::BadEmail;
use crate::domain::password::{BadPassword, BadTyped};
use crate::domain::reason::Reason;
use crate::domain::user::BadRole;
use crate::ops::keys::KeyError;
use crate::store;

/// Why a use case gave nothing.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Unknown user, disabled user or wrong password: nobody can tell which.
    #[error("wrong address or password")]
    InvalidCredentials,
    /// Too many failures.
    #[error("too many attempts")]
    TooManyAttempts {
        /// Until the next is looked at.
        wait: Ttl,
    },
    /// Nobody can sign up here.
    #[error("registration is closed")]
    RegistrationClosed,
    /// Another user has the address.
    #[error("the address is taken")]
    EmailTaken,
    /// No address.
    #[error(transparent)]
    BadEmail(#[from] BadEmail),
    /// No role.
    #[error(transparent)]
    BadRole(#[from] BadRole),
    /// No password that may be set.
    #[error(transparent)]
    BadPassword(BadPassword),
    /// Nothing that can be typed as a password.
    #[error(transparent)]
    BadTyped(#[from] BadTyped),
    /// No refresh token was shown.
    #[error("no refresh token")]
    NoRefreshToken,
    /// What was shown is no refresh token of ours, or came by the wrong way.
    #[error("not a refresh token of this server")]
    InvalidRefreshToken,
    /// The session is over.
    #[error("the session is over: {0}")]
    SessionEnded(Reason),
    /// No access token was shown.
    #[error("no access token")]
    NoAccessToken,
    /// What was shown is no access token of ours, or one that was ended.
    #[error("not a valid access token")]
    InvalidAccessToken,
    /// It was ours and has run out.
    #[error("the access token has expired")]
    AccessTokenExpired,
    /// Not an administrator, at present.
    #[error("not an administrator")]
    Forbidden,
    /// The password must be given again first.
    #[error("the password must be given again")]
    ReauthRequired,
    /// There is no such thing, or it is not the caller's.
    #[error("not found")]
    NotFound,
    /// The last administrator who can sign in stays.
    #[error("the last administrator stays")]
    LastAdmin,
    /// There is an administrator already.
    #[error("the set-up is done")]
    SetupDone,
    /// The link is wrong, used or too old.
    #[error("the link does not work")]
    InvalidLink,
    /// The threads that hash have too much to do.
    #[error("too many passwords are being checked")]
    HashingBusy {
        /// Until it is worth another try.
        retry_after: Ttl,
    },
    /// The thread that hashed failed.
    #[error("the hashing failed")]
    HashingFailed,
    /// The store.
    #[error(transparent)]
    Store(#[from] store::error::Error),
    /// No chance to be had.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// The keys could not be opened.
    #[error("{0}")]
    Keys(String),
    /// A token could not be signed.
    #[error(transparent)]
    CantSign(#[from] CantSign),
}

impl From<BadPassword> for Error {
    fn from(bad: BadPassword) -> Self {
        match bad {
            BadPassword::Untypable(bad) => Self::BadTyped(bad),
            bad @ (BadPassword::TooShort { .. }
            | BadPassword::TooLong
            | BadPassword::Common
            | BadPassword::Address
            | BadPassword::ServiceName) => Self::BadPassword(bad),
        }
    }
}

impl From<KeyError> for Error {
    fn from(error: KeyError) -> Self {
        match error {
            KeyError::Store(error) => Self::Store(error),
            other @ (KeyError::NoKey(_) | KeyError::CantSeal(_) | KeyError::BadKeyring(_)) => {
                Self::Keys(other.to_string())
            }
        }
    }
}

impl From<Full> for Error {
    fn from(full: Full) -> Self {
        Self::HashingBusy { retry_after: full.retry_after }
    }
}

impl From<Gone> for Error {
    fn from(_: Gone) -> Self {
        Self::HashingFailed
    }
}

/// Inside an operation both refusals and failures of the store are `Err`; outside, a refusal is an
/// outcome, and what was written before it stays.
pub fn settle<T>(result: Result<T, Error>) -> Result<Result<T, Error>, store::error::Error> {
    match result {
        Err(Error::Store(error)) => Err(error),
        outcome => Ok(outcome),
    }
}
