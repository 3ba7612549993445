//! `doorward user`.

mod add;
mod change;
mod list;
mod set_password;
mod show;
mod view;

use clap::Subcommand;

use crate::cli::error::Error;
use crate::cli::place::Place;
use crate::ops::admin::act::Act;

#[derive(Subcommand)]
pub(super) enum User {
    /// Add a user; without a password, print a link where they set one
    Add(add::Add),
    /// List all users
    List(list::List),
    /// Show a user and what happened to them lately
    Show(show::Show),
    /// End a user's sessions and let them in no more
    Disable(change::Taking),
    /// Let a disabled user in again
    Enable(change::Named),
    /// Forget a user's failed sign-ins, so that nobody waits
    Unlock(change::Named),
    /// Delete a user
    Delete(change::Taking),
    /// Give a user another role, which ends their sessions
    SetRole(change::SetRole),
    /// Set a user's password, which ends their sessions, or print a link where they set it
    SetPassword(set_password::SetPassword),
}

impl User {
    pub(super) fn run(self, place: &Place) -> Result<(), Error> {
        match self {
            Self::Add(add) => add.run(place),
            Self::List(list) => list.run(place),
            Self::Show(show) => show.run(place),
            Self::Disable(taking) => taking.run(place, Act::Disable),
            Self::Enable(named) => named.run(place, Act::Enable),
            Self::Unlock(named) => named.run(place, Act::Unlock),
            Self::Delete(taking) => taking.run(place, Act::Delete),
            Self::SetRole(set) => set.run(place),
            Self::SetPassword(set) => set.run(place),
        }
    }
}
