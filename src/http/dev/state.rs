//! `GET /dev/state`: what is there.

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::time::Timestamp;
use crate::domain::session::Transport;
use crate::http::dev::of;
use crate::http::error::Problem;
use crate::http::schema;
use crate::http::state::State;
use crate::ops::dev::chain::{Note, Outcome};
use crate::ops::dev::state::{self, Known};
use crate::store::rows::User;

/// All of it at one moment.
#[derive(Serialize, ToSchema)]
pub struct StateAnswer {
    /// The stub's time.
    #[schema(format = DateTime)]
    now: String,
    /// The users in the order of their addresses, at most 200.
    users: Vec<DevUserAnswer>,
    /// Their sessions, newest first, at most 200.
    sessions: Vec<DevSessionAnswer>,
}

/// A user.
#[derive(Serialize, ToSchema)]
pub struct DevUserAnswer {
    /// `sub` of their tokens.
    #[schema(format = Uuid)]
    id: String,
    /// The address as typed.
    email: String,
    /// What they may do.
    role: String,
    /// `active` or `disabled`.
    status: &'static str,
    /// Raised to end all their sessions.
    version: i64,
}

/// A session and what became of its refresh tokens.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct DevSessionAnswer {
    /// `sid` of its tokens.
    #[schema(format = Uuid)]
    id: String,
    /// Whose it is.
    #[schema(format = Uuid)]
    user: String,
    /// Whether it can still be refreshed.
    live: bool,
    /// Why it is over.
    #[schema(schema_with = schema::reason, required = false)]
    reason: Option<&'static str>,
    /// When it ended, as far as that is known.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// When the person signed in.
    #[schema(format = DateTime)]
    created_at: String,
    /// When its current refresh token was made.
    #[schema(format = DateTime)]
    used_at: String,
    /// The number of its current refresh token.
    generation: i64,
    /// The number of the first token of the present chain: 0, or more after a password change.
    chain_start: i64,
    /// How many generations in a row needed a recovery.
    recoveries: u32,
    /// How its refresh token travels: `cookie` or `body`.
    #[schema(value_type = String)]
    transport: Transport,
    /// What its browser calls itself.
    user_agent: String,
    /// The shows of its refresh tokens, oldest first, as far as they are remembered.
    chain: Vec<ShowAnswer>,
}

/// One show of a refresh token.
#[derive(Serialize, ToSchema)]
pub struct ShowAnswer {
    /// Its number.
    generation: i64,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// `rotated`: the next token. `same`: that token again, since it was new. `replayed`: the next token again.
    /// `recovered`: the same, late or from elsewhere. `refused`: nothing.
    outcome: &'static str,
    /// Why it was refused.
    #[schema(schema_with = schema::reason, required = false)]
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
}

/// List users, sessions and what became of their refresh tokens.
#[utoipa::path(get, path = "/dev/state", tag = "dev", operation_id = "showState",
    responses((status = 200, description = "All of it at one moment.", body = StateAnswer)))]
pub async fn show(state: State) -> Result<HttpResponse, Problem> {
    of(&state)?;
    let found = state::look(&state.ctx).await?;
    Ok(HttpResponse::Ok().json(StateAnswer {
        now: found.now.rfc3339(),
        users: found.users.iter().map(user).collect(),
        sessions: found.sessions.into_iter().map(session).collect(),
    }))
}

fn user(user: &User) -> DevUserAnswer {
    DevUserAnswer {
        id: user.id.to_string(),
        email: user.email.clone(),
        role: user.role.as_str().to_owned(),
        status: user.status.word(),
        version: user.version,
    }
}

fn session(known: Known) -> DevSessionAnswer {
    let Known { session, over, chain } = known;
    DevSessionAnswer {
        id: session.id.to_string(),
        user: session.user.to_string(),
        live: over.is_none(),
        reason: over.map(|(_, reason)| reason.word()),
        ended_at: over.and_then(|(at, _)| at).map(Timestamp::rfc3339),
        created_at: session.created_at.rfc3339(),
        used_at: session.rotated_at.rfc3339(),
        generation: session.generation,
        chain_start: session.chain_start,
        recoveries: session.recoveries.run,
        transport: session.transport,
        user_agent: session.client.user_agent,
        chain: chain.iter().map(shown).collect(),
    }
}

fn shown(note: &Note) -> ShowAnswer {
    let reason = if let Outcome::Refused(reason) = note.outcome { Some(reason.word()) } else { None };
    ShowAnswer { generation: note.generation, at: note.at.rfc3339(), outcome: note.outcome.word(), reason }
}
