//! The pair of numbers that a token must match to be worth anything.

use std::fmt;
use std::str::FromStr;

/// `epoch.version`: the server's epoch and the user's version. A token is void unless its pair *equals*
/// the present one: neither behind nor ahead. Numbers and never times, since clocks go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Version {
    /// Raised to log everyone out.
    pub epoch: i64,
    /// Raised to end every session of one user.
    pub number: i64,
}

/// Not of the form `epoch.version`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an epoch and a version")]
pub struct BadVersion;

impl FromStr for Version {
    type Err = BadVersion;

    fn from_str(text: &str) -> Result<Self, BadVersion> {
        let (epoch, number) = text.split_once('.').ok_or(BadVersion)?;
        let parse = |digits: &str| -> Result<i64, BadVersion> {
            if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
                return Err(BadVersion);
            }
            digits.parse().map_err(|_| BadVersion)
        };
        Ok(Self { epoch: parse(epoch)?, number: parse(number)? })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.number)
    }
}
