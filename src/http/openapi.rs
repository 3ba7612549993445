//! `GET /openapi.json`: the description of all calls, made from the handlers.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, OpenApi as Description, Ref, RefOr, ResponseBuilder};
use utoipa::{Modify, OpenApi, ToSchema};

use crate::http::{admin, auth, health, wellknown};

/// A refusal (RFC 9457).
#[derive(Serialize, ToSchema)]
pub struct ProblemAnswer {
    /// Names the kind of problem.
    r#type: String,
    /// For people, short.
    title: String,
    /// The status of the answer.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// For people, and what to do.
    detail: String,
    /// A stable word for programs.
    code: String,
    /// The text of `title`.
    error: String,
    /// Why the session ended, with `session_ended`.
    reason: Option<String>,
    /// The member of the body that is meant.
    field: Option<String>,
    /// The limits that are used up.
    #[serde(rename = "violated-policies")]
    violated: Option<Vec<String>>,
    /// Names the request in the server's log.
    #[serde(rename = "requestId")]
    request_id: Option<String>,
}

#[derive(OpenApi)]
#[openapi(
    info(title = "doorward", description = "Sign-in, tokens and sessions.", license(name = "GPL-3.0-or-later", identifier = "GPL-3.0-or-later")),
    paths(
        auth::login::login,
        auth::register::register,
        auth::setup::setup,
        auth::refresh::refresh,
        auth::logout::logout,
        auth::logout_all::logout_all,
        auth::me::me,
        auth::sessions::list,
        auth::sessions::end,
        auth::password::password,
        auth::reauth::reauth,
        auth::link::link,
        admin::users::list,
        admin::users::show,
        admin::users::invite,
        admin::acts::edit,
        admin::acts::delete,
        admin::acts::disable,
        admin::acts::enable,
        admin::acts::unlock,
        admin::acts::logout_all,
        admin::acts::link,
        admin::sessions::end,
        admin::sessions::everyone,
        admin::events::list,
        health::healthz,
        health::readyz,
        wellknown::jwks,
    ),
    components(schemas(ProblemAnswer)),
    modifiers(&Common)
)]
struct Api;

/// What is the same for every call.
struct Common;

impl Modify for Common {
    fn modify(&self, api: &mut Description) {
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        api.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(bearer));
        let problem = || {
            let body = Content::new(Some(RefOr::Ref(Ref::from_schema_name("ProblemAnswer"))));
            ResponseBuilder::new()
                .description("A refusal; `code` says which.")
                .content("application/problem+json", body)
                .build()
        };
        for item in api.paths.paths.values_mut() {
            let calls = [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete];
            for call in calls.into_iter().flatten() {
                call.responses.responses.insert("4XX".to_owned(), RefOr::T(problem()));
                call.responses.responses.insert("503".to_owned(), RefOr::T(problem()));
            }
        }
    }
}

/// The description, as it is served.
pub fn description() -> &'static str {
    static JSON: LazyLock<String> = LazyLock::new(|| Api::openapi().to_json().unwrap_or_default());
    &JSON
}

/// The description of all calls.
pub async fn openapi() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(description())
}
