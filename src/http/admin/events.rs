//! `GET /auth/admin/events`.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::base::id::UserId;
use crate::domain::event::Kind;
use crate::domain::fact::Fact;
use crate::http::admin::users::user_id;
use crate::http::admin::{from_cursor, page_size, to_cursor};
use crate::http::code::Code;
use crate::http::error::Problem;
use crate::http::extract::{AdminBearer, Params};
use crate::http::schema;
use crate::http::state::State;
use crate::ops::admin::events::{self, Names};
use crate::store::rows::{EventFilter, StoredEvent};

/// Something that happened.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventAnswer {
    /// Its number: always growing.
    id: i64,
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// What: a stable word.
    #[schema(schema_with = schema::event_kind)]
    kind: &'static str,
    /// How many equal ones it stands for.
    count: i64,
    /// To whom it happened.
    #[schema(format = Uuid)]
    user_id: Option<String>,
    /// Their address, if they are still there.
    email: Option<String>,
    /// Who did it, where that is another.
    #[schema(format = Uuid)]
    actor_id: Option<String>,
    /// Their address, if they are still there.
    actor_email: Option<String>,
    /// In which session.
    #[schema(format = Uuid)]
    session_id: Option<String>,
    /// From where.
    address: Option<String>,
    /// What the browser called itself.
    user_agent: Option<String>,
    /// The request, as the log names it.
    request_id: Option<String>,
    /// A few words more, in English.
    detail: Option<String>,
    /// The same in parts, for those who say it in other words; empty where an older version wrote it.
    #[schema(schema_with = schema::facts)]
    facts: Vec<Fact>,
}

/// A page of events.
#[derive(Serialize, ToSchema)]
pub struct EventPage {
    /// Newest first.
    events: Vec<EventAnswer>,
    /// Where the list goes on; nothing at its end.
    next: Option<String>,
}

/// Which events.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct EventQuery {
    /// Only those of this user.
    #[param(format = Uuid)]
    user: Option<String>,
    /// Only those of this kind.
    #[param(schema_with = schema::event_kind, required = false)]
    kind: Option<String>,
    /// Where to go on, from `next` of the page before.
    cursor: Option<String>,
    /// Only those with a higher number than this.
    #[param(minimum = 0)]
    after: Option<i64>,
    /// How many: 1 to 200, 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

impl EventAnswer {
    fn of(stored: &StoredEvent, names: &Names) -> Self {
        let event = &stored.event;
        let client = event.client.as_ref();
        let name = |id: Option<UserId>| id.and_then(|id| names.get(&id)).cloned();
        Self {
            id: stored.id,
            at: event.at.rfc3339(),
            kind: event.kind.word(),
            count: stored.count,
            user_id: event.user.map(|id| id.to_string()),
            email: name(event.user),
            actor_id: event.actor.map(|id| id.to_string()),
            actor_email: name(event.actor),
            session_id: event.session.map(|id| id.to_string()),
            address: client.map(|client| client.address.to_string()),
            user_agent: client.map(|client| client.user_agent.clone()),
            request_id: client.map(|client| client.request_id.clone()),
            detail: event.detail.clone(),
            facts: event.facts.clone(),
        }
    }
}

/// List what happened, newest first.
#[utoipa::path(get, path = "/auth/admin/events", operation_id = "listEvents", tag = "admin", params(EventQuery), security(("bearer" = [])),
    responses((status = 200, description = "A page of events.", body = EventPage)))]
pub async fn list(
    state: State,
    AdminBearer(caller): AdminBearer,
    Params(query): Params<EventQuery>,
) -> Result<HttpResponse, Problem> {
    let limit = page_size(query.limit)?;
    let kind: Option<Kind> = query
        .kind
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(|_| Problem::new(Code::BadRequest).detail("There is no such kind of event.").field("kind"))?;
    let before = from_cursor(query.cursor.as_deref())?
        .map(|text| text.parse::<i64>().map_err(|_| Problem::new(Code::BadCursor)))
        .transpose()?;
    let user = query.user.as_deref().map(user_id).transpose()?;
    if query.after.is_some_and(|after| after < 0) {
        return Err(Problem::new(Code::BadRequest).detail("`after` is the number of an event.").field("after"));
    }
    let filter = EventFilter { user, kind, before, after: query.after };
    let (found, names) = events::list(&state.ctx, &caller, filter, limit).await?;
    let full = found.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let next = found.last().filter(|_| full).map(|last| to_cursor(&last.id.to_string()));
    Ok(HttpResponse::Ok()
        .json(EventPage { events: found.iter().map(|stored| EventAnswer::of(stored, &names)).collect(), next }))
}
