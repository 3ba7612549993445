//! `doorward user list`.

use clap::Args;

use crate::cli::desk::Desk;
use crate::cli::error::Error;
use crate::cli::output;
use crate::cli::place::Place;
use crate::cli::table::Table;
use crate::cli::user::view::{View, when};
use crate::store;
use crate::store::rows::{Rows, User};

/// How many are read at once.
const PAGE: u32 = 500;

#[derive(Args)]
pub(in crate::cli) struct List {
    /// Only those whose address begins so
    #[arg(long, value_name = "PREFIX", default_value = "", hide_default_value = true)]
    search: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl List {
    pub(super) fn run(self, place: &Place) -> Result<(), Error> {
        let desk = Desk::open(place)?;
        let prefix = self.search.trim().to_lowercase();
        let users = desk.read(|rows| all(rows, &prefix))?;
        if self.json {
            return output::json(&users.iter().map(View::from).collect::<Vec<_>>());
        }
        let mut table = Table::new(["EMAIL", "ROLE", "STATUS", "PASSWORD", "CREATED", "LAST SIGN-IN"]);
        for user in &users {
            table.row([
                user.email.clone(),
                user.role.as_str().to_owned(),
                user.status.word().to_owned(),
                if user.password.is_some() { "set" } else { "none yet" }.to_owned(),
                user.created_at.rfc3339(),
                when(user.signed_in_at),
            ]);
        }
        output::line(table)
    }
}

/// All users whose address begins with `prefix`, page by page.
fn all(rows: &dyn Rows, prefix: &str) -> Result<Vec<User>, store::error::Error> {
    let mut users = Vec::new();
    let mut after = String::new();
    loop {
        let page = rows.users(prefix, &after, PAGE)?;
        let Some(last) = page.last() else { return Ok(users) };
        after.clone_from(&last.email_key);
        users.extend(page);
    }
}
