//! `doorward user show EMAIL`.

use clap::Args;
use serde::Serialize;

use crate::base::id::{SessionId, UserId};
use crate::base::time::{Timestamp, Ttl};
use crate::cli::desk::Desk;
use crate::cli::error::Error;
use crate::cli::output;
use crate::cli::place::Place;
use crate::cli::table::{Table, facts};
use crate::cli::user::view::{self, when};
use crate::domain::email::Email;
use crate::ops::admin::users;
use crate::store::rows::{EventFilter, StoredEvent, User};

/// How many events are shown.
const EVENTS: u32 = 10;

#[derive(Args)]
pub(in crate::cli) struct Show {
    /// Whom
    #[arg(value_parser = Email::parse)]
    email: Email,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A user, and what is known of them at a moment.
struct Shown {
    user: User,
    sessions: usize,
    wait: Option<Ttl>,
    events: Vec<StoredEvent>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View<'a> {
    #[serde(flatten)]
    user: view::View<'a>,
    live_sessions: usize,
    failures: u32,
    failed_at: Option<Timestamp>,
    wait_seconds: u64,
    events: Vec<Event<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Event<'a> {
    at: Timestamp,
    kind: &'static str,
    count: i64,
    actor_id: Option<UserId>,
    session_id: Option<SessionId>,
    address: Option<String>,
    user_agent: Option<&'a str>,
    detail: Option<&'a str>,
}

impl Show {
    pub(super) fn run(self, place: &Place) -> Result<(), Error> {
        let desk = Desk::open(place)?;
        let user = desk.user(&self.email)?;
        let (policy, now) = (desk.policy(), desk.now());
        let wait = user.failures.wait(desk.config.limits.account_failures, now);
        let filter = EventFilter { user: Some(user.id), ..EventFilter::default() };
        let (sessions, events) =
            desk.read(|rows| Ok((users::live(rows, &user, &policy, now)?.len(), rows.events(filter, EVENTS)?)))?;
        let shown = Shown { user, sessions, wait, events };
        if self.json { output::json(&shown.view()) } else { output::line(shown.text()) }
    }
}

impl Shown {
    fn view(&self) -> View<'_> {
        View {
            user: view::View::from(&self.user),
            live_sessions: self.sessions,
            failures: self.user.failures.count,
            failed_at: self.user.failures.last,
            wait_seconds: self.wait.map_or(0, Ttl::retry_after),
            events: self.events.iter().map(event).collect(),
        }
    }

    fn text(&self) -> String {
        let user = &self.user;
        let password = match &user.password {
            Some((_, cost)) => format!("set (bcrypt cost {cost})"),
            None => "none yet".to_owned(),
        };
        let failures = match self.wait {
            Some(wait) => format!("{} in a row; the next try waits {} s", user.failures.count, wait.retry_after()),
            None => format!("{} in a row", user.failures.count),
        };
        let about = facts([
            ("email", user.email.clone()),
            ("id", user.id.to_string()),
            ("role", user.role.as_str().to_owned()),
            ("status", user.status.word().to_owned()),
            ("password", password),
            ("created", user.created_at.rfc3339()),
            ("last sign-in", when(user.signed_in_at)),
            ("live sessions", self.sessions.to_string()),
            ("failures", failures),
        ]);
        if self.events.is_empty() { about } else { format!("{about}\n\n{}", self.happened()) }
    }

    /// The events, newest first.
    fn happened(&self) -> Table<5> {
        let mut table = Table::new(["TIME", "EVENT", "TIMES", "ADDRESS", "DETAIL"]);
        for stored in &self.events {
            let Event { at, kind, count, address, detail, .. } = event(stored);
            let (address, detail) = (address.unwrap_or_default(), detail.unwrap_or_default().to_owned());
            table.row([at.rfc3339(), kind.to_owned(), count.to_string(), address, detail]);
        }
        table
    }
}

fn event(stored: &StoredEvent) -> Event<'_> {
    let event = &stored.event;
    Event {
        at: event.at,
        kind: event.kind.word(),
        count: stored.count,
        actor_id: event.actor,
        session_id: event.session,
        address: event.client.as_ref().map(|client| client.address.to_string()),
        user_agent: event.client.as_ref().map(|client| client.user_agent.as_str()),
        detail: event.detail.as_deref(),
    }
}
