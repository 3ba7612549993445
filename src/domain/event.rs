//! What happened: the words of the event log.

use std::fmt;
use std::str::FromStr;

use crate::base::id::{SessionId, UserId};
use crate::base::time::{Timestamp, Ttl};
use crate::domain::client::Client;
use crate::domain::fact::Fact;
use crate::domain::hash::FoldHash;

/// Equal failures within this time are one row with a count.
pub const FOLD_WINDOW: Ttl = Ttl::from_mins(1);

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal;)*) => {
        /// The kind of an event. The words are stable.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$name,)*];

            /// Its stable word.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

kinds! {
    /// The first administrator was made.
    Setup = "setup";
    /// Somebody signed up.
    Registered = "registered";
    /// Somebody signed in.
    SignedIn = "signed_in";
    /// A sign-in failed.
    SignInFailed = "sign_in_failed";
    /// A password asked again (reauth, password change) was wrong.
    PasswordFailed = "password_failed";
    /// A fresh password was given.
    Reauthenticated = "reauthenticated";
    /// Somebody signed out.
    LoggedOut = "logged_out";
    /// Somebody signed out everywhere.
    LoggedOutEverywhere = "logged_out_everywhere";
    /// A session was ended by its owner or an administrator.
    SessionEnded = "session_ended";
    /// A spent refresh token was shown: its session is over.
    RefreshReuse = "refresh_reuse";
    /// A client that lost an answer got it again after the grace, or from elsewhere.
    LateRecovery = "late_recovery";
    /// A refresh token newer than the database was shown.
    RolledBack = "rolled_back";
    /// A password was changed by its owner.
    PasswordChanged = "password_changed";
    /// A password was set through a link, or by the command line.
    PasswordSet = "password_set";
    /// A link was made.
    LinkCreated = "link_created";
    /// A user was made by an administrator.
    UserCreated = "user_created";
    /// A user's address was changed.
    EmailChanged = "email_changed";
    /// A user's role was changed.
    RoleChanged = "role_changed";
    /// A user was disabled.
    UserDisabled = "user_disabled";
    /// A user was enabled again.
    UserEnabled = "user_enabled";
    /// A user's failures were forgotten.
    UserUnlocked = "user_unlocked";
    /// A user was deleted.
    UserDeleted = "user_deleted";
    /// An administrator ended all sessions of a user.
    UserLoggedOut = "user_logged_out";
    /// An administrator logged everyone out.
    EveryoneLoggedOut = "everyone_logged_out";
    /// New signing keys were begun.
    KeysRotated = "keys_rotated";
    /// A backup was put in place of the database.
    Restored = "restored";
}

/// Not a kind of event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of event")]
pub struct BadKind;

impl FromStr for Kind {
    type Err = BadKind;
    fn from_str(word: &str) -> Result<Self, BadKind> {
        Self::ALL.iter().copied().find(|kind| kind.word() == word).ok_or(BadKind)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Something that happened, as it is written. Holds no secret: no password, token, cookie or link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// What.
    pub kind: Kind,
    /// To whom it happened, where an account is known.
    pub user: Option<UserId>,
    /// Who did it, where that is another: an administrator.
    pub actor: Option<UserId>,
    /// In which session.
    pub session: Option<SessionId>,
    /// From where; none on the command line.
    pub client: Option<Client>,
    /// A few words more, such as a reason, a role or an age.
    pub detail: Option<String>,
    /// The same in parts; empty where an older version wrote it.
    pub facts: Vec<Fact>,
    /// What equal failures share.
    pub fold: Option<FoldHash>,
}

impl Event {
    /// An event with nothing but its time and kind.
    pub const fn new(at: Timestamp, kind: Kind) -> Self {
        Self {
            at,
            kind,
            user: None,
            actor: None,
            session: None,
            client: None,
            detail: None,
            facts: Vec::new(),
            fold: None,
        }
    }

    /// To whom it happened.
    #[must_use]
    pub const fn user(mut self, user: UserId) -> Self {
        self.user = Some(user);
        self
    }

    /// Who did it.
    #[must_use]
    pub const fn actor(mut self, actor: UserId) -> Self {
        self.actor = Some(actor);
        self
    }

    /// In which session.
    #[must_use]
    pub const fn session(mut self, session: SessionId) -> Self {
        self.session = Some(session);
        self
    }

    /// From where.
    #[must_use]
    pub fn client(mut self, client: &Client) -> Self {
        self.client = Some(client.clone());
        self
    }

    /// A few words more, in parts.
    #[must_use]
    pub fn facts(mut self, facts: Vec<Fact>) -> Self {
        let words: Vec<_> = facts.iter().map(ToString::to_string).collect();
        self.detail = (!words.is_empty()).then(|| words.join(", "));
        self.facts = facts;
        self
    }

    /// One thing more.
    #[must_use]
    pub fn fact(self, fact: Fact) -> Self {
        self.facts(vec![fact])
    }
}
