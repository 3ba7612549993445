//! `limits.login_address`: all attempts of one address at the routes where one can guess.
//!
//! actix-governor counts; this file gives it keys, keeps its table bounded and writes the answers.
//! It takes the client that [`headers`](crate::http::headers) found, so it must stand inside of that
//! layer; and outside of every handler that is to be held:
//!
//! ```text
//! let limiter = AddressLimiter::new(settings.login_address)?; // one for all workers: clone it into the App
//! web::resource("/auth/login").wrap(limiter.middleware()).post(login)
//! ```
//!
//! Only POST counts. A job calls [`AddressLimiter::tick`] every minute.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_governor::governor::middleware::StateInformationMiddleware;
use actix_governor::{Governor, GovernorConfig, GovernorConfigBuilder, GovernorMiddleware, GovernorResult};
use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform, forward_ready};
use actix_web::http::Method;
use actix_web::http::header::HeaderName;
use actix_web::{Error, HttpMessage as _, HttpResponse};

use crate::domain::lockout::Rate;
use crate::http::code::Code;
use crate::http::error::Problem;
use crate::http::keys::{ByAddress, Keys, NotHeld};
use crate::http::rate::{LOGIN_ADDRESS, RateState, write};

/// What actix-governor might say in its own words.
const FOREIGN: [HeaderName; 4] = [
    HeaderName::from_static("x-ratelimit-limit"),
    HeaderName::from_static("x-ratelimit-remaining"),
    HeaderName::from_static("x-ratelimit-after"),
    HeaderName::from_static("x-ratelimit-whitelisted"),
];

type Inside = Pin<Box<dyn Future<Output = Result<ServiceResponse, Error>>>>;

/// A rate of none at once, or without a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a rate: it needs at least one attempt and a window longer than nothing")]
pub struct BadRate;

/// Counts attempts by address. Clones share one table.
#[derive(Clone)]
pub struct AddressLimiter {
    config: GovernorConfig<ByAddress, StateInformationMiddleware>,
    keys: Arc<Keys>,
    rate: Rate,
}

impl AddressLimiter {
    /// With nothing counted yet.
    pub fn new(rate: Rate) -> Result<Self, BadRate> {
        let keys = Arc::new(Keys::new());
        let mut builder = GovernorConfigBuilder::default().key_extractor(ByAddress(Arc::clone(&keys))).use_headers();
        builder.period(rate.interval().as_duration()).burst_size(rate.burst).methods(vec![Method::POST]);
        let config = builder.permissive(true).finish().filter(|_| rate.window.millis() > 0).ok_or(BadRate)?;
        Ok(Self { config, keys, rate })
    }

    /// Wraps a resource or a scope, at any place in its order of wraps. Writes `RateLimit` and
    /// `RateLimit-Policy` on every answer to a POST, its own limit and that of a handler's [`RateState`].
    pub fn middleware(&self) -> LoginAddress {
        LoginAddress(self.clone())
    }

    /// Forgets whoever has all attempts back. `now` is the monotonic clock's; call it about once a minute.
    pub fn tick(&self, now: Duration) {
        let limiter = self.config.limiter();
        limiter.retain_recent();
        limiter.shrink_to_fit();
        self.keys.turn(now, self.rate.window.as_duration());
    }

    /// What actix-governor found out, if it counted this request. It tells whole seconds, rounded down,
    /// and while some are left not when the next comes back: at the latest after one interval.
    fn state(&self, request: &actix_web::HttpRequest) -> Option<RateState> {
        let extensions = request.extensions();
        let (remaining, reset_secs) = match extensions.get::<GovernorResult<NotHeld>>()? {
            GovernorResult::Ok { remaining, .. } => (remaining.unwrap_or(0), self.rate.interval().retry_after()),
            GovernorResult::Wait { wait, .. } => (0, wait.saturating_add(1)),
            GovernorResult::Whitelisted | GovernorResult::Err(_) => return None,
        };
        let (quota, window_secs) = (self.rate.burst, self.rate.window.retry_after());
        Some(RateState { policy: LOGIN_ADDRESS, quota, window_secs, remaining, reset_secs })
    }
}

/// Writes the headers for the address's limit and, where there is one, the handler's.
fn announce(address: Option<RateState>, response: &mut HttpResponse) {
    let handlers = response.extensions().get::<RateState>().copied();
    let handlers = handlers.filter(|state| state.policy != LOGIN_ADDRESS);
    let states: Vec<_> = address.into_iter().chain(handlers).collect();
    let headers = response.headers_mut();
    for name in FOREIGN {
        headers.remove(name);
    }
    write(headers, &states);
}

/// The middleware of [`AddressLimiter`]: from the outside in, the headers, actix-governor (which
/// lets everything pass and notes what it found), and the gate that refuses.
pub struct LoginAddress(AddressLimiter);

impl<S, B> Transform<S, ServiceRequest> for LoginAddress
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse;
    type Error = Error;
    type Transform = Limited<S>;
    type InitError = ();
    type Future = Pin<Box<dyn Future<Output = Result<Limited<S>, ()>>>>;

    fn new_transform(&self, service: S) -> Self::Future {
        let limiter = self.0.clone();
        let governor = Governor::new(&limiter.config);
        Box::pin(async move {
            let gate = Gate { service, limiter: limiter.clone() };
            Ok(Limited { counted: governor.new_transform(gate).await?, limiter })
        })
    }
}

/// The outer part: writes the headers.
pub struct Limited<S> {
    counted: GovernorMiddleware<Gate<S>, ByAddress, StateInformationMiddleware>,
    limiter: AddressLimiter,
}

impl<S, B> Service<ServiceRequest> for Limited<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse;
    type Error = Error;
    type Future = Inside;

    forward_ready!(counted);

    fn call(&self, request: ServiceRequest) -> Inside {
        let counted = self.counted.call(request);
        let limiter = self.limiter.clone();
        Box::pin(async move {
            let (request, mut response) = counted.await?.map_into_boxed_body().into_parts();
            announce(limiter.state(&request), &mut response);
            Ok(ServiceResponse::new(request, response))
        })
    }
}

/// The inner part: refuses whoever must wait, before anything is read.
pub struct Gate<S> {
    service: S,
    limiter: AddressLimiter,
}

impl<S, B> Service<ServiceRequest> for Gate<S>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    S::Future: 'static,
    B: MessageBody + 'static,
{
    type Response = ServiceResponse;
    type Error = Error;
    type Future = Inside;

    forward_ready!(service);

    fn call(&self, request: ServiceRequest) -> Inside {
        let found = request.extensions().get::<GovernorResult<NotHeld>>().copied();
        let refusal = match found {
            Some(GovernorResult::Wait { .. }) => {
                let state = self.limiter.state(request.request());
                state.map(|state| Problem::new(Code::TooManyAttempts).exceeds(state))
            }
            Some(GovernorResult::Err(NotHeld::NoPeer)) => {
                Some(Problem::new(Code::Internal).cause("no Peer: the outermost middleware is not in place"))
            }
            _ => None,
        };
        if let Some(problem) = refusal {
            return Box::pin(async move { Ok(request.error_response(problem)) });
        }
        let inside = self.service.call(request);
        Box::pin(async move { inside.await.map(ServiceResponse::map_into_boxed_body) })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use actix_web::body::to_bytes;
    use actix_web::middleware::{Next, from_fn};
    use actix_web::test::{TestRequest, call_service, init_service};
    use actix_web::{App, web};

    use super::*;
    use crate::base::time::Ttl;
    use crate::domain::client::Client;
    use crate::http::client::Peer;
    use crate::http::rate::LOGIN;
    use crate::http::site::Scheme;

    struct Answer {
        status: u16,
        policy: String,
        limit: String,
        retry_after: String,
        foreign: bool,
        body: String,
    }

    /// A limited route whose handler counts how often it is reached. `?many` makes it refuse by a limit of its own.
    async fn ask(limiter: &AddressLimiter, peer: &'static str, requests: &[(Method, &str)]) -> (Vec<Answer>, u32) {
        let reached = Arc::new(AtomicU32::new(0));
        let count = Arc::clone(&reached);
        let handler = move |request: actix_web::HttpRequest| {
            count.fetch_add(1, Ordering::Relaxed);
            let login = RateState { policy: LOGIN, quota: 5, window_secs: 900, remaining: 4, reset_secs: 180 };
            let many = request.query_string() == "many";
            async move {
                if many {
                    let used = RateState { remaining: 0, ..login };
                    return Err(Problem::new(Code::TooManyAttempts).exceeds(used));
                }
                let mut response = HttpResponse::Ok().body("in");
                response.extensions_mut().insert(login);
                Ok(response)
            }
        };
        let app = App::new()
            .service(web::resource("/login").wrap(limiter.middleware()).route(web::post().to(handler)))
            .wrap(from_fn(move |request: ServiceRequest, next: Next<_>| {
                if let Ok(address) = peer.trim_end_matches('!').parse() {
                    let client = Client::new(address, "", String::new());
                    let untrusted_proxy = peer.ends_with('!');
                    request.extensions_mut().insert(Peer { client, scheme: Scheme::Http, untrusted_proxy });
                }
                next.call(request)
            }));
        let app = init_service(app).await;
        let mut answers = Vec::new();
        for (method, uri) in requests {
            let request = TestRequest::with_uri(uri).method(method.clone()).to_request();
            let response = call_service(&app, request).await;
            let text = |name: &str| {
                response.headers().get(name).map_or(String::new(), |value| value.to_str().unwrap().to_owned())
            };
            answers.push(Answer {
                status: response.status().as_u16(),
                policy: text("ratelimit-policy"),
                limit: text("ratelimit"),
                retry_after: text("retry-after"),
                foreign: response.headers().keys().any(|name| name.as_str().starts_with("x-ratelimit")),
                body: String::from_utf8(to_bytes(response.into_body()).await.unwrap().to_vec()).unwrap(),
            });
        }
        (answers, reached.load(Ordering::Relaxed))
    }

    fn limiter(burst: u32, window: Ttl) -> AddressLimiter {
        AddressLimiter::new(Rate { burst, window }).unwrap()
    }

    fn posts(n: usize) -> Vec<(Method, &'static str)> {
        vec![(Method::POST, "/login"); n]
    }

    #[tokio::test]
    async fn that_many_at_once_then_none_reaches_the_handler() {
        let limiter = limiter(3, Ttl::from_mins(15));
        let (answers, reached) = ask(&limiter, "192.0.2.1", &posts(5)).await;
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!((statuses, reached), (vec![200, 200, 200, 429, 429], 3));
        assert_eq!(answers[0].policy, r#""login-address";q=3;w=900, "login";q=5;w=900"#);
        assert_eq!(answers[0].limit, r#""login-address";r=2;t=300, "login";r=4;t=180"#);
        assert_eq!(answers[2].limit, r#""login-address";r=0;t=300, "login";r=4;t=180"#);
        assert_eq!(answers[0].retry_after, "");
        let refused = &answers[4];
        assert_eq!(refused.policy, r#""login-address";q=3;w=900"#);
        let wait: u64 = refused.retry_after.parse().unwrap();
        assert!((1..=301).contains(&wait), "{wait}");
        assert_eq!(refused.limit, format!(r#""login-address";r=0;t={wait}"#));
        let body: serde_json::Value = serde_json::from_str(&refused.body).unwrap();
        assert_eq!(body["code"], "too_many_attempts");
        assert_eq!(body["violated-policies"], serde_json::json!(["login-address"]));
        assert!(answers.iter().all(|answer| !answer.foreign));
    }

    #[tokio::test]
    async fn addresses_count_apart_and_a_clone_counts_along() {
        let limiter = limiter(1, Ttl::from_mins(15));
        for (peer, status) in [
            ("::ffff:192.0.2.1", 200),
            ("192.0.2.1", 429),
            ("::ffff:192.0.2.2", 200),
            ("2001:db8::1", 200),
            ("2001:db8::2", 429),
            ("2001:db8:0:1::1", 200),
        ] {
            let (answers, _) = ask(&limiter.clone(), peer, &posts(1)).await;
            assert_eq!(answers[0].status, status, "{peer}");
        }
    }

    #[tokio::test]
    async fn an_untrusted_proxy_is_not_held_and_a_missing_peer_is_a_fault() {
        let limiter = limiter(1, Ttl::from_mins(15));
        let (answers, reached) = ask(&limiter, "127.0.0.1!", &posts(3)).await;
        assert_eq!(reached, 3);
        assert_eq!(answers[2].limit, r#""login";r=4;t=180"#, "the handler's own limit is still told");
        let (answers, reached) = ask(&limiter, "", &posts(1)).await;
        assert_eq!((answers[0].status, reached), (500, 0));
    }

    #[tokio::test]
    async fn only_post_counts() {
        let limiter = limiter(1, Ttl::from_mins(15));
        let mut requests = vec![(Method::GET, "/login"), (Method::OPTIONS, "/login"), (Method::HEAD, "/login")];
        requests.extend(posts(1));
        let (answers, reached) = ask(&limiter, "192.0.2.1", &requests).await;
        let statuses: Vec<_> = answers.iter().map(|answer| answer.status).collect();
        assert_eq!((statuses, reached), (vec![405, 405, 405, 200], 1));
        assert!(answers.iter().all(|answer| !answer.foreign));
        assert_eq!(answers[0].limit, "");
    }

    #[tokio::test]
    async fn a_refusal_by_the_handlers_limit_names_that_one_and_tells_of_both() {
        let (answers, _) = ask(&limiter(1, Ttl::from_mins(15)), "192.0.2.1", &[(Method::POST, "/login?many")]).await;
        assert_eq!((answers[0].status, answers[0].retry_after.as_str()), (429, "180"));
        // The address would wait for 900 s, longer than `Retry-After` says; so its `t` is left out.
        assert_eq!(answers[0].limit, r#""login-address";r=0, "login";r=0;t=180"#);
        assert!(answers[0].body.contains(r#""violated-policies":["login"]"#));
    }

    #[tokio::test]
    async fn one_comes_back_after_its_interval() {
        let limiter = limiter(1, Ttl::from_millis(300));
        let (answers, _) = ask(&limiter, "192.0.2.1", &posts(2)).await;
        assert_eq!((answers[0].status, answers[1].status, answers[1].retry_after.as_str()), (200, 429, "1"));
        // The clock of actix-governor can't be moved.
        actix_web::rt::time::sleep(Duration::from_millis(310)).await;
        assert_eq!(ask(&limiter, "192.0.2.1", &posts(1)).await.0[0].status, 200);
    }

    #[tokio::test]
    async fn a_tick_forgets_nobody_who_still_waits() {
        let limiter = limiter(1, Ttl::from_mins(15));
        ask(&limiter, "192.0.2.1", &posts(1)).await;
        limiter.tick(Duration::from_hours(1));
        assert_eq!(limiter.config.limiter().len(), 1);
        assert_eq!(ask(&limiter, "192.0.2.1", &posts(1)).await.0[0].status, 429);
    }

    #[test]
    fn a_rate_that_lets_nobody_in_is_refused() {
        for (burst, window) in [(0, Ttl::from_mins(1)), (5, Ttl::ZERO)] {
            assert_eq!(AddressLimiter::new(Rate { burst, window }).err(), Some(BadRate), "{burst}");
        }
    }
}
