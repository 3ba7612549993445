//! `doorward user set-password EMAIL`.

use clap::Args;

use crate::base::entropy::SystemEntropy;
use crate::cli::acting::{Force, act_and_tell};
use crate::cli::desk::Desk;
use crate::cli::error::Error;
use crate::cli::place::Place;
use crate::cli::{link, output, password};
use crate::domain::email::Email;
use crate::domain::user::Status;
use crate::ops::admin::act::Act;
use crate::ops::admin::by::By;
use crate::ops::admin::links::{MakeLink, kind_for};
use crate::store::rows::User;

#[derive(Args)]
pub(in crate::cli) struct SetPassword {
    /// Whose
    #[arg(value_parser = Email::parse)]
    email: Email,
    /// Read the password from standard input instead of asking for it
    #[arg(long)]
    password_stdin: bool,
    /// Print a link where they set it themselves
    #[arg(long, conflicts_with = "password_stdin")]
    link: bool,
    /// Print JSON
    #[arg(long, requires = "link")]
    json: bool,
}

impl SetPassword {
    pub(super) fn run(self, place: &Place) -> Result<(), Error> {
        let desk = Desk::open(place)?;
        let user = desk.user(&self.email)?;
        if user.status == Status::Disabled {
            output::note(format_args!(
                "{0} is disabled: a password lets them in only after `doorward user enable {0}`",
                user.email
            ));
        }
        if self.link {
            return print_link(&desk, &user, self.json);
        }
        let typed = if self.password_stdin { password::from_stdin()? } else { password::ask()? };
        let hash = password::hash(&typed, &self.email, &desk.config)?;
        act_and_tell(&desk, &user, Act::SetPassword(hash), Force::No)
    }
}

fn print_link(desk: &Desk, user: &User, json: bool) -> Result<(), Error> {
    let kind = kind_for(user);
    let (make, draft) = MakeLink::draw(By::Shell, user.id, kind, desk.now(), &SystemEntropy::default())?;
    desk.run(&make)?;
    link::print(&draft.into_link(&desk.base_url()?), kind, Some(&user.email), json)
}
