//! `GET /openapi.json`: the description of all calls, made from the handlers.

use std::sync::LazyLock;

use actix_web::HttpResponse;
use serde::Serialize;
use utoipa::openapi::request_body::RequestBody;
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{Content, OpenApi as Description, Ref, RefOr, ResponseBuilder, Schema};
use utoipa::{Modify, OpenApi, ToSchema};

use crate::http::state::State;
use crate::http::{admin, auth, dev, health, schema, wellknown};

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
    #[schema(schema_with = schema::code)]
    code: String,
    /// The text of `title`.
    error: String,
    /// Why the session ended, with `session_ended`.
    #[schema(schema_with = schema::reason, required = false)]
    reason: Option<String>,
    /// The member of the body that is meant.
    field: Option<String>,
    /// The rule that a password breaks, with `weak_password` and `unusable_password`.
    #[schema(schema_with = schema::password_rule, required = false)]
    rule: Option<String>,
    /// The least that the rule allows, in characters.
    min: Option<usize>,
    /// The most that the rule allows: characters, or bytes with `too_large`.
    max: Option<usize>,
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
        admin::overview::overview,
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
            if let Some(body) = item.post.as_mut().and_then(|call| call.request_body.as_mut()) {
                no_null(body);
            }
            let calls = [&mut item.get, &mut item.post, &mut item.patch, &mut item.delete];
            for call in calls.into_iter().flatten() {
                call.responses.responses.insert("4XX".to_owned(), RefOr::T(problem()));
                call.responses.responses.insert("503".to_owned(), RefOr::T(problem()));
            }
        }
    }
}

/// A body that may be left out is not one that may be `null`.
fn no_null(body: &mut RefOr<RequestBody>) {
    let RefOr::T(body) = body else { return };
    for content in body.content.values_mut() {
        if let RefOr::T(content) = content
            && let Some(RefOr::T(Schema::OneOf(either))) = &content.schema
        {
            content.schema = either.items.first().cloned();
        }
    }
}

/// What the development stub has besides.
#[derive(OpenApi)]
#[openapi(
    paths(
        dev::token::token,
        dev::state::show,
        dev::inspect::inspect,
        dev::session::session,
        dev::clock::show,
        dev::clock::change,
        dev::reset::reset,
        dev::reset::snapshot,
        dev::reset::restore,
        dev::faults::add,
        dev::faults::list,
        dev::faults::clear,
        dev::faults::remove,
        dev::requests::list,
        dev::requests::clear,
        dev::outbox::list,
        dev::outbox::clear,
    ),
    modifiers(&Common)
)]
struct DevApi;

/// The description, as it is served in earnest or by the stub.
pub fn description(dev: bool) -> &'static str {
    static JSON: LazyLock<String> = LazyLock::new(|| Api::openapi().to_json().unwrap_or_default());
    static DEV: LazyLock<String> =
        LazyLock::new(|| Api::openapi().merge_from(DevApi::openapi()).to_json().unwrap_or_default());
    if dev { &DEV } else { &JSON }
}

/// The description of all calls.
pub async fn openapi(state: State) -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(description(state.ctx.dev.is_some()))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::http::routes::{DEV_ROUTES, Needs, ROUTES};

    fn json() -> Value {
        serde_json::from_str(description(true)).unwrap()
    }

    /// Method, path and description of every call.
    fn calls(api: &Value) -> Vec<(String, &Value)> {
        let paths = api["paths"].as_object().unwrap();
        let methods = ["get", "post", "put", "patch", "delete"];
        let found = paths.iter().flat_map(|(path, item)| methods.map(|method| (path, method, &item[method])));
        let name = |path: &str, method: &str| format!("{} {path}", method.to_uppercase());
        found.filter(|(.., call)| call.is_object()).map(|(path, method, call)| (name(path, method), call)).collect()
    }

    #[test]
    fn every_route_is_described_and_nothing_else() {
        let api = json();
        let described: BTreeSet<_> = calls(&api).into_iter().map(|(name, _)| name).collect();
        let routes = ROUTES.iter().chain(DEV_ROUTES).filter(|route| route.needs != Needs::Page);
        let routes: BTreeSet<_> = routes.map(|route| format!("{} {}", route.method, route.path)).collect();
        assert_eq!(described, routes);
    }

    #[test]
    fn in_earnest_nothing_of_the_stub_is_described() {
        assert!(description(true).contains("\"/dev/clock\"") && !description(false).contains("/dev/"));
    }

    #[test]
    fn every_call_has_a_name_of_its_own_and_a_summary() {
        let api = json();
        let calls = calls(&api);
        let names: BTreeSet<_> = calls.iter().map(|(_, call)| call["operationId"].as_str().unwrap()).collect();
        assert_eq!(names.len(), calls.len(), "{names:?}");
        for (name, call) in calls {
            assert!(call["summary"].as_str().is_some_and(|summary| summary.ends_with('.')), "{name}");
        }
    }

    #[test]
    fn every_body_is_an_object_that_takes_no_other_members() {
        let api = json();
        for (name, call) in calls(&api) {
            let Some(body) = call.get("requestBody") else { continue };
            let schema = body["content"]["application/json"]["schema"]["$ref"].as_str().unwrap();
            let schema = &api["components"]["schemas"][schema.rsplit('/').next().unwrap()];
            assert_eq!(schema["additionalProperties"], false, "{name}");
        }
    }
}
