//! `/auth/admin/users`: finds users, shows one, invites.

use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::base::id::{SessionId, UserId};
use crate::base::time::Ttl;
use crate::domain::link::LinkKind;
use crate::domain::reason::Reason;
use crate::domain::user::Role;
use crate::http::admin::{from_cursor, page_size, to_cursor};
use crate::http::answer::{SessionAnswer, time};
use crate::http::body::Json;
use crate::http::error::Problem;
use crate::http::extract::{AdminBearer, Params};
use crate::http::schema;
use crate::http::state::State;
use crate::ops::admin::create;
use crate::ops::admin::users::{self, Shown};
use crate::ops::error::Error;
use crate::ops::link::NewLink;
use crate::store::rows::User;

/// A user, as administrators see them.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminUser {
    /// Their id.
    #[schema(format = Uuid)]
    id: String,
    /// Their address, as typed.
    email: String,
    /// Their role.
    role: String,
    /// `active` or `disabled`.
    status: &'static str,
    /// Whether a password was ever set.
    has_password: bool,
    /// Failures in a row, from browsers that never signed in to the account.
    failures: u32,
    /// When they were made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When they last signed in.
    #[schema(format = DateTime)]
    signed_in_at: Option<String>,
}

/// A page of users.
#[derive(Serialize, ToSchema)]
pub struct UserPage {
    /// In the order of their addresses.
    users: Vec<AdminUser>,
    /// Where the list goes on; nothing at its end.
    next: Option<String>,
}

/// A session, as administrators see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct AdminSession {
    #[serde(flatten)]
    session: SessionAnswer,
    /// Whether it can still be refreshed.
    live: bool,
    /// When it ended, as far as that is known.
    #[schema(format = DateTime)]
    ended_at: Option<String>,
    /// Why it ended.
    #[schema(schema_with = schema::reason)]
    reason: Option<Reason>,
}

/// A user and their sessions.
#[derive(Serialize, ToSchema)]
pub struct UserDetail {
    /// The user.
    user: AdminUser,
    /// The last sessions, newest first.
    sessions: Vec<AdminSession>,
}

/// A link, shown once.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct LinkAnswer {
    /// What it does: `invitation` or `set_password`.
    kind: &'static str,
    /// The whole URL. It is shown this once.
    url: String,
    /// Until when it works.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// A user who was made, and the link by which they set a password.
#[derive(Serialize, ToSchema)]
pub struct Invited {
    /// The user.
    user: AdminUser,
    /// To be handed to them.
    link: LinkAnswer,
}

/// Which users.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct UserQuery {
    /// Only those whose address begins with this.
    #[serde(default)]
    search: String,
    /// Where to go on, from `next` of the page before.
    cursor: Option<String>,
    /// How many: 1 to 200, 50 unless given.
    #[param(minimum = 1, maximum = 200)]
    limit: Option<u32>,
}

/// Who is invited.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewUser {
    /// Their address.
    #[schema(schema_with = schema::email)]
    email: String,
    /// Their role; `user` unless given.
    #[serde(default)]
    #[schema(pattern = "^[a-z][a-z0-9_-]{0,31}$")]
    role: Option<String>,
}

impl AdminUser {
    /// Of a user's row.
    pub fn of(user: &User) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email.clone(),
            role: user.role.as_str().to_owned(),
            status: user.status.word(),
            has_password: user.password.is_some(),
            failures: user.failures.count,
            created_at: user.created_at.rfc3339(),
            signed_in_at: time(user.signed_in_at),
        }
    }
}

impl AdminSession {
    fn of((session, over): &Shown, own: SessionId, absolute: Ttl) -> Self {
        Self {
            session: SessionAnswer::of(session, own, absolute),
            live: over.is_none(),
            ended_at: time(over.and_then(|(at, _)| at)),
            reason: over.map(|(_, reason)| reason),
        }
    }
}

impl LinkAnswer {
    /// Reveals a link to who asked for it.
    pub fn of(kind: LinkKind, link: NewLink) -> Self {
        Self { kind: kind.word(), expires_at: link.expires_at.rfc3339(), url: link.url.reveal() }
    }
}

/// A user's id in the path. What is no id names nobody.
pub fn user_id(id: &str) -> Result<UserId, Problem> {
    id.parse().map_err(|_| Error::NotFound.into())
}

/// Find users by the beginning of their address.
#[utoipa::path(get, path = "/auth/admin/users", operation_id = "listUsers", tag = "admin", params(UserQuery), security(("bearer" = [])),
    responses((status = 200, description = "A page of users.", body = UserPage)))]
pub async fn list(
    state: State,
    AdminBearer(caller): AdminBearer,
    Params(query): Params<UserQuery>,
) -> Result<HttpResponse, Problem> {
    let limit = page_size(query.limit)?;
    let after = from_cursor(query.cursor.as_deref())?.unwrap_or_default();
    let found = users::list(&state.ctx, &caller, &query.search, after, limit).await?;
    let full = found.len() == usize::try_from(limit).unwrap_or(usize::MAX);
    let next = found.last().filter(|_| full).map(|last| to_cursor(&last.email_key));
    Ok(HttpResponse::Ok().json(UserPage { users: found.iter().map(AdminUser::of).collect(), next }))
}

/// Show a user and their sessions.
#[utoipa::path(get, path = "/auth/admin/users/{id}", operation_id = "showUser", tag = "admin", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid, description = "The user.")),
    responses((status = 200, description = "The user and their last sessions.", body = UserDetail)))]
pub async fn show(
    state: State,
    AdminBearer(caller): AdminBearer,
    id: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (user, sessions) = users::show(&state.ctx, &caller, user_id(&id)?).await?;
    let (own, absolute) = (caller.claims().sid, state.ctx.policy().absolute_ttl);
    let sessions = sessions.iter().map(|shown| AdminSession::of(shown, own, absolute)).collect();
    Ok(HttpResponse::Ok().json(UserDetail { user: AdminUser::of(&user), sessions }))
}

/// Make a user, who sets a password through the link.
#[utoipa::path(post, path = "/auth/admin/users", operation_id = "inviteUser", tag = "admin", request_body = NewUser, security(("bearer" = [])),
    responses((status = 201, description = "Made; the link is shown this once.", body = Invited)))]
pub async fn invite(
    state: State,
    AdminBearer(caller): AdminBearer,
    Json(body): Json<NewUser>,
) -> Result<HttpResponse, Problem> {
    let role = body.role.as_deref().map_or_else(|| Ok(Role::user()), str::parse).map_err(Error::from)?;
    let (user, link) = create::invite(&state.ctx, &caller, &body.email, role).await?;
    let link = LinkAnswer::of(LinkKind::Invitation, link);
    Ok(HttpResponse::Created().json(Invited { user: AdminUser::of(&user), link }))
}
