//! Every route against everybody who must not get through.

use doorward::http::routes::{Needs, ROUTES, Route};
use reqwest::Method;
use serde_json::json;

use crate::harness::TestServer;
use crate::harness::browser::Browser;

const SOME_ID: &str = "01900000-0000-7000-8000-000000000000";

fn path(route: &Route) -> String {
    route.path.replace("{id}", SOME_ID)
}

fn method(route: &Route) -> Method {
    route.method.parse().unwrap()
}

fn changes(route: &Route) -> bool {
    route.method != "GET"
}

fn needs_token(route: &Route) -> bool {
    matches!(route.needs, Needs::Bearer | Needs::BearerGuess | Needs::Admin)
}

async fn ask(browser: &mut Browser, route: &Route, body: &str) -> crate::harness::answer::Answer {
    let mut request = browser.request(method(route), &path(route));
    if let Some(token) = &browser.access {
        request = request.bearer_auth(token);
    }
    if changes(route) {
        request = request.header("content-type", "application/json").body(body.to_owned());
    }
    browser.send(request).await
}

#[tokio::test]
async fn nobody_without_a_token_gets_past_a_guarded_route() {
    let server = TestServer::start();
    for route in ROUTES.iter().filter(|route| needs_token(route)) {
        let mut browser = server.browser();
        ask(&mut browser, route, "{}").await.expect_problem(401, "no_access_token");
        browser.access = Some("nonsense".to_owned());
        let answer = ask(&mut browser, route, "{}").await;
        answer.expect_problem(401, "invalid_access_token");
        assert!(answer.header("www-authenticate").starts_with("Bearer "), "{answer:?}");
    }
}

#[tokio::test]
async fn an_expired_or_ended_token_gets_past_no_guarded_route() {
    let server = TestServer::with(|config| config.limits.login_address.burst = 1_000);
    let admin = server.admin().await;
    let mut other = server.browser();
    other.login("admin@example.com").await.expect(200);
    other.post("/auth/logout-all", json!({})).await.expect(200);
    for route in ROUTES.iter().filter(|route| needs_token(route)) {
        ask(&mut admin.clone(), route, "{}").await.expect_problem(401, "invalid_access_token");
    }
    let mut again = server.browser();
    again.login("admin@example.com").await.expect(200);
    server.advance("15m");
    for route in ROUTES.iter().filter(|route| needs_token(route)) {
        ask(&mut again.clone(), route, "{}").await.expect_problem(401, "access_token_expired");
    }
}

#[tokio::test]
async fn a_user_gets_past_no_administrators_route() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let ann = server.user(&mut admin, "ann").await;
    for route in ROUTES.iter().filter(|route| route.needs == Needs::Admin) {
        ask(&mut ann.clone(), route, "{}").await.expect_problem(403, "forbidden");
    }
}

#[tokio::test]
async fn a_demoted_administrators_old_token_is_void() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let mut ann = server.user(&mut admin, "ann").await;
    let id = ann.me().await.text("/id");
    admin.patch(&format!("/auth/admin/users/{id}"), json!({"role": "admin"})).await.expect(200);
    ann.login("ann@example.com").await.expect(200);
    ann.get("/auth/admin/users").await.expect(200);
    admin.patch(&format!("/auth/admin/users/{id}"), json!({"role": "user"})).await.expect(200);
    for route in ROUTES.iter().filter(|route| route.needs == Needs::Admin) {
        ask(&mut ann.clone(), route, "{}").await.expect_problem(401, "invalid_access_token");
    }
    ann.refresh().await.expect_ended("role_changed");
}

#[tokio::test]
async fn a_foreign_page_changes_nothing() {
    let server = TestServer::start();
    let admin = server.admin().await;
    let mut foreign = admin.clone();
    foreign.access = None;
    for route in ROUTES.iter().filter(|route| changes(route)) {
        for header in [("origin", "https://evil.example"), ("origin", "null"), ("sec-fetch-site", "cross-site")] {
            foreign.headers = vec![(header.0.to_owned(), header.1.to_owned())];
            ask(&mut foreign, route, "{}").await.expect_problem(403, "cross_origin");
        }
        foreign.headers.clear();
        let plain = foreign.request(method(route), &path(route)).header("content-type", "text/plain").body("{}");
        foreign.send(plain).await.expect_problem(403, "cross_origin");
    }
    let mut admin = admin;
    assert_eq!(admin.events().await, ["setup"]);
    admin.refresh().await.expect(200);
}

#[tokio::test]
async fn other_methods_are_refused_and_the_right_ones_named() {
    let server = TestServer::start();
    let mut browser = server.browser();
    for route in ROUTES {
        let here: Vec<_> = ROUTES.iter().filter(|other| other.path == route.path).collect();
        for name in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"] {
            if here.iter().any(|other| other.method == name || (other.method == "GET" && name == "HEAD")) {
                continue;
            }
            let request = browser.request(name.parse().unwrap(), &path(route));
            let answer = browser.send(request.header("content-type", "application/json")).await;
            assert_eq!(answer.status, 405, "{answer:?}");
            for other in &here {
                assert!(answer.header("allow").contains(other.method), "{answer:?}");
            }
        }
    }
}

#[tokio::test]
async fn bodies_that_are_no_json_objects_are_refused_everywhere() {
    let server = TestServer::with(|config| config.limits.login_address.burst = 10_000);
    let admin = server.admin().await;
    let with_body = ["/auth/setup", "/auth/register", "/auth/login", "/auth/link", "/auth/refresh", "/auth/logout"];
    let guarded = ["/auth/password", "/auth/reauth", "/auth/admin/users"];
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(200), "]".repeat(200));
    let long = format!("{{\"a\":\"{}\"}}", "x".repeat(9_000));
    for path in with_body.into_iter().chain(guarded) {
        for (body, statuses) in [
            ("{", [400].as_slice()),
            ("[]", &[400]),
            ("\"a\"", &[400]),
            ("{\"no_such_member\":1}", &[400]),
            ("{\"email\":\"a@b.c\",\"email\":\"a@b.c\"}", &[400]),
            ("{\"email\":7,\"password\":[]}", &[400]),
            ("{\"email\":\"\\ud800\",\"password\":\"x\"}", &[400]),
            ("{} {}", &[400]),
            ("\u{feff}{}", &[400]),
            (deep.as_str(), &[400]),
            (long.as_str(), &[413]),
        ] {
            let mut browser = admin.clone();
            let mut request = browser.request(Method::POST, path).header("content-type", "application/json");
            if guarded.contains(&path) {
                request = request.bearer_auth(browser.access.clone().unwrap());
            }
            let answer = browser.send(request.body(body.to_owned())).await;
            assert!(statuses.contains(&answer.status), "{body:.60}: {answer:?}");
        }
        for content_type in
            ["text/plain", "application/json; charset=latin1", "application/jsonp", "multipart/form-data"]
        {
            let mut browser = admin.clone();
            let request = browser.request(Method::POST, path).header("content-type", content_type).body("{}");
            let own = browser.request(Method::GET, "/").build().unwrap().url().origin().ascii_serialization();
            let request = request.header("origin", own).bearer_auth(browser.access.clone().unwrap());
            browser.send(request).await.expect_problem(415, "unsupported_media_type");
        }
    }
    let mut admin = admin;
    assert_eq!(admin.events().await, ["setup"], "nothing happened");
}

#[tokio::test]
async fn what_is_not_there_says_so() {
    let server = TestServer::start();
    let mut browser = server.browser();
    for path in
        ["/nothing", "/auth", "/auth/", "/auth/login/", "//auth/me", "/auth/admin", "/auth%2fme", "/%00", "/.env"]
    {
        browser.get(path).await.expect_problem(404, "not_found");
    }
    let mut admin = server.admin().await;
    for path in ["/auth/admin/users/nonsense", &format!("/auth/admin/users/{SOME_ID}")] {
        admin.get(path).await.expect_problem(404, "not_found");
    }
    admin.get("/auth/admin/users?cursor=%25%25").await.expect_problem(400, "bad_cursor");
    admin.get("/auth/admin/events?cursor=bm9uc2Vuc2U").await.expect_problem(400, "bad_cursor");
    for after in ["-1", "x", "9223372036854775808"] {
        admin.get(&format!("/auth/admin/events?after={after}")).await.expect_problem(400, "bad_request");
    }
    for query in ["limit=0", "limit=201", "limit=x", "unknown=1", "limit=1&limit=2", "search=%ff"] {
        let answer = admin.get(&format!("/auth/admin/users?{query}")).await;
        assert!([200, 400].contains(&answer.status), "{query}: {answer:?}");
        assert!(answer.status == 400 || query == "search=%ff", "{query}: {answer:?}");
    }
}
