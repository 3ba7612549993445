//! Why a session ended: stable words, on the row, in the events and on the wire.

use std::fmt;
use std::str::FromStr;

macro_rules! reasons {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// Why a session ended. The words are part of the contract.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Reason { $($(#[$doc])* $name,)* }

        impl Reason {
            /// Every reason, in the order of the contract.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its stable word.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

reasons! {
    /// The person signed out on this device.
    LoggedOut = "logged_out";
    /// The person signed out everywhere.
    LoggedOutEverywhere = "logged_out_everywhere";
    /// The same browser signed in again.
    SignedInAgain = "signed_in_again";
    /// The person ended this session from another device.
    EndedByUser = "ended_by_user";
    /// An administrator ended this session, or all of this user's.
    EndedByAdmin = "ended_by_admin";
    /// An administrator logged everyone out.
    EveryoneLoggedOut = "everyone_logged_out";
    /// The password was changed or set.
    PasswordChanged = "password_changed";
    /// The account is disabled.
    AccountDisabled = "account_disabled";
    /// The account is gone.
    AccountDeleted = "account_deleted";
    /// The account has another role now.
    RoleChanged = "role_changed";
    /// Not used for longer than the idle lifetime.
    IdleExpired = "idle_expired";
    /// Older than the absolute lifetime.
    AbsoluteExpired = "absolute_expired";
    /// A spent refresh token was shown: somebody else may hold a copy.
    RefreshReuse = "refresh_reuse";
    /// The token is newer than the database: an older file was put back, or a key leaked.
    RolledBack = "rolled_back";
    /// The database was restored from a backup.
    Restored = "restored";
    /// More live sessions than a user may have; this one was idle longest.
    TooManySessions = "too_many_sessions";
    /// Nothing is known of the session any more.
    Unknown = "unknown";
}

/// Not one of the reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a known reason")]
pub struct BadReason;

impl FromStr for Reason {
    type Err = BadReason;
    fn from_str(word: &str) -> Result<Self, BadReason> {
        Self::ALL.iter().copied().find(|reason| reason.word() == word).ok_or(BadReason)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl serde::Serialize for Reason {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}
