//! What a call shows, looked at before it goes on: its body, its tokens, its cookies' names.

use actix_web::HttpMessage as _;
use actix_web::dev::{Payload, ServiceRequest};
use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_LENGTH, COOKIE, HeaderMap, HeaderName, ORIGIN, USER_AGENT};
use actix_web::rt::time::timeout;
use actix_web::web::Bytes;
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use zeroize::Zeroizing;

use crate::base::id::SessionId;
use crate::domain::session::Transport;
use crate::http::body::{DEADLINE, has_json_type};
use crate::http::client::Peer;
use crate::http::cookies::{Kind, trim};
use crate::http::extract::bearer;
use crate::http::state::State;
use crate::ops::dev::requests::{Came, Request};
use crate::ops::dev::{Dev, scrub, shown};

/// A longer body is not looked at, in bytes.
const MAX_BODY: usize = 64 * 1024;
/// So much of a body is kept, in bytes.
const KEPT_BODY: usize = 4 * 1024;
/// So much of an address, in bytes.
const KEPT_PATH: usize = 1024;
/// So much of a header, in bytes.
const KEPT_HEADER: usize = 256;
/// So many names of cookies.
const KEPT_COOKIES: usize = 20;

/// What was seen of a call.
pub struct Look {
    /// What is kept of it; the answer is still to come.
    pub request: Request,
    /// When it came.
    pub came: Came,
    /// The sessions whose tokens it shows.
    pub sessions: Vec<SessionId>,
}

/// The one member of a body that is a token.
#[derive(Default, Deserialize)]
struct Shown {
    #[serde(rename = "refreshToken")]
    refresh_token: Option<Zeroizing<String>>,
}

impl Look {
    /// Looks at a call and leaves it as it was.
    pub async fn at(state: &State, dev: &Dev, peer: &Peer, call: &mut ServiceRequest) -> Self {
        let came = Came::now(dev);
        let body = read(call).await;
        let headers = call.headers();
        let (mut sessions, now) = (Vec::new(), came.at);
        let access = bearer(headers).ok().flatten().map(|token| shown::access(&state.ctx, token, now));
        let cookies = state.settings.cookies.read(Kind::Refresh, peer.scheme, headers);
        let shown: Shown = serde_json::from_slice(&body).unwrap_or_default();
        let by_cookie = cookies.iter().filter_map(|value| Some((std::str::from_utf8(value).ok()?, Transport::Cookie)));
        let by_body = shown.refresh_token.iter().map(|token| (token.as_str(), Transport::Body));
        let refresh = by_cookie.chain(by_body).map(|(token, by)| shown::refresh(&state.ctx, token, by, now));
        let mut refresh: Vec<_> = refresh.collect();
        sessions.extend(access.iter().filter_map(|(_, session)| *session));
        sessions.extend(refresh.iter().filter_map(|(_, session)| *session));
        sessions.sort_unstable();
        sessions.dedup();
        let request = Request {
            at: now,
            method: scrub::text(call.method().as_str(), 16),
            path: scrub::path(call.path(), call.query_string(), KEPT_PATH),
            status: None,
            code: None,
            millis: 0,
            origin: header(headers, &ORIGIN),
            user_agent: header(headers, &USER_AGENT),
            cookies: cookie_names(headers),
            access: access.map(|(shown, _)| shown),
            refresh: (!refresh.is_empty()).then(|| refresh.swap_remove(0).0),
            body: scrub::body(&body, KEPT_BODY),
            faults: Vec::new(),
        };
        Self { request, came, sessions }
    }
}

/// The body of a call that sends JSON, as far as it comes in time and is not too long. The call keeps all of it.
async fn read(call: &mut ServiceRequest) -> Zeroizing<Vec<u8>> {
    let announced = call.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if !has_json_type(call.headers()) || announced.is_some_and(|length| length > MAX_BODY) {
        return Zeroizing::default();
    }
    let mut payload = call.take_payload();
    let mut chunks: Vec<Result<Bytes, PayloadError>> = Vec::new();
    let mut size = 0;
    let whole = timeout(DEADLINE, async {
        while let Some(chunk) = payload.next().await {
            size += chunk.as_ref().map_or(MAX_BODY, Bytes::len);
            chunks.push(chunk);
            if size > MAX_BODY {
                return false;
            }
        }
        true
    });
    let whole = whole.await == Ok(true);
    let mut body = Zeroizing::new(Vec::with_capacity(if whole { size } else { 0 }));
    for chunk in chunks.iter().flatten().filter(|_| whole) {
        body.extend_from_slice(chunk);
    }
    let again = stream::iter(chunks);
    let payload = if whole { again.boxed_local() } else { again.chain(payload).boxed_local() };
    call.set_payload(Payload::Stream { payload });
    body
}

fn header(headers: &HeaderMap, name: &HeaderName) -> Option<String> {
    let value = headers.get(name)?;
    Some(scrub::text(&String::from_utf8_lossy(value.as_bytes()), KEPT_HEADER))
}

/// The names of the cookies. What has none is a value, and not kept.
fn cookie_names(headers: &HeaderMap) -> Vec<String> {
    let pairs = headers.get_all(COOKIE).flat_map(|line| line.as_bytes().split(|byte| *byte == b';'));
    let names = pairs.filter_map(|pair| {
        let name = pair.get(..pair.iter().position(|byte| *byte == b'=')?)?;
        Some(scrub::text(&String::from_utf8_lossy(trim(name)), 64))
    });
    names.filter(|name| !name.is_empty()).take(KEPT_COOKIES).collect()
}
