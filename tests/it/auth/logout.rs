//! `POST /auth/logout` and `POST /auth/logout-all`.

use doorward::base::time::Ttl;
use reqwest::Method;
use serde_json::json;

use crate::harness::{PASSWORD, TestServer};

const NEW: &str = "another horse, another battery";

#[tokio::test]
async fn logout_ends_this_session_at_once_and_clears_the_cookie() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let mut other = server.browser();
    other.login("admin@example.com").await.expect(200);
    let before = admin.clone();
    let answer = admin.logout().await;
    answer.expect(204);
    assert_eq!(answer.set_cookies()[0].2, "Max-Age=0; Path=/; HttpOnly; SameSite=Strict");
    assert!(admin.jar.contains_key("device"), "logout keeps the device");
    before.clone().refresh().await.expect_ended("logged_out");
    before.clone().me().await.expect_problem(401, "invalid_access_token");
    other.me().await.expect(200);
    assert_eq!(other.events().await, ["setup", "signed_in", "logged_out"]);
}

#[tokio::test]
async fn any_token_of_the_session_ends_it_and_nothing_to_end_is_no_error() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let mut old = admin.clone();
    for _ in 0..3 {
        server.advance("1m");
        admin.refresh().await.expect(200);
    }
    server.advance("8d");
    old.logout().await.expect(204);
    admin.refresh().await.expect_problem(401, "session_ended");
    for _ in 0..2 {
        admin.logout().await.expect(204);
        server.browser().logout().await.expect(204);
    }
    let mut nonsense = server.browser();
    nonsense.jar.insert("refreshToken".to_owned(), "nonsense".to_owned());
    nonsense.logout().await.expect(204);
}

#[tokio::test]
async fn a_token_shown_the_wrong_way_is_refused_and_changes_nothing() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let (mut app, bare) = (server.browser(), server.browser());
    let body = json!({"email": "admin@example.com", "password": PASSWORD, "transport": "body"});
    let token = app.post("/auth/login", body).await.text("/refreshToken");
    let logout = |cookies: &str, body: serde_json::Value| {
        let request = bare.request(Method::POST, "/auth/logout").json(&body);
        bare.send_only(if cookies.is_empty() { request } else { request.header("cookie", cookies) })
    };
    let astray = format!("refreshToken={token}");
    for answer in [
        logout("", json!({"refreshToken": admin.refresh_cookie()})).await,
        logout(&astray, json!({})).await,
        logout(&format!("refreshToken=nonsense; {astray}"), json!({})).await,
    ] {
        answer.expect_problem(401, "invalid_refresh_token");
        assert!(answer.set_cookies().is_empty(), "nothing is cleared: {answer:?}");
    }
    assert_eq!(admin.events().await, ["setup", "signed_in"], "nothing ended");
    // Nothing that could end is no error, and beside a good one the other is as good as not there.
    logout("", json!({"refreshToken": "nonsense"})).await.expect(204);
    let both = format!("{astray}; refreshToken={}", admin.refresh_cookie());
    assert_eq!(logout(&both, json!({})).await.set_cookies().len(), 1);
    admin.refresh().await.expect_ended("logged_out");
    app.post("/auth/refresh", json!({"refreshToken": token})).await.expect(200);
}

#[tokio::test]
async fn logout_everywhere_ends_every_device_of_this_user_alone() {
    let mut server = TestServer::start();
    let mut admin = server.admin().await;
    let mut phone = server.user(&mut admin, "ann").await;
    let mut laptop = server.browser();
    laptop.login("ann@example.com").await.expect(200);
    let answer = laptop.post("/auth/logout-all", json!({})).await;
    answer.expect(200);
    assert_eq!(answer.json(), json!({"message": "Signed out everywhere: 2 sessions ended.", "sessions": 2}));
    assert!(laptop.refresh_cookie().is_empty());
    phone.me().await.expect_problem(401, "invalid_access_token");
    phone.refresh().await.expect_ended("logged_out_everywhere");
    laptop.post("/auth/logout-all", json!({})).await.expect_problem(401, "invalid_access_token");
    admin.me().await.expect(200);
    server.restart();
    let (mut phone, mut admin) = (phone.at(&server), admin.at(&server));
    phone.me().await.expect_problem(401, "invalid_access_token");
    phone.refresh().await.expect_ended("logged_out_everywhere");
    admin.me().await.expect(200);
    phone.login("ann@example.com").await.expect(200);
    phone.me().await.expect(200);
}

#[tokio::test]
async fn a_session_keeps_the_reason_that_it_ended_for() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let mut ann = server.user(&mut admin, "ann").await;
    let session = ann.me().await.text("/sessionId");
    let stale = ann.clone();
    ann.post("/auth/logout-all", json!({})).await.expect(200);
    stale.clone().refresh().await.expect_ended("logged_out_everywhere");
    stale.clone().logout().await.expect(204);
    stale.clone().refresh().await.expect_ended("logged_out_everywhere");
    admin.delete(&format!("/auth/admin/sessions/{session}")).await.expect_problem(404, "not_found");
    stale.clone().login("ann@example.com").await.expect(200);
    stale.clone().refresh().await.expect_ended("logged_out_everywhere");
    assert_eq!(admin.events().await.split_off(4), ["logged_out_everywhere", "signed_in"], "nothing else ended");
}

#[tokio::test]
async fn whatever_becomes_of_the_account_a_session_keeps_its_reason() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let mut over = vec![(server.user(&mut admin, "ann").await, "password_changed")];
    let id = over[0].0.clone().me().await.text("/id");
    let mut laptop = server.browser();
    laptop.login("ann@example.com").await.expect(200);
    let body = json!({"currentPassword": PASSWORD, "newPassword": NEW});
    laptop.post("/auth/password", body).await.expect(200);
    over.push((laptop.clone(), "logged_out_everywhere"));
    laptop.post("/auth/logout-all", json!({})).await.expect(200);
    for act in ["disable", "enable", "logout-all", "delete"] {
        let mut fresh = server.browser();
        if act != "enable" {
            fresh.login_with("ann@example.com", NEW).await.expect(200);
        }
        let path = format!("/auth/admin/users/{id}");
        let answer = match act {
            "delete" => admin.delete(&path).await,
            act => admin.post(&format!("{path}/{act}"), json!({})).await,
        };
        assert!(answer.status < 300, "{answer:?}");
        match act {
            "disable" => over.push((fresh, "account_disabled")),
            "logout-all" => over.push((fresh, "ended_by_admin")),
            "delete" => over.push((fresh, "account_deleted")),
            _ => {}
        }
        for (browser, reason) in &over {
            browser.clone().refresh().await.expect_ended(reason);
        }
    }
}

#[tokio::test]
async fn what_is_over_for_one_reason_does_not_end_again_by_age() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let (idle, mut out) = (server.user(&mut admin, "ann").await, server.user(&mut admin, "bob").await);
    let ids = [idle.clone().me().await.text("/id"), out.me().await.text("/id")];
    server.advance("1d");
    let over = out.clone();
    out.refresh().await.expect(200);
    out.post("/auth/logout-all", json!({})).await.expect(200);
    for days in ["1m", "7d", "23d"] {
        server.advance(days);
        over.clone().refresh().await.expect_ended("logged_out_everywhere");
        if days != "1m" {
            idle.clone().refresh().await.expect_ended("idle_expired");
        }
    }
    let mut admin = server.admin().await;
    for id in ids {
        admin.delete(&format!("/auth/admin/users/{id}")).await.expect(204);
    }
    over.clone().refresh().await.expect_ended("logged_out_everywhere");
    idle.clone().refresh().await.expect_ended("idle_expired");
}

#[tokio::test]
async fn of_two_that_ended_a_session_the_first_is_its_reason_even_if_the_clock_went_back() {
    for by in [-3_600, 0, 3_600] {
        let server = TestServer::start();
        let mut admin = server.admin().await;
        let mut ann = server.user(&mut admin, "ann").await;
        let mut bob = server.user(&mut admin, "bob").await;
        let id = ann.me().await.text("/id");
        bob.post("/auth/logout-all", json!({})).await.expect(200);
        admin.post("/auth/admin/logout-all", json!({})).await.expect(200);
        server.clock.set_by(Ttl::from_secs(by));
        let mut admin = server.admin().await;
        admin.post(&format!("/auth/admin/users/{id}/logout-all"), json!({})).await.expect(200);
        ann.refresh().await.expect_ended("everyone_logged_out");
    }
}
