//! `doorward logout-all EMAIL` and `doorward logout-all --everyone`.

use clap::{ArgGroup, Args};
use serde::Serialize;

use crate::cli::acting::{Force, act};
use crate::cli::desk::{self, Desk};
use crate::cli::error::Error;
use crate::cli::output;
use crate::cli::place::Place;
use crate::cli::table::count;
use crate::domain::email::Email;
use crate::ops::admin::act::Act;
use crate::ops::admin::by::By;
use crate::ops::admin::everyone::LogoutEveryone;
use crate::store::sqlite::beside::TakenUp;

#[derive(Args)]
#[command(group(ArgGroup::new("whose").args(["email", "everyone"]).required(true)))]
pub(super) struct LogoutAll {
    /// Whose sessions end
    #[arg(value_parser = Email::parse)]
    email: Option<Email>,
    /// Everybody's
    #[arg(long)]
    everyone: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct View {
    email: Option<String>,
    sessions: u64,
    server: &'static str,
}

impl LogoutAll {
    pub(super) fn run(self, place: &Place) -> Result<(), Error> {
        let desk = Desk::open(place)?;
        let (email, sessions) = match &self.email {
            Some(email) => {
                let user = desk.user(email)?;
                let done = act(&desk, &user, Act::LogoutAll, Force::No)?;
                (Some(user.email), done.sessions as u64)
            }
            None => (None, everyone(&desk)?),
        };
        let taken_up = desk.taken_up()?;
        if self.json {
            output::json(&View { email, sessions, server: word(taken_up) })?;
        } else {
            let who = email.map_or_else(|| "everybody".to_owned(), |email| format!("{email} everywhere"));
            output::line(format_args!("signed out {who}; {} ended", count(sessions, "live session")))?;
        }
        desk::tell(taken_up)
    }
}

/// Raises the epoch. The sessions that it ended are counted after the commit.
fn everyone(desk: &Desk) -> Result<u64, Error> {
    let now = desk.now();
    let ended = desk.run(&LogoutEveryone { by: By::Shell, now })?;
    Ok(desk.read(|rows| rows.count_live(ended, now))?)
}

const fn word(taken_up: TakenUp) -> &'static str {
    match taken_up {
        TakenUp::NoServer => "none",
        TakenUp::Yes => "taken_up",
        TakenUp::NoWord => "no_word",
    }
}
