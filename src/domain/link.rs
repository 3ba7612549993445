//! Links: one-time secrets in the fragment of a URL.

use std::str::FromStr;

use crate::base::time::Ttl;

/// What a link does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// Makes the first administrator.
    Setup,
    /// A new user sets a first password.
    Invitation,
    /// A user sets a new password.
    SetPassword,
    /// An administrator who is locked out sets a new password.
    Recovery,
}

/// Not a kind of link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a kind of link")]
pub struct BadLinkKind;

impl LinkKind {
    const ALL: [Self; 4] = [Self::Setup, Self::Invitation, Self::SetPassword, Self::Recovery];

    /// As its column holds it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Invitation => "invitation",
            Self::SetPassword => "set_password",
            Self::Recovery => "recovery",
        }
    }

    /// How long it works.
    pub const fn ttl(self) -> Ttl {
        match self {
            Self::Invitation => Ttl::from_days(7),
            Self::Setup | Self::SetPassword | Self::Recovery => Ttl::from_mins(60),
        }
    }

    /// The page that takes it.
    pub const fn path(self) -> &'static str {
        match self {
            Self::Setup => "/setup",
            Self::Invitation | Self::SetPassword | Self::Recovery => "/link",
        }
    }
}

impl FromStr for LinkKind {
    type Err = BadLinkKind;
    fn from_str(word: &str) -> Result<Self, BadLinkKind> {
        Self::ALL.into_iter().find(|kind| kind.word() == word).ok_or(BadLinkKind)
    }
}
