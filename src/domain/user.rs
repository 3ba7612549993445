//! Roles and states of a user.

use std::fmt;
use std::str::FromStr;

/// What a user may do. Only `admin` means something to this server; the rest is for applications.
#[derive(Clone, PartialEq, Eq)]
pub struct Role(String);

/// Not a role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a role is 1 to 32 of a-z, 0-9, _ and -, beginning with a letter")]
pub struct BadRole;

impl Role {
    /// Who may administer this server.
    pub fn admin() -> Self {
        Self("admin".to_owned())
    }

    /// Everybody else, unless told otherwise.
    pub fn user() -> Self {
        Self("user".to_owned())
    }

    /// Whether it is the one that this server asks for.
    pub fn is_admin(&self) -> bool {
        self.0 == "admin"
    }

    /// As its column and its claim hold it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Role {
    type Err = BadRole;
    fn from_str(text: &str) -> Result<Self, BadRole> {
        let good = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_' || b == b'-';
        if text.len() <= 32 && text.starts_with(|c: char| c.is_ascii_lowercase()) && text.bytes().all(good) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BadRole)
        }
    }
}

impl fmt::Debug for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a user may sign in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// May sign in.
    Active,
    /// May not, and nothing of theirs works.
    Disabled,
}

impl Status {
    /// As its column and its JSON hold it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }
}

/// Not a state of a user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a user is active or disabled")]
pub struct BadStatus;

impl FromStr for Status {
    type Err = BadStatus;
    fn from_str(text: &str) -> Result<Self, BadStatus> {
        [Self::Active, Self::Disabled].into_iter().find(|status| status.word() == text).ok_or(BadStatus)
    }
}
