//! `GET /auth/admin/overview`.

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::admin::warnings::{self, Warning};
use crate::http::client::Peer;
use crate::http::error::Problem;
use crate::http::extract::AdminBearer;
use crate::http::schema;
use crate::http::state::State;
use crate::ops::admin::overview;

/// The server at a glance.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct OverviewAnswer {
    /// The moment that it is of, by the server's clock.
    #[schema(format = DateTime)]
    server_time: String,
    /// The users.
    users: UserNumbers,
    /// The sessions that can be refreshed.
    sessions: SessionNumbers,
    /// What happened in the last seven days.
    events: EventNumbers,
    /// What is counted by the hour in the last seven days.
    activity: ActivityNumbers,
    /// What somebody should look at.
    warnings: Vec<Warning>,
}

/// How many users there are.
#[derive(Serialize, ToSchema)]
pub struct UserNumbers {
    /// All of them.
    total: u64,
    /// Administrators that may sign in.
    admins: u64,
    /// Those who may not sign in.
    disabled: u64,
}

/// How many sessions can be refreshed. From 20,000 on they are counted every few seconds or minutes only.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct SessionNumbers {
    /// All of them.
    live: u64,
    /// Those refreshed within the last hour.
    used_within_hour: u64,
    /// Those refreshed within the last day.
    used_within_day: u64,
}

/// How many events there were, by the hour.
#[derive(Serialize, ToSchema)]
pub struct EventNumbers {
    /// When the first hour began.
    #[schema(format = DateTime)]
    from: String,
    /// One a kind of event; kinds of which there were none are left out.
    series: Vec<EventSeries>,
}

/// How many events of a kind there were.
#[derive(Serialize, ToSchema)]
pub struct EventSeries {
    /// A stable word.
    #[schema(schema_with = schema::event_kind)]
    kind: &'static str,
    /// One number an hour: 168, the last of the present hour.
    hours: Vec<i64>,
}

/// Refreshes and live sessions, by the hour.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ActivityNumbers {
    /// When the first hour began.
    #[schema(format = DateTime)]
    from: String,
    /// How many refreshes were answered with a token: 168 numbers, the last of the present hour. Those of the last
    /// minute before a server was killed may be missing.
    refreshes: Vec<u64>,
    /// How many sessions were alive when each hour was young: 168 numbers, the last of now; null where the server
    /// did not run.
    live_sessions: Vec<Option<u64>>,
}

/// Show users, sessions and a week of events in numbers, and what is set up wrong.
#[utoipa::path(get, path = "/auth/admin/overview", tag = "admin", security(("bearer" = [])),
    responses((status = 200, description = "The server at a glance.", body = OverviewAnswer)))]
pub async fn overview(state: State, peer: Peer, AdminBearer(caller): AdminBearer) -> Result<HttpResponse, Problem> {
    let found = overview::overview(&state.ctx, &caller).await?;
    let warnings = warnings::of(&state.ctx.config, &peer, &found);
    Ok(HttpResponse::Ok().json(OverviewAnswer {
        server_time: found.now.rfc3339(),
        users: UserNumbers { total: found.users.all, admins: found.users.admins, disabled: found.users.disabled },
        sessions: SessionNumbers {
            live: found.sessions.all,
            used_within_hour: found.sessions.hour,
            used_within_day: found.sessions.day,
        },
        events: EventNumbers {
            from: found.from.rfc3339(),
            series: found.events.into_iter().map(|(kind, hours)| EventSeries { kind: kind.word(), hours }).collect(),
        },
        activity: ActivityNumbers { from: found.from.rfc3339(), refreshes: found.refreshes, live_sessions: found.live },
        warnings,
    }))
}
