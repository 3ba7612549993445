//! Who gets at the stub: this machine, and no web page but its own.

use reqwest::Method;
use serde_json::json;

use crate::harness::TestServer;

#[tokio::test]
async fn a_name_that_could_be_anybodys_reaches_nothing() {
    let server = TestServer::dev();
    let browser = server.browser();
    for path in ["/dev/clock", "/auth/me", "/login", "/.well-known/jwks.json", "/nowhere"] {
        for host in ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "10.0.0.1", "doorward", ""] {
            let asked = browser.request(Method::GET, path).header("host", host);
            browser.send_only(asked).await.expect_problem(421, "wrong_host");
        }
    }
    for host in ["localhost", "LOCALHOST:1", "app.localhost:3000", "127.0.0.1", "[::1]:8484"] {
        browser.send_only(browser.request(Method::GET, "/dev/clock").header("host", host)).await.expect(200);
    }
}

#[tokio::test]
async fn where_it_may_listen_anywhere_containers_reach_it_and_domains_do_not() {
    let server = TestServer::with(|config| {
        let data_dir = std::mem::take(&mut config.data_dir);
        *config = doorward::config::Config { data_dir, ..doorward::config::Config::of_dev() };
        config.dev = Some(doorward::config::dev::Dev { keeps: true, anywhere: true });
    });
    let browser = server.browser();
    for (host, status) in [("doorward:8484", 200), ("10.0.0.7", 200), ("evil.example", 421), ("a.b:80", 421)] {
        browser.send_only(browser.request(Method::GET, "/dev/clock").header("host", host)).await.expect(status);
    }
}

#[tokio::test]
async fn no_form_and_no_foreign_page_changes_anything() {
    let server = TestServer::dev();
    let browser = server.browser();
    let post = |path: &str| browser.request(Method::POST, path).body("{}");
    for path in ["/dev/reset", "/dev/clock", "/dev/session", "/dev/snapshot", "/dev/restore"] {
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"] {
            let asked = post(path).header("content-type", kind).header("origin", server.url(""));
            browser.send_only(asked).await.expect_problem(415, "unsupported_media_type");
        }
        browser.send_only(post(path).header("sec-fetch-site", "same-origin")).await.expect(415);
        let json = || post(path).header("content-type", "application/json");
        for origin in ["https://evil.example", "null", "http://localhost.evil.example", "file://"] {
            browser.send_only(json().header("origin", origin)).await.expect(403);
        }
        browser.send_only(json().header("sec-fetch-site", "cross-site")).await.expect(403);
    }
}

#[tokio::test]
async fn pages_of_this_machine_may_call_it_and_no_others() {
    let server = TestServer::dev();
    let mut browser = server.browser();
    for (origin, good) in [
        ("http://localhost:3000", true),
        ("https://localhost:5173", true),
        ("http://127.0.0.1:8000", true),
        ("http://app.localhost", true),
        ("http://[::1]:9", true),
        ("https://evil.example", false),
        ("http://localhost.evil.example", false),
    ] {
        let asked = browser.request(Method::POST, "/auth/login").header("origin", origin);
        let answer = browser.send(asked.json(&json!({"email": "bob@example.com", "password": "bob"}))).await;
        answer.expect(if good { 200 } else { 403 });
        assert_eq!(answer.header("access-control-allow-origin") == origin, good, "{answer:?}");
        let preflight = browser.request(Method::OPTIONS, "/dev/reset").header("origin", origin);
        let preflight = preflight.header("access-control-request-method", "POST");
        let preflight = browser.send_only(preflight.header("access-control-request-headers", "content-type")).await;
        assert_eq!(preflight.header("access-control-allow-origin") == origin, good, "{preflight:?}");
    }
}

#[tokio::test]
async fn in_earnest_there_is_nothing_of_it() {
    let server = TestServer::start();
    let browser = server.browser();
    for route in doorward::http::routes::DEV_ROUTES {
        let method: Method = route.method.parse().unwrap();
        let asked =
            browser.request(method, &route.path.replace("{id}", "1")).header("content-type", "application/json");
        browser.send_only(asked.body("{}")).await.expect_problem(404, "not_found");
    }
    let api = browser.send_only(browser.request(Method::GET, "/openapi.json")).await;
    assert!(!api.text.contains("/dev/"));
    let api = TestServer::dev().browser().get("/openapi.json").await;
    assert!(api.text.contains("/dev/clock"));
}
