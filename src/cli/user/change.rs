//! `doorward user disable · enable · unlock · delete · set-role`.

use clap::Args;

use crate::cli::acting::{Force, act_and_tell};
use crate::cli::desk::Desk;
use crate::cli::error::Error;
use crate::cli::place::Place;
use crate::domain::email::Email;
use crate::domain::user::Role;
use crate::ops::admin::act::Act;

/// What names a user and nothing more.
#[derive(Args)]
pub(in crate::cli) struct Named {
    /// Whom
    #[arg(value_parser = Email::parse)]
    email: Email,
}

/// What can take the last administrator away.
#[derive(Args)]
pub(in crate::cli) struct Taking {
    /// Whom
    #[arg(value_parser = Email::parse)]
    email: Email,
    /// Even if they are the last administrator who can sign in
    #[arg(long)]
    force: bool,
}

#[derive(Args)]
pub(in crate::cli) struct SetRole {
    /// Whose
    #[arg(value_parser = Email::parse)]
    email: Email,
    /// admin, user, or a word of your own
    role: Role,
    /// Even if they are the last administrator who can sign in
    #[arg(long)]
    force: bool,
}

impl Named {
    pub(super) fn run(self, place: &Place, what: Act) -> Result<(), Error> {
        change(place, &self.email, what, Force::No)
    }
}

impl Taking {
    pub(super) fn run(self, place: &Place, what: Act) -> Result<(), Error> {
        change(place, &self.email, what, self.force.into())
    }
}

impl SetRole {
    pub(super) fn run(self, place: &Place) -> Result<(), Error> {
        change(place, &self.email, Act::SetRole(self.role), self.force.into())
    }
}

fn change(place: &Place, email: &Email, what: Act, force: Force) -> Result<(), Error> {
    let desk = Desk::open(place)?;
    let user = desk.user(email)?;
    act_and_tell(&desk, &user, what, force)
}
