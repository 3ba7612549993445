//! `GET /auth/admin/overview`.

use actix_web::HttpResponse;
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::config;
use crate::http::client::Peer;
use crate::http::error::Problem;
use crate::http::extract::AdminBearer;
use crate::http::schema;
use crate::http::state::State;
use crate::ops::admin::overview;

/// Less free space than this is told of, in bytes.
const LITTLE_SPACE: u64 = 512 << 20;

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

/// Something that somebody should look at.
#[derive(Serialize, ToSchema)]
pub struct Warning {
    /// `settings`, `untrusted_proxy` or `disk_space`.
    code: &'static str,
    /// What it is about: the proxy's address, the bytes that are left.
    value: Option<String>,
    /// For people, and what to do; in English.
    detail: String,
    /// The setting that it is about, with `settings`.
    setting: Option<&'static str>,
    /// What it is with that setting, with `settings`: a stable word.
    #[schema(schema_with = schema::settings_issue)]
    issue: Option<String>,
    /// What the text names: words and numbers, spans in seconds.
    #[schema(value_type = Object)]
    values: Value,
}

/// Show users, sessions and a week of events in numbers, and what is set up wrong.
#[utoipa::path(get, path = "/auth/admin/overview", tag = "admin", security(("bearer" = [])),
    responses((status = 200, description = "The server at a glance.", body = OverviewAnswer)))]
pub async fn overview(state: State, peer: Peer, AdminBearer(caller): AdminBearer) -> Result<HttpResponse, Problem> {
    let found = overview::overview(&state.ctx, &caller).await?;
    let mut warnings: Vec<_> = state.ctx.config.warnings().into_iter().map(|it| Warning::of_settings(&it)).collect();
    warnings.extend(peer.untrusted_proxy.then(|| Warning::of_proxy(&peer)));
    warnings.extend(found.disk_free.filter(|free| *free < LITTLE_SPACE).map(Warning::of_space));
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

impl Warning {
    fn of_settings(warning: &config::warning::Warning) -> Self {
        // Words and numbers: that they can't be written does not happen.
        let mut parts = serde_json::to_value(warning).unwrap_or_default();
        let issue = parts.get("issue").and_then(Value::as_str).map(str::to_owned);
        let values = parts.get_mut("values").map(Value::take).unwrap_or_default();
        let (setting, detail) = (Some(warning.setting()), warning.to_string());
        Self { code: "settings", value: None, detail, setting, issue, values }
    }

    fn of_proxy(peer: &Peer) -> Self {
        let address = peer.client.address;
        let detail = format!(
            "You come through a proxy at {address} that is not trusted, so everybody behind it counts as one address, \
             and limits.login_address is not applied to it. If it is yours: trusted_proxies = [\"{address}\"]."
        );
        Self {
            code: "untrusted_proxy",
            value: Some(address.to_string()),
            detail,
            setting: None,
            issue: None,
            values: json!({"address": address.to_string()}),
        }
    }

    fn of_space(free: u64) -> Self {
        let detail =
            format!("There are {} MiB left where the database is. Nothing can be saved once it is full.", free >> 20);
        Self {
            code: "disk_space",
            value: Some(free.to_string()),
            detail,
            setting: None,
            issue: None,
            values: json!({"freeBytes": free}),
        }
    }
}
