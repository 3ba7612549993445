//! `/dev/session`, `/dev/clock`, `/dev/reset`, `/dev/snapshot`, `/dev/restore`.

use serde_json::json;

use crate::dev::signed_in;
use crate::harness::TestServer;

#[tokio::test]
async fn one_call_signs_a_browser_in() {
    let server = TestServer::dev();
    let mut ann = signed_in(&server, "ann").await;
    let me = ann.get("/auth/me").await;
    assert_eq!((me.text("/email"), me.text("/role")), ("ann@example.com".to_owned(), "admin".to_owned()));
    ann.refresh().await.expect(200);
    ann.get("/auth/admin/users").await.expect(200);
    // As a sign-in does, it ends what the browser held, and knows the device again.
    let (old, device) = (ann.clone(), ann.jar["device"].clone());
    let again = ann.post("/dev/session", json!({"user": "ann@example.com"})).await;
    assert_eq!((again.set_cookies().len(), &ann.jar["device"]), (1, &device));
    old.clone().refresh().await.expect_ended("signed_in_again");
    let body = ann.post("/dev/session", json!({"user": "bob@example.com", "transport": "body"})).await;
    assert!(body.text("/refreshToken").len() > 100 && body.set_cookies().is_empty());
}

#[tokio::test]
async fn it_knows_three_and_says_so_of_nobody_else() {
    let server = TestServer::dev();
    let mut browser = server.browser();
    for (name, status) in [("ann", 200), ("bob", 200), ("eve", 401), ("zoe", 401)] {
        browser.login_with(&format!("{name}@example.com"), name).await.expect(status);
    }
    let ask = |user: &str| json!({ "user": user });
    browser.post("/dev/session", ask("zoe@example.com")).await.expect_problem(404, "not_found");
    browser.post("/dev/session", ask("eve@example.com")).await.expect_problem(401, "invalid_credentials");
    browser.post("/dev/session", ask("zoe")).await.expect_problem(422, "invalid_email");
    browser
        .post("/dev/session", json!({"user": "ann@example.com", "as": 1}))
        .await
        .expect_problem(400, "malformed_body");
    // The same ids at every start, so that tests can name them.
    let ann = TestServer::dev().browser().post("/dev/session", ask("ann@example.com")).await.text("/user/id");
    assert_eq!(ann, signed_in(&server, "ann").await.get("/auth/me").await.text("/id"));
}

#[tokio::test]
async fn nothing_is_limited_unless_asked() {
    let server = TestServer::dev();
    let mut browser = server.browser();
    for _ in 0..80 {
        browser.login_with("ann@example.com", "wrong").await.expect_problem(401, "invalid_credentials");
    }
    browser.login_with("ann@example.com", "ann").await.expect(200);
}

#[tokio::test]
async fn the_clock_moves_and_everything_goes_by_it() {
    let server = TestServer::dev();
    let mut bob = signed_in(&server, "bob").await;
    let clock = bob.post("/dev/clock", json!({"advance": "16m", "freeze": true})).await;
    assert_eq!((clock.json()["ahead"].as_f64(), clock.json()["frozen"].as_bool()), (Some(960.0), Some(true)));
    bob.get("/auth/me").await.expect_problem(401, "access_token_expired");
    bob.refresh().await.expect(200);
    bob.get("/auth/me").await.expect(200);
    bob.post("/dev/clock", json!({"advance": "7d"})).await.expect(200);
    bob.refresh().await.expect_ended("idle_expired");
    bob.post("/dev/clock", json!({"advance": "-7d"})).await.expect(200);
    bob.refresh().await.expect(200);
    bob.post("/dev/clock", json!({"set": "2031-01-31T12:00:00+01:00"})).await.expect(200);
    assert_eq!(bob.get("/dev/clock").await.text("/now"), "2031-01-31T11:00:00Z");
    let released = bob.post("/dev/clock", json!({"release": true})).await;
    assert_eq!((released.json()["ahead"].as_f64(), released.json()["frozen"].as_bool()), (Some(0.0), Some(false)));
    for (body, field) in [
        (json!({"advance": "soon"}), "advance"),
        (json!({"advance": "--1h"}), "advance"),
        (json!({"advance": "1h", "set": "tomorrow"}), "set"),
    ] {
        let bad = bob.post("/dev/clock", body).await;
        bad.expect_problem(422, "invalid_value");
        assert_eq!(bad.text("/field"), field);
    }
    let now = bob.get("/dev/clock").await;
    assert_eq!(now.json()["ahead"].as_f64(), Some(0.0), "a bad call moves nothing");
}

#[tokio::test]
async fn after_a_reset_all_is_as_at_the_start_and_no_old_token_works() {
    let server = TestServer::dev();
    let (mut ann, mut bob) = (signed_in(&server, "ann").await, signed_in(&server, "bob").await);
    let invited = ann.post("/auth/admin/users", json!({"email": "zoe@example.com"})).await;
    server.secret(invited.text("/link/url").rsplit_once('#').unwrap().1);
    let id = bob.get("/auth/me").await.text("/id");
    ann.post(&format!("/auth/admin/users/{id}/disable"), json!({})).await.expect(200);
    ann.post("/dev/clock", json!({"advance": "1h"})).await.expect(200);
    let before = ann.clone();
    server.browser().post("/dev/reset", json!({})).await.expect(204);
    assert_eq!(ann.get("/dev/clock").await.json()["ahead"].as_f64(), Some(0.0));
    ann.get("/auth/me").await.expect_problem(401, "invalid_access_token");
    ann.refresh().await.expect_ended("unknown");
    bob.refresh().await.expect_ended("unknown");
    let mut bob = signed_in(&server, "bob").await;
    bob.get("/auth/me").await.expect(200);
    let mut ann = signed_in(&server, "ann").await;
    let users = ann.get("/auth/admin/users").await;
    assert_eq!(users.json()["users"].as_array().map(Vec::len), Some(3), "{users:?}");
    // Not after a second one either.
    ann.post("/dev/reset", json!({})).await.expect(204);
    before.clone().get("/auth/me").await.expect_problem(401, "invalid_access_token");
    ann.get("/auth/me").await.expect_problem(401, "invalid_access_token");
}

#[tokio::test]
async fn what_a_reset_refused_no_snapshot_brings_back() {
    let server = TestServer::dev();
    let early = signed_in(&server, "bob").await;
    server.browser().post("/dev/reset", json!({})).await.expect(204);
    let kept = signed_in(&server, "bob").await;
    server.browser().post("/dev/snapshot", json!({"name": "kept"})).await.expect(204);
    let late = signed_in(&server, "ann").await;
    for path in ["/dev/reset", "/dev/restore", "/dev/reset", "/dev/reset", "/dev/restore"] {
        server.browser().post(path, if path == "/dev/restore" { json!({"name": "kept"}) } else { json!({}) }).await;
        for gone in [&early, &late] {
            gone.clone().get("/auth/me").await.expect_problem(401, "invalid_access_token");
            gone.clone().refresh().await.expect_problem(401, "session_ended");
        }
        let status = if path == "/dev/restore" { 200 } else { 401 };
        kept.clone().get("/auth/me").await.expect(status);
    }
}

#[tokio::test]
async fn what_was_remembered_comes_back_and_what_came_since_is_refused() {
    let server = TestServer::dev();
    let mut bob = signed_in(&server, "bob").await;
    bob.post("/dev/snapshot", json!({"name": "bob is in"})).await.expect(204);
    let mut at_work = bob.clone();
    // Everybody out, by each way: one session, all of one user, everybody.
    at_work.refresh().await.expect(200);
    at_work.logout().await.expect(204);
    at_work.get("/auth/me").await.expect_problem(401, "invalid_access_token");
    let mut ann = signed_in(&server, "ann").await;
    ann.post("/auth/logout-all", json!({})).await.expect(200);
    let mut ann = signed_in(&server, "ann").await;
    ann.post("/auth/admin/logout-all", json!({})).await.expect(200);
    let late = signed_in(&server, "bob").await;
    server.browser().post("/dev/restore", json!({"name": "bob is in"})).await.expect(204);
    bob.get("/auth/me").await.expect(200);
    bob.refresh().await.expect(200);
    // A refresh token from after that time is from the future.
    late.clone().refresh().await.expect_ended("unknown");
    late.clone().get("/auth/me").await.expect_problem(401, "invalid_access_token");
    server.browser().post("/dev/restore", json!({"name": "nobody"})).await.expect_problem(404, "not_found");
    for number in 0..48 {
        server.browser().post("/dev/snapshot", json!({"name": number.to_string()})).await.expect(204);
    }
    server.browser().post("/dev/snapshot", json!({"name": "one more"})).await.expect_problem(422, "invalid_value");
    server.browser().post("/dev/snapshot", json!({"name": "bob is in"})).await.expect(204);
    for name in ["", "start", "a\nb"] {
        server.browser().post("/dev/snapshot", json!({ "name": name })).await.expect_problem(422, "invalid_value");
    }
}

#[tokio::test]
async fn a_password_change_is_undone_and_its_token_void() {
    let server = TestServer::dev();
    let mut bob = signed_in(&server, "bob").await;
    bob.post("/dev/snapshot", json!({"name": "x"})).await.expect(204);
    let before = bob.clone();
    let change = json!({"currentPassword": "bob", "newPassword": "another long one 7"});
    bob.post("/auth/password", change).await.expect(200);
    bob.get("/auth/me").await.expect(200);
    for _ in 0..2 {
        bob.post("/dev/restore", json!({"name": "x"})).await.expect(204);
        bob.clone().get("/auth/me").await.expect_problem(401, "invalid_access_token");
        before.clone().get("/auth/me").await.expect(200);
    }
    server.browser().login_with("bob@example.com", "bob").await.expect(200);
}
