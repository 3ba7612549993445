//! By whose right an act is done.

use crate::base::id::UserId;
use crate::base::time::Timestamp;
use crate::domain::event::{Event, Kind};
use crate::ops::caller::{Actor, Admin, Caller};
use crate::ops::error::Error;
use crate::ops::guard;
use crate::store::rows::Rows;

/// By whose right an act is done.
#[derive(Clone, Debug)]
pub enum By {
    /// An administrator, who must be one when the act is done.
    Admin(Actor),
    /// Whoever can read and write the files.
    Shell,
}

/// Whether an act needs the password given within the last five minutes: those that destroy, change a
/// role or give access to an account do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needs {
    /// A good token is enough.
    Token,
    /// The password must be fresh.
    FreshPassword,
}

impl From<&Caller<Admin>> for By {
    fn from(caller: &Caller<Admin>) -> Self {
        Self::Admin(caller.actor())
    }
}

impl By {
    /// Whether they may act now; read in the act's own transaction.
    pub fn check(&self, rows: &dyn Rows, needs: Needs, now: Timestamp) -> Result<(), Error> {
        match self {
            Self::Shell => Ok(()),
            Self::Admin(actor) => {
                guard::acting_admin(rows, actor)?;
                if needs == Needs::FreshPassword { guard::fresh(actor, now) } else { Ok(()) }
            }
        }
    }

    /// An event about a user that they cause.
    pub fn event(&self, now: Timestamp, kind: Kind, user: Option<UserId>) -> Event {
        let mut event = Event::new(now, kind);
        event.user = user;
        match self {
            Self::Shell => event,
            Self::Admin(actor) => event.actor(actor.user).client(&actor.client),
        }
    }
}
