//! `/dev/requests`: the calls that came in.

use actix_web::HttpResponse;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::http::code::Code;
use crate::http::dev::of;
use crate::http::error::Problem;
use crate::http::extract::Params;
use crate::http::state::State;
use crate::ops::dev::requests::{MOST, Request};
use crate::ops::dev::shown::{ShownAccess, ShownRefresh};

/// The highest number that every reader of JSON reads right (RFC 8259, section 6).
const MOST_AFTER: u64 = (1 << 53) - 1;

/// How many are given unless asked.
const USUAL: usize = 100;

/// Which calls.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RequestQuery {
    /// The first ones with a higher number than this; without it the newest.
    #[param(minimum = 0, maximum = 9_007_199_254_740_991u64)]
    after: Option<u64>,
    /// How many: 1 to 500, 100 unless given.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// A fault that a call met.
#[derive(Serialize, ToSchema)]
pub struct MetAnswer {
    /// Its number.
    id: u64,
    /// What went wrong.
    kind: &'static str,
}

/// What an access token says that was shown; a lie, maybe, where the verdict is not `good`.
#[derive(Serialize, ToSchema)]
pub struct ShownAccessAnswer {
    /// `good`, `expired`, `ended`, `not_yet`, `not_for_us`, `bad_signature` or `malformed`.
    verdict: &'static str,
    /// Its name.
    jti: Option<String>,
    /// The user.
    sub: Option<String>,
    /// The session.
    sid: Option<String>,
    /// When it runs out, in seconds since 1970.
    exp: Option<i64>,
}

/// What a refresh token says that was shown; a lie, maybe, where the verdict is not `good`.
#[derive(Serialize, ToSchema)]
pub struct ShownRefreshAnswer {
    /// `good` as far as it says itself, `expired`, `wrong_transport`, `not_for_us`, `bad_signature` or `malformed`.
    verdict: &'static str,
    /// How it came: `cookie` or `body`.
    by: &'static str,
    /// The session.
    sid: Option<String>,
    /// Its number in its session.
    r#gen: Option<i64>,
    /// Its name.
    jti: Option<String>,
}

/// A call that came in.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct RequestAnswer {
    /// Its number, in the order of the answers.
    number: u64,
    /// When it came, by the stub's clock.
    #[schema(format = DateTime)]
    at: String,
    /// Such as `POST`.
    method: String,
    /// The address with its query.
    path: String,
    /// The status of the answer; null where the connection was cut before anything happened.
    status: Option<u16>,
    /// The word of the refusal.
    code: Option<&'static str>,
    /// How long it took, in milliseconds of true time.
    ms: u64,
    /// Of which page it is.
    origin: Option<String>,
    /// What the client calls itself.
    user_agent: Option<String>,
    /// The names of the cookies that it showed.
    cookies: Vec<String>,
    /// The bearer token that it showed.
    access: Option<ShownAccessAnswer>,
    /// The refresh token that it showed.
    refresh: Option<ShownRefreshAnswer>,
    /// Its body, where that is a JSON object: only `email`, `role` and `transport` keep their values.
    #[schema(value_type = Option<Object>)]
    body: Value,
    /// The faults that it met.
    faults: Vec<MetAnswer>,
}

/// Calls that came in.
#[derive(Serialize, ToSchema)]
pub struct RequestList {
    /// Oldest first.
    requests: Vec<RequestAnswer>,
    /// The number of the last call of all.
    last: u64,
}

/// List the calls that came in.
///
/// The last 500: no pages, nothing that pages load, nothing of `/dev`, and no secret of any.
#[utoipa::path(get, path = "/dev/requests", tag = "dev", operation_id = "listRequests", params(RequestQuery),
    responses((status = 200, description = "What came in.", body = RequestList)))]
pub async fn list(state: State, Params(query): Params<RequestQuery>) -> Result<HttpResponse, Problem> {
    let limit = query.limit.unwrap_or(USUAL);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::new(Code::InvalidValue).field("limit").detail(format!("`limit` must be 1 to {MOST}.")));
    }
    if query.after.is_some_and(|after| after > MOST_AFTER) {
        let text = format!("`after` must be a number that this list gave out, at most {MOST_AFTER}.");
        return Err(Problem::new(Code::InvalidValue).field("after").detail(text));
    }
    let (requests, last) = of(&state)?.requests.page(query.after, limit);
    let requests = requests.into_iter().map(|(number, request)| RequestAnswer::of(number, request)).collect();
    Ok(HttpResponse::Ok().json(RequestList { requests, last }))
}

/// Forget the calls that came in.
#[utoipa::path(delete, path = "/dev/requests", tag = "dev", operation_id = "clearRequests",
    responses((status = 204, description = "Forgotten; the numbers go on.")))]
pub async fn clear(state: State) -> Result<HttpResponse, Problem> {
    of(&state)?.requests.clear();
    Ok(HttpResponse::NoContent().finish())
}

impl From<ShownAccess> for ShownAccessAnswer {
    fn from(shown: ShownAccess) -> Self {
        let ShownAccess { verdict, jti, sub, sid, exp } = shown;
        Self { verdict, jti, sub, sid, exp }
    }
}

impl From<ShownRefresh> for ShownRefreshAnswer {
    fn from(shown: ShownRefresh) -> Self {
        let ShownRefresh { verdict, by, sid, generation, jti } = shown;
        Self { verdict, by, sid, r#gen: generation, jti }
    }
}

impl RequestAnswer {
    fn of(number: u64, request: Request) -> Self {
        Self {
            number,
            at: request.at.rfc3339(),
            method: request.method,
            path: request.path,
            status: request.status,
            code: request.code,
            ms: request.millis,
            origin: request.origin,
            user_agent: request.user_agent,
            cookies: request.cookies,
            access: request.access.map(ShownAccessAnswer::from),
            refresh: request.refresh.map(ShownRefreshAnswer::from),
            body: request.body,
            faults: request.faults.into_iter().map(|(id, kind)| MetAnswer { id, kind }).collect(),
        }
    }
}
