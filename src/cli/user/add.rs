//! `doorward user add EMAIL`.

use clap::Args;
use serde::Serialize;

use crate::base::entropy::SystemEntropy;
use crate::base::time::Timestamp;
use crate::cli::desk::Desk;
use crate::cli::error::Error;
use crate::cli::place::Place;
use crate::cli::user::view::View;
use crate::cli::{link, output, password};
use crate::domain::email::Email;
use crate::domain::link::LinkKind;
use crate::domain::user::Role;
use crate::ops;
use crate::ops::admin::by::By;
use crate::ops::admin::create::Create;
use crate::ops::link::NewLink;
use crate::store::rows::User;

#[derive(Args)]
pub(in crate::cli) struct Add {
    /// Their address
    #[arg(value_parser = Email::parse)]
    email: Email,
    /// admin, user, or a word of your own
    #[arg(long, default_value = "user")]
    role: Role,
    /// Read a first password from standard input, instead of printing a link
    #[arg(long)]
    password_stdin: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The new user, and the link where there is one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Added<'a> {
    #[serde(flatten)]
    user: View<'a>,
    link: Option<&'a str>,
    link_expires_at: Option<Timestamp>,
}

impl Add {
    pub(super) fn run(self, place: &Place) -> Result<(), Error> {
        let desk = Desk::open(place)?;
        let (user, link) = if self.password_stdin {
            (self.with_password(&desk).map_err(|error| self.explain(error))?, None)
        } else {
            let (user, link) = self.invited(&desk).map_err(|error| self.explain(error))?;
            (user, Some(link))
        };
        match link {
            _ if self.json => {
                let (url, until) = link.as_ref().map(|link| (link.url.expose().as_str(), link.expires_at)).unzip();
                output::json(&Added { user: View::from(&user), link: url, link_expires_at: until })
            }
            Some(link) => link::print(&link, LinkKind::Invitation, Some(&user.email), false),
            None => output::line(format_args!("{} is added with the role {}", user.email, user.role.as_str())),
        }
    }

    fn with_password(&self, desk: &Desk) -> Result<User, Error> {
        let hash = password::hash(&password::from_stdin()?, &self.email, &desk.config)?;
        let chance = (desk.now(), &SystemEntropy::default() as _);
        desk.run(&Create::with_password(By::Shell, &self.email, self.role.clone(), hash, chance)?)
    }

    fn invited(&self, desk: &Desk) -> Result<(User, NewLink), Error> {
        let chance = (desk.now(), &SystemEntropy::default() as _);
        let (create, draft) = Create::invited(By::Shell, &self.email, self.role.clone(), chance)?;
        let user = desk.run(&create)?;
        Ok((user, draft.into_link(&desk.base_url()?)))
    }

    fn explain(&self, error: Error) -> Error {
        if !matches!(error, Error::Ops(ops::error::Error::EmailTaken)) {
            return error;
        }
        Error::Failed(format!(
            "there is a user with the address {0} already; `doorward user show {0}` shows them",
            self.email.as_str()
        ))
    }
}
