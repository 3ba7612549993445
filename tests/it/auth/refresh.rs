//! `POST /auth/refresh`: the table of the contract, section 3, row by row.

use reqwest::Method;
use serde_json::json;

use crate::harness::{PASSWORD, TestServer};

#[tokio::test]
async fn nothing_or_nonsense_is_refused_and_touches_no_cookie() {
    let server = TestServer::start();
    let mut browser = server.browser();
    browser.refresh().await.expect_problem(401, "no_refresh_token");
    for nonsense in ["", "x", "a.b.c", &"a".repeat(5_000), &".".repeat(3_000)] {
        browser.jar.insert("refreshToken".to_owned(), nonsense.to_owned());
        let answer = browser.refresh().await;
        assert_eq!(answer.status, 401, "{answer:?}");
        assert!(answer.set_cookies().is_empty());
    }
}

#[tokio::test]
async fn a_refresh_rotates_and_the_old_token_still_serves_within_the_grace() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let before = admin.clone();
    let answer = admin.refresh().await;
    answer.expect(200);
    assert_eq!(
        answer.redacted(),
        json!({
            "accessToken": "[token]", "tokenType": "Bearer", "expiresIn": 900, "serverTime": "2027-01-15T08:00:00.25Z"
        })
    );
    assert_eq!(answer.set_cookies().len(), 1);
    assert_ne!(admin.refresh_cookie(), before.refresh_cookie());
    server.advance("9s");
    // The parent: the same successor. The current: itself again.
    for mut again in [before.clone(), admin.clone()] {
        again.refresh().await.expect(200);
        assert_eq!(again.refresh_cookie(), admin.refresh_cookie());
        again.me().await.expect(200);
    }
    server.advance("1s");
    let young = admin.clone();
    admin.refresh().await.expect(200);
    assert_ne!(admin.refresh_cookie(), young.refresh_cookie());
    assert_eq!(admin.events().await, ["setup"], "nothing of this is an event");
}

#[tokio::test]
async fn an_older_token_ends_the_session_and_no_other() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let mut other = server.browser();
    other.login("admin@example.com").await.expect(200);
    let stolen = admin.thief();
    for _ in 0..2 {
        server.advance("11s");
        admin.refresh().await.expect(200);
    }
    stolen.clone().refresh().await.expect_ended("refresh_reuse");
    admin.me().await.expect_problem(401, "invalid_access_token");
    admin.refresh().await.expect_ended("refresh_reuse");
    assert_eq!(other.events().await, ["setup", "signed_in", "refresh_reuse"]);
    other.refresh().await.expect(200);
}

#[tokio::test]
async fn a_lost_answer_is_recovered_hours_later_from_the_same_device() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    admin.refresh_lost().await.expect(200);
    server.advance("23h");
    let before = admin.clone();
    admin.refresh().await.expect(200);
    let mut again = before.clone();
    again.refresh().await.expect(200);
    assert_eq!(again.refresh_cookie(), admin.refresh_cookie(), "a second show writes nothing");
    assert_eq!(admin.events().await, ["setup", "late_recovery"]);
}

#[tokio::test]
async fn a_parent_too_late_or_from_elsewhere_ends_the_session() {
    for (late, elsewhere) in [("25h", false), ("11s", true)] {
        let server = TestServer::start();
        let mut admin = server.admin().await;
        admin.refresh_lost().await.expect(200);
        server.advance(late);
        let mut shows = if elsewhere { admin.thief() } else { admin.clone() };
        shows.refresh().await.expect_ended("refresh_reuse");
        admin.refresh().await.expect_ended("refresh_reuse");
    }
}

#[tokio::test]
async fn a_thief_and_a_victim_in_lock_step_are_found_at_the_third_recovery() {
    let server = TestServer::start();
    let mut victim = server.admin().await;
    let mut thief = victim.thief();
    for round in 0..3 {
        server.advance("20s");
        let answer = thief.refresh().await;
        answer.expect(200);
        let answer = victim.refresh().await;
        if round < 2 {
            answer.expect(200);
            assert_eq!(thief.refresh_cookie(), victim.refresh_cookie(), "the family never forks");
        } else {
            answer.expect_ended("refresh_reuse");
        }
    }
    thief.refresh().await.expect_ended("refresh_reuse");
}

#[tokio::test]
async fn the_strict_rule_of_rfc_9700_by_setting() {
    let server = TestServer::with(|config| {
        config.refresh.grace = doorward::base::time::Ttl::ZERO;
        config.refresh.late_recovery = doorward::base::time::Ttl::ZERO;
    });
    let mut admin = server.admin().await;
    let before = admin.clone();
    admin.refresh().await.expect(200);
    before.clone().refresh().await.expect_ended("refresh_reuse");
    admin.refresh().await.expect_ended("refresh_reuse");
}

#[tokio::test]
async fn lifetimes_slide_and_end() {
    let server = TestServer::start();
    let mut idle = server.admin().await;
    let mut used = server.browser();
    used.login("admin@example.com").await.expect(200);
    for _ in 0..4 {
        server.advance("6d");
        used.refresh().await.expect(200);
    }
    idle.refresh().await.expect_ended("idle_expired");
    server.advance("5d");
    used.refresh().await.expect(200);
    server.advance("1d");
    used.refresh().await.expect_ended("absolute_expired");
}

#[tokio::test]
async fn an_access_token_never_outlives_its_session() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    for _ in 0..5 {
        server.advance("5d");
        admin.refresh().await.expect(200);
    }
    server.advance("119h");
    admin.refresh().await.expect(200);
    server.advance("55m");
    let answer = admin.refresh().await;
    answer.expect(200);
    assert_eq!(answer.json()["expiresIn"], 299, "{answer:?}");
}

#[tokio::test]
async fn what_a_shorter_lifetime_of_today_ends_nothing_given_today_outlives() {
    let mut server = TestServer::with(|config| config.refresh.absolute_ttl = "1d".parse().unwrap());
    let mut admin = server.admin().await;
    let body = json!({"email": "admin@example.com", "password": PASSWORD, "transport": "body"});
    let app = server.browser().post("/auth/login", body).await.text("/refreshToken");
    server.stop();
    server.start_again(|config| {
        (config.refresh.absolute_ttl, config.refresh.idle_ttl) = ("20s".parse().unwrap(), "20s".parse().unwrap());
    });
    server.advance("4s");
    admin = admin.at(&server);
    let lost = admin.refresh_lost().await;
    let again = admin.refresh().await;
    for answer in [&lost, &again] {
        assert_eq!(answer.json()["expiresIn"], 16, "{answer:?}");
        assert!(answer.set_cookies()[0].2.starts_with("Max-Age=16;"), "{answer:?}");
    }
    let ends = admin.get("/auth/sessions").await.text("/sessions/0/endsAt");
    assert_eq!(ends, "2027-01-15T08:00:20.25Z", "{ends}");
    let sent = server.browser().post("/auth/refresh", json!({"refreshToken": app})).await;
    assert_eq!(sent.json()["expiresIn"], 16, "{sent:?}");
    assert_eq!(admin.post("/auth/reauth", json!({"password": PASSWORD})).await.json()["expiresIn"], 16);
    let body = json!({"currentPassword": PASSWORD, "newPassword": "another horse, another battery"});
    let changed = admin.post("/auth/password", body).await;
    assert_eq!(changed.json()["expiresIn"], 16, "{changed:?}");
    assert!(changed.set_cookies()[0].2.starts_with("Max-Age=16;"), "{changed:?}");
    server.advance("16s");
    admin.me().await.expect_problem(401, "access_token_expired");
    admin.refresh().await.expect_ended("absolute_expired");
}

#[tokio::test]
async fn a_clock_that_is_set_back_or_forth_logs_nobody_out() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    for step in ["-1h", "2h", "-30m"] {
        let span: doorward::base::time::Ttl = step.trim_start_matches('-').parse().unwrap();
        let sign = if step.starts_with('-') { -1 } else { 1 };
        server.clock.set_by(doorward::base::time::Ttl::from_millis(sign * span.millis()));
        admin.refresh().await.expect(200);
        let mut again = admin.clone();
        server.advance("11s");
        again.refresh().await.expect(200);
        admin = again;
        admin.me().await.expect(200);
    }
}

#[tokio::test]
async fn two_cookies_of_our_name_are_refused_and_logout_ends_each() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let mut other = server.browser();
    other.login("admin@example.com").await.expect(200);
    let both = format!("refreshToken={}; refreshToken={}", admin.refresh_cookie(), other.refresh_cookie());
    let mut bare = server.browser();
    let request = bare.request(Method::POST, "/auth/refresh").header("cookie", &both).json(&json!({}));
    bare.send(request).await.expect_problem(401, "invalid_refresh_token");
    let request = bare.request(Method::POST, "/auth/logout").header("cookie", &both).json(&json!({}));
    bare.send(request).await.expect(204);
    admin.refresh().await.expect_ended("logged_out");
    other.refresh().await.expect_ended("logged_out");
}

#[tokio::test]
async fn other_cookies_and_look_alikes_are_not_read() {
    let server = TestServer::start();
    let admin = server.admin().await;
    let token = admin.refresh_cookie();
    let bare = server.browser();
    for (cookie, status) in [
        (format!("theme=dark; theme=light; refreshToken={token}"), 200),
        (format!("x=%db; refreshToken={token}"), 200),
        (format!("RefreshToken={token}"), 401),
        (format!("%72efreshToken={token}"), 401),
        (format!("__Host-refreshToken={token}"), 401),
        (format!("refreshToken=\"{token}\""), 401),
    ] {
        let request = bare.request(Method::POST, "/auth/refresh").header("cookie", &cookie).json(&json!({}));
        assert_eq!(bare.send_only(request).await.status, status, "{cookie:.40}");
    }
}

#[tokio::test]
async fn an_older_file_put_back_is_found() {
    let mut server = TestServer::start();
    let mut admin = server.admin().await;
    let folder = server.stop().to_owned();
    let copy = std::fs::read(folder.join("doorward.db")).unwrap();
    server.start_again(|_| {});
    admin = admin.at(&server);
    server.advance("1m");
    admin.refresh().await.expect(200);
    server.stop();
    std::fs::write(folder.join("doorward.db"), copy).unwrap();
    server.start_again(|_| {});
    let mut admin = admin.at(&server);
    admin.refresh().await.expect_ended("rolled_back");
    admin.refresh().await.expect_ended("rolled_back");
}
