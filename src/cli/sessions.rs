//! `doorward sessions`: who is signed in where, and the end of one of them.

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::base::id::{SessionId, UserId};
use crate::base::time::Timestamp;
use crate::cli::desk::Desk;
use crate::cli::error::Error;
use crate::cli::output;
use crate::cli::place::Place;
use crate::cli::table::Table;
use crate::domain::email::Email;
use crate::domain::session::{Policy, Session, Transport};
use crate::domain::version::Version;
use crate::ops;
use crate::ops::admin::by::By;
use crate::ops::admin::sessions::EndSession;
use crate::ops::admin::users;
use crate::store;
use crate::store::rows::{Rows, User};

/// How many are read at once.
const PAGE: u32 = 500;

#[derive(Subcommand)]
pub(super) enum Sessions {
    /// List the live sessions of a user, or of everybody; newest first
    List(List),
    /// End one session
    End(End),
}

#[derive(Args)]
pub(super) struct List {
    /// Whose
    #[arg(value_parser = Email::parse)]
    email: Option<Email>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct End {
    /// Which, as `sessions list` names it
    id: SessionId,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View {
    id: SessionId,
    user_id: UserId,
    email: String,
    transport: Transport,
    created_at: Timestamp,
    last_used_at: Timestamp,
    expires_at: Timestamp,
    ends_at: Timestamp,
    address: String,
    user_agent: String,
}

impl Sessions {
    pub(super) fn run(self, place: &Place) -> Result<(), Error> {
        match self {
            Self::List(list) => list.run(place),
            Self::End(end) => end.run(place),
        }
    }
}

impl List {
    fn run(self, place: &Place) -> Result<(), Error> {
        let desk = Desk::open(place)?;
        let (policy, now) = (desk.policy(), desk.now());
        let views = match &self.email {
            Some(email) => {
                let user = desk.user(email)?;
                let live = desk.read(|rows| users::live(rows, &user, &policy, now))?;
                live.into_iter().map(|session| view(session, &user, &policy)).collect()
            }
            None => desk.read(|rows| everybodys(rows, &policy, now))?,
        };
        if self.json {
            return output::json(&views);
        }
        let mut table = Table::new(["ID", "EMAIL", "SIGNED IN", "LAST USED", "ADDRESS", "USER AGENT"]);
        for view in views {
            let (created, used) = (view.created_at.rfc3339(), view.last_used_at.rfc3339());
            table.row([view.id.to_string(), view.email, created, used, view.address, view.user_agent]);
        }
        output::line(table)
    }
}

/// The live sessions of all users, page by page.
fn everybodys(rows: &dyn Rows, policy: &Policy, now: Timestamp) -> Result<Vec<View>, store::error::Error> {
    let epoch = rows.meta()?.epoch;
    let mut views = Vec::new();
    let mut last = None;
    loop {
        let page = rows.open_sessions_before(last, PAGE)?;
        let Some(oldest) = page.last() else { return Ok(views) };
        last = Some(oldest.id);
        for session in page {
            let Some(user) = rows.user(session.user)? else { continue };
            if session.is_live(Version { epoch, number: user.version }, policy, now) {
                views.push(view(session, &user, policy));
            }
        }
    }
}

fn view(session: Session, user: &User, policy: &Policy) -> View {
    View {
        id: session.id,
        user_id: user.id,
        email: user.email.clone(),
        transport: session.transport,
        created_at: session.created_at,
        last_used_at: session.rotated_at,
        expires_at: session.too_old_at(policy).0,
        ends_at: session.ends(policy.absolute_ttl),
        address: session.client.address.to_string(),
        user_agent: session.client.user_agent,
    }
}

impl End {
    fn run(self, place: &Place) -> Result<(), Error> {
        let desk = Desk::open(place)?;
        let end = EndSession { by: By::Shell, id: self.id, now: desk.now() };
        desk.run(&end).map_err(|error| {
            if !matches!(error, Error::Ops(ops::error::Error::NotFound)) {
                return error;
            }
            let id = self.id;
            Error::Failed(format!(
                "no session that could be ended has the id {id}; `doorward sessions list` shows them"
            ))
        })?;
        output::line(format_args!("the session {} is over", self.id))?;
        desk.await_server()
    }
}
