//! The bodies of answers, and the cookies that go with tokens.

use actix_web::http::StatusCode;
use actix_web::http::header::{ContentType, SET_COOKIE};
use actix_web::{HttpResponse, HttpResponseBuilder};
use serde::Serialize;
use utoipa::ToSchema;

use crate::base::id::SessionId;
use crate::base::time::{Timestamp, Ttl};
use crate::domain::session::{Session, Transport};
use crate::http::client::Peer;
use crate::http::code::Code;
use crate::http::cookies::{BadCookieValue, Kind};
use crate::http::error::Problem;
use crate::http::refusal::rate_state;
use crate::http::state::State;
use crate::ops::guesses::Spent;
use crate::ops::tokens::{Access, Refresh, SignedIn};
use crate::store::rows::User;

/// An access token, and how it is used (RFC 6749, section 5.1).
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct TokenAnswer {
    /// The access token: a JWT (RFC 9068).
    access_token: String,
    /// Always `Bearer`.
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until it runs out.
    expires_in: i64,
    /// This server's time, for clients whose clock is wrong.
    #[schema(format = DateTime)]
    server_time: String,
    /// Only for the body transport.
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
    /// Who signed in; not on a refresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<UserAnswer>,
}

/// A user, as they see themselves.
#[derive(Serialize, ToSchema)]
pub struct UserAnswer {
    /// Their id, `sub` in tokens.
    #[schema(format = Uuid)]
    id: String,
    /// Their address, as typed.
    email: String,
    /// Their role.
    role: String,
}

/// A session, as its owner sees it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionAnswer {
    /// Its id, `sid` in tokens.
    #[schema(format = Uuid)]
    id: String,
    /// When the person signed in.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last refreshed.
    #[schema(format = DateTime)]
    last_used_at: String,
    /// When it ends, come what may.
    #[schema(format = DateTime)]
    ends_at: String,
    /// The address that it was last refreshed from.
    address: String,
    /// What the browser called itself then.
    user_agent: String,
    /// Whether it is the one that asks.
    current: bool,
}

/// How many sessions an act ended.
#[derive(Serialize, ToSchema)]
pub struct EndedAnswer {
    /// For people.
    message: String,
    /// How many live sessions it ended.
    sessions: u64,
}

impl UserAnswer {
    /// Of a user's row.
    pub fn of(user: &User) -> Self {
        Self { id: user.id.to_string(), email: user.email.clone(), role: user.role.as_str().to_owned() }
    }
}

impl SessionAnswer {
    /// Of a session's row, for who asks from session `own`, under today's absolute lifetime.
    pub fn of(session: &Session, own: SessionId, absolute: Ttl) -> Self {
        Self {
            id: session.id.to_string(),
            created_at: session.created_at.rfc3339(),
            last_used_at: session.rotated_at.rfc3339(),
            ends_at: session.ends(absolute).rfc3339(),
            address: session.client.address.to_string(),
            user_agent: session.client.user_agent.clone(),
            current: session.id == own,
        }
    }
}

impl EndedAnswer {
    /// With a sentence that fits the number.
    pub fn new(who: &str, sessions: u64) -> Self {
        let noun = if sessions == 1 { "session" } else { "sessions" };
        Self { message: format!("{who}: {sessions} {noun} ended."), sessions }
    }
}

/// What else stands in such a body, and a user with an address of usual length, in bytes.
const BESIDE_TOKENS: usize = 320;

/// An answer with tokens: never cached (RFC 6749, section 5.1).
pub struct Tokens<'a> {
    state: &'a State,
    peer: &'a Peer,
    answer: HttpResponseBuilder,
    body: TokenAnswer,
}

impl<'a> Tokens<'a> {
    /// With an access token.
    pub fn new(state: &'a State, peer: &'a Peer, status: StatusCode, access: Access) -> Self {
        let body = TokenAnswer {
            expires_in: access.expires_in.secs(),
            server_time: access.server_time.rfc3339(),
            access_token: access.token.reveal(),
            token_type: "Bearer",
            refresh_token: None,
            user: None,
        };
        let mut answer = HttpResponse::build(status);
        answer.insert_header(("cache-control", "no-store"));
        Self { state, peer, answer, body }
    }

    /// With a refresh token, by the way of its session.
    pub fn refresh(mut self, refresh: Refresh) -> Result<Self, Problem> {
        let transport = refresh.token.link().transport();
        let text = refresh.token.reveal();
        match transport {
            Transport::Body => self.body.refresh_token = Some(text),
            Transport::Cookie => self.set(Kind::Refresh, &text, refresh.max_age)?,
        }
        Ok(self)
    }

    fn set(&mut self, kind: Kind, value: &str, life: Ttl) -> Result<(), Problem> {
        let cookie = self.state.settings.cookies.set(kind, self.peer.scheme, value, life).map_err(no_cookie)?;
        self.answer.append_header((SET_COOKIE, cookie));
        Ok(())
    }

    /// The whole answer.
    pub fn finish(mut self) -> HttpResponse {
        // As much as is needed: to grow, it would be copied, and each copy of a token stay in memory that is free.
        let tokens = self.body.access_token.len() + self.body.refresh_token.as_ref().map_or(0, String::len);
        let mut body = Vec::with_capacity(tokens + BESIDE_TOKENS);
        match serde_json::to_writer(&mut body, &self.body) {
            Ok(()) => self.answer.content_type(ContentType::json()).body(body),
            Err(error) => HttpResponse::from_error(Problem::new(Code::Internal).cause(error)),
        }
    }
}

/// An answer to a sign-in.
pub fn signed_in(state: &State, peer: &Peer, status: StatusCode, signed_in: SignedIn) -> Result<HttpResponse, Problem> {
    let mut tokens = Tokens::new(state, peer, status, signed_in.access).refresh(signed_in.refresh)?;
    if let Some(device) = signed_in.device {
        tokens.set(Kind::Device, &device.reveal(), Ttl::from_days(400))?;
    }
    tokens.body.user = Some(UserAnswer::of(&signed_in.user));
    Ok(tokens.finish())
}

/// Says on an answer how far the guesser's bucket is spent.
pub fn announce(mut answer: HttpResponse, spent: Option<Spent>) -> HttpResponse {
    if let Some(spent) = spent {
        answer.extensions_mut().insert(rate_state(spent));
    }
    answer
}

/// Adds the header that removes the refresh cookie. Only logout calls do.
pub fn clear_refresh(state: &State, peer: &Peer, answer: &mut HttpResponseBuilder) -> Result<(), Problem> {
    let cookie = state.settings.cookies.clear(Kind::Refresh, peer.scheme).map_err(no_cookie)?;
    answer.append_header((SET_COOKIE, cookie));
    Ok(())
}

fn no_cookie(error: BadCookieValue) -> Problem {
    Problem::new(Code::Internal).cause(error)
}

/// A time, where there is one.
pub fn time(at: Option<Timestamp>) -> Option<String> {
    at.map(Timestamp::rfc3339)
}
