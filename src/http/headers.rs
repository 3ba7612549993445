//! The outermost layer: names each request, finds out who asks, and dresses every answer.
//!
//! Whatever happens inside, a panic included, leaves here as an answer with the request's id and
//! the security headers; a refusal leaves as a problem, and its cause goes to the log.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix_web::body::MessageBody;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpMessage as _};
use futures_util::FutureExt as _;

use crate::base::entropy::{Entropy, bytes};
use crate::domain::client::Client;
use crate::http::client::{Peer, address, configured_scheme, may_be_trustworthy, scheme};
use crate::http::code::Code;
use crate::http::dress::{Dress, Refused};
use crate::http::error::Problem;
use crate::http::leftover::Leftover;
use crate::http::line::Turn;
use crate::http::pages::people::instead;
use crate::http::settings::HttpSettings;

/// The name of a request, in its extensions: 16 hexadecimal digits of chance, never the client's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestId(pub String);

/// What the outermost layer works with; one for all workers.
pub struct Gate {
    settings: HttpSettings,
    entropy: Arc<dyn Entropy>,
    warned: AtomicBool,
}

impl Gate {
    /// With these settings and this source of chance.
    pub fn new(settings: HttpSettings, entropy: Arc<dyn Entropy>) -> Self {
        Self { settings, entropy, warned: AtomicBool::new(false) }
    }

    fn new_id(&self) -> Result<String, Problem> {
        let id: [u8; 8] = bytes(&*self.entropy).map_err(|none| Problem::new(Code::Internal).cause(none))?;
        Ok(format!("{:016x}", u64::from_be_bytes(id)))
    }

    fn look(&self, request: &ServiceRequest, id: &str) -> Result<Peer, Problem> {
        let (socket, headers) = (request.peer_addr().map(|peer| peer.ip()), request.headers());
        let HttpSettings { own, trusted_proxies, .. } = &self.settings;
        let seen = address(socket, headers, trusted_proxies)?;
        let scheme = scheme(socket, headers, own, trusted_proxies)?;
        if seen.untrusted_proxy && !self.warned.swap(true, Ordering::Relaxed) {
            let address = seen.address;
            tracing::warn!(
                %address,
                "a loopback peer sends X-Forwarded-For and is not trusted, so all its clients count as one and \
                 limits.login_address is not applied to it; if it is your proxy, set trusted_proxies = [\"{address}\"]"
            );
        }
        let agent = headers.get("user-agent").map(|agent| String::from_utf8_lossy(agent.as_bytes()));
        let client = Client::new(seen.address, &agent.unwrap_or_default(), id.to_owned());
        Ok(Peer { client, scheme, untrusted_proxy: seen.untrusted_proxy })
    }
}

/// The outermost layer as actix takes it: the *last* `wrap` of the App.
pub fn outermost<S, B>(
    gate: Arc<Gate>,
) -> impl Transform<S, ServiceRequest, Response = ServiceResponse, Error = Error, InitError = ()>
where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static,
    B: MessageBody + 'static,
{
    from_fn(move |request, next: Next<B>| pass(Arc::clone(&gate), request, next))
}

async fn pass<B: MessageBody + 'static>(
    gate: Arc<Gate>,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse, Error> {
    // Over when there is an answer.
    let turn = Turn::of(&request);
    let leftover = Leftover::of(&mut request);
    let hold = move |answer| match &leftover {
        Some(leftover) => leftover.clone().hold(answer),
        None => answer,
    };
    let mut dress = Dress {
        id: String::new(),
        scheme: configured_scheme(&gate.settings.own),
        trustworthy: may_be_trustworthy(request.headers()),
    };
    let peer = gate.new_id().and_then(|id| {
        dress.id = id;
        match turn.as_ref().and_then(Turn::refused) {
            Some(why) => Err(why.into()),
            None => gate.look(&request, &dress.id),
        }
    });
    let answer = match peer {
        Ok(peer) => {
            dress.scheme = Some(peer.scheme);
            request.extensions_mut().insert(RequestId(dress.id.clone()));
            request.extensions_mut().insert(peer);
            run(request, next).await
        }
        Err(problem) => Ok(request.error_response(problem)),
    };
    match answer {
        Ok(answer) => {
            let (request, response) = answer.into_parts();
            let code = response.error().and_then(|error| error.as_error::<Problem>()).map(Problem::code);
            if let Some(page) = code.and_then(|code| instead(&request, &response, code)) {
                return Ok(ServiceResponse::new(request, hold(dress.finish(page, None))));
            }
            let refused = match response.error() {
                Some(error) => Some(Refused::of(error, &dress.id)),
                None => Refused::bare(&response, &dress.id),
            };
            Ok(ServiceResponse::new(request, hold(dress.finish(response, refused.as_ref()))))
        }
        Err(mut error) => {
            let refused = Refused::of(&error, &dress.id);
            error.add_response_mapper(move |response| hold(dress.finish(response, Some(&refused))));
            Err(error)
        }
    }
}

/// Runs what is inside. A panic costs its own request alone. Its message is not logged from here: it may
/// quote what the client sent.
async fn run<B: MessageBody + 'static>(request: ServiceRequest, next: Next<B>) -> Result<ServiceResponse, Error> {
    let inside = AssertUnwindSafe(async move { next.call(request).await });
    match inside.catch_unwind().await {
        Ok(answer) => answer.map(ServiceResponse::map_into_boxed_body),
        Err(_) => Err(Problem::new(Code::Internal).cause("a handler panicked").into()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use actix_web::body::to_bytes;
    use actix_web::http::Method;
    use actix_web::http::header::{CACHE_CONTROL, HeaderMap};
    use actix_web::test::{TestRequest, init_service, try_call_service};
    use actix_web::{App, HttpResponse, web};

    use super::*;
    use crate::base::entropy::SystemEntropy;
    use crate::domain::lockout::Rate;
    use crate::http::cookies::CookieNames;
    use crate::http::cors::cors;
    use crate::http::origin::OwnOrigin;

    fn gate(own: OwnOrigin) -> Arc<Gate> {
        let settings = HttpSettings {
            own,
            dev: None,
            allowed_origins: vec!["https://app.example.com".parse().unwrap()],
            trusted_proxies: vec!["10.0.0.1/32".parse().unwrap()],
            cookies: CookieNames::new("refreshToken").unwrap(),
            login_address: Rate { burst: 50, window: crate::base::time::Ttl::from_mins(15) },
        };
        Arc::new(Gate::new(settings, Arc::new(SystemEntropy::default())))
    }

    async fn page() -> HttpResponse {
        HttpResponse::Ok().insert_header(("server", "x/1")).content_type("text/html; charset=utf-8").body("<p>")
    }

    async fn boom() -> HttpResponse {
        panic!("hunter2")
    }

    async fn who(peer: Peer, id: web::ReqData<RequestId>) -> String {
        let same = if peer.client.request_id == id.0 { "" } else { " another id" };
        format!("{} {:?} {}{same}", peer.client.address, peer.scheme, peer.client.user_agent)
    }

    struct Answer {
        status: u16,
        headers: HeaderMap,
        body: String,
    }

    impl Answer {
        fn header(&self, name: &str) -> &str {
            self.headers.get(name).map_or("", |value| value.to_str().unwrap())
        }

        fn code(&self) -> String {
            let body: serde_json::Value = serde_json::from_str(&self.body).unwrap();
            body["code"].as_str().unwrap().to_owned()
        }
    }

    async fn ask(own: OwnOrigin, method: Method, uri: &str, lines: &[(&str, &str)]) -> Answer {
        let gate = gate(own);
        let failing = || async { Err::<HttpResponse, _>(Problem::new(Code::StorageUnavailable).cause("disk full")) };
        let foreign = || async { Err::<HttpResponse, _>(actix_web::error::ErrorBadRequest("hunter2")) };
        let kept = || async { HttpResponse::Ok().insert_header((CACHE_CONTROL, "max-age=9")).body("") };
        let app = App::new()
            .route("/page", web::get().to(page))
            .route("/page", web::head().to(page))
            .route("/who", web::get().to(who))
            .route("/boom", web::post().to(boom))
            .route("/failing", web::get().to(failing))
            .route("/foreign", web::get().to(foreign))
            .route("/kept", web::get().to(kept))
            .route("/unchanged", web::get().to(|| async { HttpResponse::NotModified().finish() }))
            .service(web::resource("/only-get").get(page))
            .wrap(cors(&gate.settings.allowed_origins, false))
            .wrap(outermost(Arc::clone(&gate)));
        let app = init_service(app).await;
        let mut request = TestRequest::with_uri(uri).method(method).peer_addr("10.0.0.1:1".parse().unwrap());
        for line in lines {
            request = request.append_header(*line);
        }
        // As the server does with an error that leaves the App.
        let response = match try_call_service(&app, request.to_request()).await {
            Ok(response) => response.into_parts().1,
            Err(error) => error.error_response(),
        };
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = String::from_utf8(to_bytes(response.into_body()).await.unwrap().to_vec()).unwrap();
        Answer { status, headers, body }
    }

    fn https() -> OwnOrigin {
        OwnOrigin::Configured("https://auth.example.com".parse().unwrap())
    }

    #[tokio::test]
    async fn every_answer_carries_the_security_headers_and_a_name() {
        for (method, uri, status) in [
            (Method::GET, "/page", 200),
            (Method::HEAD, "/page", 200),
            (Method::GET, "/nowhere", 404),
            (Method::OPTIONS, "/only-get", 405),
            (Method::TRACE, "/only-get", 405),
            (Method::GET, "/failing", 503),
            (Method::GET, "/foreign", 400),
            (Method::POST, "/boom", 500),
            (Method::GET, "/unchanged", 304),
        ] {
            let answer = ask(https(), method.clone(), uri, &[("x-request-id", "mine")]).await;
            assert_eq!(answer.status, status, "{method} {uri}");
            assert_eq!(answer.header("x-content-type-options"), "nosniff", "{uri}");
            assert_eq!(answer.header("cross-origin-opener-policy"), "same-origin", "{uri}");
            assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{uri}");
            assert_eq!(answer.header("strict-transport-security"), "max-age=31536000", "{uri}");
            assert!(answer.header("permissions-policy").contains("geolocation=()"), "{uri}");
            assert!(!answer.headers.contains_key("server"), "{uri}");
            let id = answer.header("x-request-id");
            assert!(id.len() == 16 && id.bytes().all(|byte| byte.is_ascii_hexdigit()), "{uri}: {id}");
        }
    }

    #[tokio::test]
    async fn pages_and_the_rest_have_policies_of_their_own() {
        let page = ask(OwnOrigin::OfHost, Method::GET, "/page", &[]).await;
        assert!(page.header("content-security-policy").contains("script-src 'self';"));
        assert!(!page.header("content-security-policy").contains("unsafe"));
        assert_eq!((page.header("referrer-policy"), page.header("cache-control")), ("same-origin", "no-cache"));
        assert_eq!(page.header("strict-transport-security"), "", "plain http");
        let api = ask(OwnOrigin::OfHost, Method::GET, "/who", &[]).await;
        assert_eq!(api.header("content-security-policy"), "default-src 'none'; frame-ancestors 'none'");
        assert_eq!((api.header("referrer-policy"), api.header("cache-control")), ("no-referrer", "no-store"));
        assert_eq!(ask(OwnOrigin::OfHost, Method::GET, "/kept", &[]).await.header("cache-control"), "max-age=9");
        let unchanged = ask(OwnOrigin::OfHost, Method::GET, "/unchanged", &[]).await;
        for name in ["content-security-policy", "referrer-policy", "cache-control"] {
            assert_eq!(unchanged.header(name), "", "a 304 would replace the page's {name}");
        }
    }

    #[tokio::test]
    async fn every_failure_is_a_problem_that_tells_no_cause() {
        for (method, uri, code) in [
            (Method::GET, "/nowhere", "not_found"),
            (Method::POST, "/only-get", "method_not_allowed"),
            (Method::GET, "/failing", "storage_unavailable"),
            (Method::GET, "/foreign", "bad_request"),
            (Method::POST, "/boom", "internal"),
        ] {
            let answer = ask(OwnOrigin::OfHost, method, uri, &[]).await;
            assert_eq!(answer.header("content-type"), "application/problem+json", "{uri}");
            assert_eq!(answer.header("cache-control"), "no-store", "{uri}");
            assert_eq!(answer.code(), code, "{uri}");
            assert!(!answer.body.contains("disk full") && !answer.body.contains("hunter2"), "{}", answer.body);
            let id = format!(r#""requestId":"{}""#, answer.header("x-request-id"));
            assert_eq!(answer.body.contains(&id), answer.status >= 500, "{}", answer.body);
        }
        let page = [("origin", "https://app.example.com")];
        let answer = ask(OwnOrigin::OfHost, Method::GET, "/failing", &page).await;
        assert_eq!(answer.header("access-control-allow-origin"), "https://app.example.com");
        assert_eq!(answer.header("retry-after"), "1");
    }

    #[tokio::test]
    async fn a_refused_preflight_is_a_problem_too() {
        let lines = [("origin", "https://evil.example"), ("access-control-request-method", "POST")];
        let answer = ask(OwnOrigin::OfHost, Method::OPTIONS, "/page", &lines).await;
        assert_eq!((answer.status, answer.code().as_str()), (403, "cross_origin"));
    }

    #[tokio::test]
    async fn the_client_is_found_behind_trusted_proxies_and_a_bad_header_refused() {
        let lines = [("x-forwarded-for", "6.6.6.6, 198.51.100.7"), ("x-forwarded-proto", "https"), ("user-agent", "u")];
        let answer = ask(OwnOrigin::OfHost, Method::GET, "/who", &lines).await;
        assert_eq!(answer.body, "198.51.100.7 Https u");
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
        let answer = ask(https(), Method::GET, "/who", &[("x-forwarded-for", "unknown")]).await;
        assert_eq!((answer.status, answer.code().as_str()), (400, "invalid_header"));
        assert_eq!(answer.header("strict-transport-security"), "max-age=31536000");
        assert_eq!(answer.header("x-request-id").len(), 16);
    }

    /// What is logged while this runs, on this thread.
    async fn logged(run: impl Future<Output = ()>) -> String {
        let written = Arc::new(Mutex::new(Vec::new()));
        let writer = Arc::clone(&written);
        let make = move || Writer(Arc::clone(&writer));
        let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(make).finish();
        let guard = tracing::subscriber::set_default(subscriber);
        run.await;
        drop(guard);
        String::from_utf8(written.lock().unwrap().clone()).unwrap()
    }

    struct Writer(Arc<Mutex<Vec<u8>>>);

    impl std::io::Write for Writer {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_cause_is_logged_once_with_the_requests_name() {
        let mut id = String::new();
        let log = logged(async {
            let answer = ask(OwnOrigin::OfHost, Method::GET, "/failing", &[]).await;
            id.push_str(answer.header("x-request-id"));
            ask(OwnOrigin::OfHost, Method::GET, "/foreign", &[]).await;
            ask(OwnOrigin::OfHost, Method::POST, "/boom", &[]).await;
        })
        .await;
        assert_eq!(log.matches("disk full").count(), 1, "{log}");
        assert!(log.lines().any(|line| line.contains("disk full") && line.contains(&id)), "{log}");
        assert_eq!(log.matches("a handler panicked").count(), 1, "{log}");
        assert!(!log.contains("hunter2"), "{log}");
    }

    #[tokio::test]
    async fn a_proxy_that_nobody_trusts_is_told_of_once() {
        let log = logged(async {
            let gate = gate(OwnOrigin::OfHost);
            for _ in 0..3 {
                let request = TestRequest::default().peer_addr("127.0.0.1:1".parse().unwrap());
                let request = request.append_header(("x-forwarded-for", "198.51.100.7")).to_srv_request();
                assert!(gate.look(&request, "id").unwrap().untrusted_proxy);
            }
        })
        .await;
        assert_eq!(log.matches("set trusted_proxies = [\"127.0.0.1\"]").count(), 1, "{log}");
    }

    #[tokio::test]
    async fn two_requests_never_share_a_name() {
        let one = ask(OwnOrigin::OfHost, Method::GET, "/who", &[]).await;
        let two = ask(OwnOrigin::OfHost, Method::GET, "/who", &[]).await;
        assert_ne!(one.header("x-request-id"), two.header("x-request-id"));
    }
}
