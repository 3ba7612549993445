//! `/dev/faults`: each kind, as a client meets it.

use std::collections::BTreeSet;
use std::time::Duration;

use doorward::base::time::{Clock as _, SystemClock};
use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::dev::{fared, fault, signed_in};
use crate::harness::TestServer;

fn elapsed(since: Duration) -> Duration {
    SystemClock.monotonic().saturating_sub(since)
}

#[tokio::test]
async fn a_status_is_a_refusal_before_anything_happens() {
    let server = TestServer::dev();
    let mut bob = signed_in(&server, "bob").await;
    bob.expects_failures = true;
    let before = bob.refresh_cookie().to_owned();
    for (told, status, code, after) in [
        (json!({"status": 503, "retryAfter": 7}), 503, "busy", "7"),
        (json!({"status": 503}), 503, "busy", "1"),
        (json!({"status": 429}), 429, "too_many_attempts", "1"),
        (json!({"status": 500}), 500, "internal", ""),
        (json!({"status": 401, "code": "invalid_access_token"}), 401, "invalid_access_token", ""),
        (json!({"code": "storage_unavailable"}), 503, "storage_unavailable", "1"),
        (json!({"status": 418}), 418, "bad_request", ""),
        (json!({"status": 502}), 502, "internal", ""),
        (json!({"status": 599}), 599, "internal", ""),
    ] {
        let mut kind = told;
        kind["kind"] = Value::from("status");
        let id = fault(&server, "POST /auth/refresh", json!({ "fault": kind })).await;
        let refused = bob.refresh().await;
        refused.expect_problem(status, code);
        assert_eq!(refused.header("retry-after"), after, "{refused:?}");
        assert!(refused.set_cookies().is_empty() && refused.text("/detail").contains(&format!("fault {id}")));
        assert_eq!(refused.header("cache-control"), "no-store", "{refused:?}");
        assert_eq!(refused.header("www-authenticate").is_empty(), code != "invalid_access_token", "{refused:?}");
        assert_eq!(refused.json()["requestId"].is_string(), status >= 500, "{refused:?}");
    }
    bob.refresh().await.expect(200);
    assert_ne!(bob.refresh_cookie(), before, "nothing had happened until now");
    assert!(fared(&server).await.iter().all(|fared| *fared == (1, Some(0))));
}

#[tokio::test]
async fn pages_of_other_origins_can_read_a_fault() {
    let server = TestServer::dev();
    let mut bob = signed_in(&server, "bob").await;
    fault(&server, "*", json!({"fault": {"kind": "status", "status": 429, "retryAfter": 3}})).await;
    let asked = bob.request(Method::POST, "/auth/refresh").header("origin", "http://localhost:5173");
    let refused = bob.send(asked.json(&json!({}))).await;
    refused.expect_problem(429, "too_many_attempts");
    assert_eq!(refused.header("access-control-allow-origin"), "http://localhost:5173");
    assert!(refused.header("access-control-expose-headers").to_lowercase().contains("retry-after"), "{refused:?}");
}

#[tokio::test]
async fn a_delay_lets_it_wait_and_then_it_is_as_ever() {
    let server = TestServer::dev();
    let mut bob = signed_in(&server, "bob").await;
    fault(&server, "/auth/me", json!({"fault": {"kind": "delay", "ms": 300}})).await;
    fault(&server, "/auth/me", json!({"fault": {"kind": "status", "status": 404}, "times": 2})).await;
    let began = SystemClock.monotonic();
    bob.me().await.expect_problem(404, "not_found");
    assert!(elapsed(began) >= Duration::from_millis(300), "the delay, then the refusal");
    bob.me().await.expect(404);
    bob.me().await.expect(200);
    assert!(elapsed(began) < Duration::from_secs(20));
    assert_eq!(fared(&server).await, [(1, Some(0)), (2, Some(0))]);
}

#[tokio::test]
async fn a_slow_answer_comes_in_pieces_and_whole() {
    let server = TestServer::dev();
    let mut bob = signed_in(&server, "bob").await;
    let whole = bob.me().await;
    for (call, status) in [("/auth/me", 200), ("/auth/nothing", 404), ("/healthz", 200)] {
        fault(&server, "*", json!({"fault": {"kind": "slowBody", "ms": 40}})).await;
        let began = SystemClock.monotonic();
        let answer = bob.get(call).await;
        answer.expect(status);
        assert!(elapsed(began) >= Duration::from_millis(240), "{call} {:?}", elapsed(began));
        assert_eq!(answer.header("content-length"), answer.text.len().to_string(), "{answer:?}");
        if call == "/auth/me" {
            assert_eq!(answer.text, whole.text);
        }
        if status == 404 {
            answer.expect_problem(404, "not_found");
        }
    }
    // What has no body comes at once, and whoever was refused is refused slowly.
    fault(&server, "POST /auth/logout", json!({"fault": {"kind": "slowBody", "ms": 10_000}})).await;
    let began = SystemClock.monotonic();
    bob.logout().await.expect(204);
    assert!(elapsed(began) < Duration::from_secs(9));
}

#[tokio::test]
async fn a_revoked_session_is_refused_as_one_that_an_administrator_ended() {
    let server = TestServer::dev();
    for (kind, reason) in [("revoke", "ended_by_admin"), ("reuse", "refresh_reuse")] {
        let told = || json!({ "fault": { "kind": kind } });
        // By the cookie.
        let mut bob = signed_in(&server, "bob").await;
        fault(&server, "POST /auth/refresh", told()).await;
        bob.refresh().await.expect_ended(reason);
        bob.me().await.expect_problem(401, "invalid_access_token");
        bob.refresh().await.expect_ended(reason);
        // By the bearer alone.
        let mut bob = signed_in(&server, "bob").await;
        fault(&server, "GET /auth/me", told()).await;
        let cookies = std::mem::take(&mut bob.jar);
        bob.me().await.expect_problem(401, "invalid_access_token");
        bob.jar = cookies;
        bob.refresh().await.expect_ended(reason);
        // By the body, which the call gets unharmed.
        let mut app = server.browser();
        let body = json!({"user": "bob@example.com", "transport": "body"});
        let shown = app.post("/dev/session", body).await.text("/refreshToken");
        app.access = None;
        let shown = json!({ "refreshToken": shown });
        let next = app.post("/auth/refresh", shown.clone()).await;
        next.expect(200);
        fault(&server, "POST /auth/refresh", told()).await;
        let next = json!({ "refreshToken": next.text("/refreshToken") });
        app.post("/auth/refresh", next).await.expect_ended(reason);
    }
    // A token with no session behind it is refused all the same.
    let mut bob = server.browser();
    bob.access = Some(bob.post("/dev/token", json!({})).await.text("/token"));
    bob.me().await.expect(200);
    fault(&server, "GET /auth/me", json!({"fault": {"kind": "revoke"}})).await;
    bob.me().await.expect_problem(401, "invalid_access_token");
    let kinds = signed_in(&server, "ann").await.events().await;
    let count = |wanted: &str| kinds.iter().filter(|kind| *kind == wanted).count();
    assert_eq!((count("session_ended"), count("refresh_reuse")), (3, 3), "{kinds:?}");
}

#[tokio::test]
async fn whoever_shows_no_session_does_not_use_the_fault_up() {
    let server = TestServer::dev();
    fault(&server, "*", json!({"fault": {"kind": "revoke"}})).await;
    let mut bob = server.browser();
    bob.refresh().await.expect_problem(401, "no_refresh_token");
    bob.login_with("bob@example.com", "bob").await.expect(200);
    assert_eq!(fared(&server).await, [(0, Some(1))]);
    bob.refresh().await.expect_ended("ended_by_admin");
    // Others of the same user live.
    let mut other = signed_in(&server, "bob").await;
    other.refresh().await.expect(200);
}

#[tokio::test]
async fn new_keys_sign_from_then_on_and_the_old_ones_still_check() {
    let server = TestServer::dev();
    let mut bob = signed_in(&server, "bob").await;
    let kids = async || {
        let keys = server.browser().get("/.well-known/jwks.json").await.json();
        keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].to_string()).collect::<BTreeSet<_>>()
    };
    let before = kids().await;
    let old = bob.clone();
    fault(&server, "POST /auth/refresh", json!({"fault": {"kind": "rotateKeys"}})).await;
    bob.refresh().await.expect(200);
    let after = kids().await;
    assert!(after.is_superset(&before) && after.len() == before.len() + 1, "{before:?} {after:?}");
    let header = |token: &Option<String>| token.as_deref().unwrap().split('.').next().unwrap().to_owned();
    assert_ne!(header(&bob.access), header(&old.access));
    bob.me().await.expect(200);
    let mut old = old;
    old.me().await.expect(200);
    bob.refresh().await.expect(200);
    signed_in(&server, "bob").await.refresh().await.expect(200);
    // After a reset the keys that everybody knows are back.
    bob.post("/dev/reset", json!({})).await.expect(204);
    assert_eq!(kids().await, before);
}

#[tokio::test]
async fn twenty_tabs_with_a_share_of_faults_stay_signed_in() {
    let server = TestServer::dev();
    let mut bob = signed_in(&server, "bob").await;
    bob.expects_failures = true;
    let share = json!({"fault": {"kind": "status", "status": 503}, "share": 0.5, "seed": 7});
    fault(&server, "POST /auth/refresh", share).await;
    for _ in 0..3 {
        let answers = join_all((0..20).map(|_| bob.refresh_lost())).await;
        let (good, bad): (Vec<_>, Vec<_>) = answers.iter().partition(|answer| answer.status == 200);
        assert!(!good.is_empty() && !bad.is_empty());
        assert!(bad.iter().all(|answer| answer.status == 503));
        let cookies: BTreeSet<_> = good.iter().map(|answer| answer.set_cookies()[0].1.clone()).collect();
        assert_eq!(cookies.len(), 1, "all that got through have one successor");
        bob.jar.insert("refreshToken".to_owned(), cookies.into_iter().next().unwrap());
        server.clock.advance("11s".parse().unwrap());
    }
    server.browser().delete("/dev/faults").await.expect(204);
    bob.refresh().await.expect(200);
}

#[tokio::test]
async fn the_same_seed_gives_the_same_calls() {
    let run = async |seed: u64| {
        let server = TestServer::dev();
        let share = json!({"fault": {"kind": "status", "status": 404}, "share": 0.3, "seed": seed});
        fault(&server, "/healthz", share).await;
        let mut browser = server.browser();
        let mut met = Vec::new();
        for _ in 0..40 {
            met.push(browser.get("/healthz").await.status == 404);
        }
        let listed = server.browser().get("/dev/faults").await.json()["faults"][0].clone();
        let count = met.iter().filter(|met| **met).count();
        assert_eq!((listed["met"].as_u64(), &listed["left"]), (Some(count.try_into().unwrap()), &Value::Null));
        met
    };
    let first = run(7).await;
    assert_eq!(first, run(7).await);
    assert_ne!(first, run(8).await);
    assert!(first.contains(&true) && first.contains(&false));
}

#[tokio::test]
async fn pages_and_the_stub_are_hit_only_by_name_and_the_way_back_never() {
    let server = TestServer::dev();
    let mut browser = server.browser();
    browser.expects_failures = true;
    fault(&server, "*", json!({"fault": {"kind": "status", "status": 503}, "times": 1_000})).await;
    for open in ["/login", "/demo", "/client/doorward.js", "/openapi.json", "/dev/clock", "/dev/requests"] {
        browser.get(open).await.expect(200);
    }
    browser.get("/healthz").await.expect(503);
    browser.get("/auth/nowhere").await.expect(503);
    for named in ["/login", "/client/*", "/dev/*"] {
        fault(&server, named, json!({"fault": {"kind": "status", "status": 503}, "times": 1_000})).await;
    }
    for shut in ["/login", "/client/doorward.js", "/dev/clock"] {
        browser.get(shut).await.expect(503);
    }
    browser.get("/demo").await.expect(200);
    browser.get("/dev/faults").await.expect(200);
    browser.delete("/dev/faults/1").await.expect(204);
    browser.get("/healthz").await.expect(200);
    browser.post("/dev/reset", json!({})).await.expect(204);
    browser.get("/login").await.expect(200);
    assert!(fared(&server).await.is_empty());
}

#[tokio::test]
async fn nonsense_is_refused_and_changes_nothing() {
    let server = TestServer::dev();
    let mut browser = server.browser();
    let status = json!({"kind": "status", "status": 503});
    for (body, code, field) in [
        (json!({"route": "*"}), "malformed_body", "fault"),
        (json!({"fault": status}), "malformed_body", "route"),
        (json!({"route": "*", "fault": {}}), "malformed_body", "kind"),
        (json!({"route": "*", "fault": {"kind": "boom"}}), "malformed_body", ""),
        (json!({"route": "*", "fault": "cut"}), "malformed_body", ""),
        (json!({"route": "*", "fault": {"kind": "cut", "ms": 1}}), "malformed_body", ""),
        (json!({"route": "*", "fault": {"kind": "delay"}}), "malformed_body", "ms"),
        (json!({"route": "*", "fault": {"kind": "delay", "ms": -1}}), "malformed_body", ""),
        (json!({"route": "*", "fault": status, "often": 1}), "malformed_body", ""),
        (json!({"route": "*", "fault": status, "times": 4_294_967_296_u64}), "malformed_body", ""),
        (json!({"route": "refresh", "fault": status}), "invalid_value", "route"),
        (json!({"route": "", "fault": status}), "invalid_value", "route"),
        (json!({"route": "POST /auth/refesh", "fault": status}), "invalid_value", "route"),
        (json!({"route": "GET /auth/refresh", "fault": status}), "invalid_value", "route"),
        (json!({"route": "/dev/faults", "fault": status}), "invalid_value", "route"),
        (json!({"route": "/dev/reset", "fault": status}), "invalid_value", "route"),
        (json!({"route": "*", "fault": status, "times": 0}), "invalid_value", "times"),
        (json!({"route": "*", "fault": status, "times": 1, "share": 0.1}), "invalid_value", "share"),
        (json!({"route": "*", "fault": status, "share": 0}), "invalid_value", "share"),
        (json!({"route": "*", "fault": status, "share": 1.01}), "invalid_value", "share"),
        (json!({"route": "*", "fault": status, "seed": 7}), "invalid_value", "seed"),
        (json!({"route": "*", "fault": {"kind": "status"}}), "invalid_value", "status"),
        (json!({"route": "*", "fault": {"kind": "status", "status": 200}}), "invalid_value", "status"),
        (json!({"route": "*", "fault": {"kind": "status", "status": 600}}), "invalid_value", "status"),
        (json!({"route": "*", "fault": {"kind": "status", "code": "boom"}}), "invalid_value", "code"),
        (
            json!({"route": "*", "fault": {"kind": "status", "status": 503, "code": "not_found"}}),
            "invalid_value",
            "code",
        ),
        (
            json!({"route": "*", "fault": {"kind": "status", "status": 503, "retryAfter": 0}}),
            "invalid_value",
            "retryAfter",
        ),
        (json!({"route": "*", "fault": {"kind": "delay", "ms": 60_001}}), "invalid_value", "ms"),
        (json!({"route": "*", "fault": {"kind": "slowBody", "ms": 0}}), "invalid_value", "ms"),
    ] {
        let refused = browser.post("/dev/faults", body.clone()).await;
        refused.expect_problem(if code == "malformed_body" { 400 } else { 422 }, code);
        assert_eq!(refused.json()["field"].as_str().unwrap_or_default(), field, "{body} {refused:?}");
    }
    for gone in ["/dev/faults/7", "/dev/faults/x", "/dev/faults/-1", "/dev/faults/99999999999999999999"] {
        browser.delete(gone).await.expect_problem(404, "not_found");
    }
    assert!(fared(&server).await.is_empty());
    browser.get("/healthz").await.expect(200);
}

#[tokio::test]
async fn a_thousand_faults_are_bounded() {
    let server = TestServer::dev();
    let mut browser = server.browser();
    let cut = json!({"route": "POST /auth/setup", "fault": {"kind": "cut"}});
    for number in 1..=1_000 {
        let answer = browser.post("/dev/faults", cut.clone()).await;
        if number <= 100 {
            answer.expect(201);
        } else {
            answer.expect_problem(422, "invalid_value");
            assert!(answer.text("/detail").contains("DELETE /dev/faults"), "{answer:?}");
        }
    }
    assert_eq!(fared(&server).await.len(), 100);
    browser.delete("/dev/faults").await.expect(204);
    browser.post("/dev/faults", cut).await.expect(201);
}

#[tokio::test]
async fn two_stubs_do_not_see_each_other() {
    let (one, other) = (TestServer::dev(), TestServer::dev());
    fault(&one, "*", json!({"fault": {"kind": "status", "status": 404}, "times": 9})).await;
    let mut bob = signed_in(&other, "bob").await;
    bob.me().await.expect(200);
    one.browser().get("/healthz").await.expect(404);
    assert!(fared(&other).await.is_empty());
    let seen = async |server: &TestServer| server.browser().get("/dev/requests").await.json()["last"].as_u64();
    assert_eq!((seen(&one).await, seen(&other).await), (Some(1), Some(1)));
}
