//! `doorward admin-link [EMAIL]`: the way back in, by file access alone.

use clap::Args;

use crate::base::entropy::SystemEntropy;
use crate::cli::desk::Desk;
use crate::cli::error::Error;
use crate::cli::place::Place;
use crate::cli::{link, output};
use crate::domain::email::Email;
use crate::ops;
use crate::ops::admin::recovery::{Recover, Recovery};
use crate::store::rows::User;

#[derive(Args)]
pub(super) struct AdminLink {
    /// Which administrator; may be left out where there is only one, or none yet
    #[arg(value_parser = Email::parse)]
    email: Option<Email>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl AdminLink {
    pub(super) fn run(self, place: &Place) -> Result<(), Error> {
        let desk = Desk::open(place)?;
        let named = self.email.as_ref().map(|email| email.key().clone());
        let (recover, mut draft) = Recover::draw(named, desk.now(), &SystemEntropy::default())?;
        match desk.run(&recover) {
            Ok(Recovery::Made(row, user)) => {
                if user.is_none() {
                    output::note("no administrator can sign in: this is the set-up link");
                }
                draft.link = row;
                let email = user.as_ref().map(|user| user.email.as_str());
                link::print(&draft.into_link(&desk.base_url()?), row.kind, email, self.json)
            }
            Ok(Recovery::Several(admins)) => Err(Error::Usage(which(admins))),
            Ok(Recovery::NoAdmin(user)) => Err(Error::Failed(format!(
                "{0} is no administrator; `doorward user set-role {0} admin` makes them one",
                user.email
            ))),
            Ok(Recovery::Disabled(user)) => Err(Error::Failed(format!(
                "{0} is disabled, and no link would let them in; `doorward user enable {0}` comes first",
                user.email
            ))),
            Err(Error::Ops(ops::error::Error::NotFound)) => Err(self.unknown(&desk)),
            Err(other) => Err(other),
        }
    }

    /// Says that there is no such user, as the other commands do.
    fn unknown(&self, desk: &Desk) -> Error {
        let found = self.email.as_ref().map(|email| desk.user(email));
        found.and_then(Result::err).unwrap_or(Error::Ops(ops::error::Error::NotFound))
    }
}

fn which(mut admins: Vec<User>) -> String {
    admins.sort_by(|a, b| a.email_key.cmp(&b.email_key));
    let names = admins.iter().map(|admin| format!("\n  doorward admin-link {}", admin.email));
    format!("there are several administrators; say for which:{}", names.collect::<String>())
}
