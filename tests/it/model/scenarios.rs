//! Stories of the rotation that are worth telling one by one.

use base64::Engine as _;
use doorward::base::time::Ttl;
use doorward::config::Config;
use doorward::store::sqlite::beside;
use serde_json::{Value, json};

use crate::harness::browser::Browser;
use crate::harness::{PASSWORD, TestServer};
use crate::model::history::Beside;

const NEW: &str = "another horse, another battery";

fn proxied(config: &mut Config) {
    config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
}

/// The same browser, or what is left of it, in another network.
fn elsewhere(browser: &Browser) -> Browser {
    let mut moved = browser.clone();
    moved.headers = vec![("x-forwarded-for".to_owned(), "198.51.100.7".to_owned())];
    moved
}

fn head(token: &str) -> Value {
    let part = token.split('.').next().unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn set_clock(server: &TestServer, seconds: i64) {
    server.clock.set_by(Ttl::from_secs(seconds));
}

#[tokio::test]
async fn a_replay_survives_a_restart_and_a_new_refresh_secret() {
    let mut server = TestServer::start();
    let mut admin = server.admin().await;
    let lost = admin.refresh_lost().await.set_cookies()[0].1.clone();
    server.restart();
    let before = admin.clone().at(&server);
    let mut again = before.clone();
    again.refresh().await.expect(200);
    assert_eq!(again.refresh_cookie(), lost);
    server.stop();
    Beside::open(&server).new_keys(&server);
    server.start_again(|_| {});
    admin = before.at(&server);
    admin.refresh().await.expect(200);
    assert_eq!(admin.refresh_cookie(), lost, "rebuilt under the key of its parent");
    server.advance("1m");
    admin.refresh().await.expect(200);
    let mut other = server.browser();
    other.login("admin@example.com").await.expect(200);
    assert_eq!(head(admin.refresh_cookie())["kid"], head(&lost)["kid"]);
    assert_ne!(head(other.refresh_cookie())["kid"], head(&lost)["kid"], "new sessions are under the new key");
}

#[tokio::test]
async fn a_thief_who_goes_first_within_the_grace_is_counted() {
    let server = TestServer::with(proxied);
    for (has_device, is_away) in [(false, true), (false, false), (true, true)] {
        let mut victim = server.admin().await;
        let thief = if has_device { victim.clone() } else { victim.thief() };
        let mut thief = if is_away { elsewhere(&thief) } else { thief };
        let count = |events: &[String]| events.iter().filter(|kind| *kind == "late_recovery").count();
        let mut watcher = server.admin().await;
        let before = count(&watcher.events().await);
        for round in 1..=3 {
            server.advance("20s");
            thief.refresh().await.expect(200);
            let shown = victim.clone();
            if round == 3 {
                victim.refresh().await.expect_ended("refresh_reuse");
                break;
            }
            for _ in 0..3 {
                victim = shown.clone();
                victim.refresh().await.expect(200);
                assert_eq!(victim.refresh_cookie(), thief.refresh_cookie(), "the family never forks");
            }
            assert_eq!(count(&watcher.events().await) - before, round, "one event a generation");
        }
        thief.refresh().await.expect_ended("refresh_reuse");
        thief.me().await.expect_problem(401, "invalid_access_token");
    }
}

#[tokio::test]
async fn a_thief_with_the_whole_jar_on_the_same_network_within_the_grace_stays_unseen() {
    let server = TestServer::start();
    let mut victim = server.admin().await;
    let mut thief = victim.clone();
    for _ in 0..5 {
        server.advance("20s");
        thief.refresh().await.expect(200);
        server.advance("9s");
        victim.refresh().await.expect(200);
        assert_eq!(victim.refresh_cookie(), thief.refresh_cookie());
    }
    assert_eq!(victim.events().await, ["setup"]);
    // The first who comes late is counted, and the third in a row ends it.
    for round in 1..=3 {
        server.advance("20s");
        thief.refresh().await.expect(200);
        server.advance("11s");
        let answer = victim.refresh().await;
        assert_eq!(answer.status == 200, round < 3, "{answer:?}");
    }
    thief.refresh().await.expect_ended("refresh_reuse");
}

#[tokio::test]
async fn a_generation_that_needs_no_recovery_begins_the_count_anew() {
    let server = TestServer::start();
    let mut phone = server.admin().await;
    for _ in 0..4 {
        for _ in 0..2 {
            server.advance("1m");
            phone.refresh_lost().await.expect(200);
            server.advance("1h");
            phone.refresh().await.expect(200);
        }
        server.advance("1m");
        phone.refresh().await.expect(200);
    }
    assert_eq!(phone.events().await.iter().filter(|kind| *kind == "late_recovery").count(), 8);
}

#[tokio::test]
async fn a_clock_set_back_does_not_widen_what_a_thief_can_do() {
    for (by, ends) in [(-9, false), (-10, false), (-11, true), (-86_400, true)] {
        let server = TestServer::start();
        let mut admin = server.admin().await;
        let mut thief = admin.thief();
        admin.refresh().await.expect(200);
        set_clock(&server, by);
        let answer = thief.refresh().await;
        if ends {
            answer.expect_ended("refresh_reuse");
        } else {
            answer.expect(200);
            assert_eq!(thief.refresh_cookie(), admin.refresh_cookie());
        }
    }
}

#[tokio::test]
async fn an_ended_access_token_is_refused_even_if_the_lifetime_was_lowered() {
    let mut server = TestServer::start();
    let mut admin = server.admin().await;
    let mut phone = server.user(&mut admin, "ann").await;
    let mut laptop = server.user(&mut admin, "bob").await;
    server.stop();
    server.start_again(|config| config.tokens.access_ttl = Ttl::from_mins(1));
    (admin, phone, laptop) = (admin.at(&server), phone.at(&server), laptop.at(&server));
    let bob = laptop.me().await.text("/id");
    phone.clone().logout().await.expect(204);
    admin.post(&format!("/auth/admin/users/{bob}/disable"), json!({})).await.expect(200);
    // The rows stay until the long-lived tokens have run out, and a minute more.
    let rows = beside::Beside::open(server.folder()).unwrap().read(|rows| rows.revocations_after(0)).unwrap();
    let latest = doorward::base::time::Clock::now(&*server.clock) + Ttl::from_mins(16);
    assert!(rows.len() >= 2 && rows.iter().rev().take(2).all(|row| row.until == latest), "{rows:?}");
    for _ in 0..7 {
        server.advance("2m");
        for browser in [&mut phone, &mut laptop] {
            browser.me().await.expect_problem(401, "invalid_access_token");
        }
    }
    server.restart();
    for browser in [&mut phone.at(&server), &mut laptop.at(&server)] {
        browser.me().await.expect_problem(401, "invalid_access_token");
    }
}

#[tokio::test]
async fn a_password_change_whose_answer_is_lost_means_signing_in_again() {
    let mut server = TestServer::start();
    let mut admin = server.admin().await;
    let ann = server.user(&mut admin, "ann").await;
    let body = json!({"currentPassword": PASSWORD, "newPassword": NEW});
    let request = ann.request(reqwest::Method::POST, "/auth/password").bearer_auth(ann.access.as_ref().unwrap());
    ann.send_only(request.json(&body)).await.expect(200);
    // To sign in with the old cookie still there ends what the lost answer began.
    for reason in ["password_changed", "signed_in_again"] {
        let mut ann = ann.clone().at(&server);
        ann.refresh().await.expect_ended(reason);
        ann.me().await.expect_problem(401, "invalid_access_token");
        ann.login("ann@example.com").await.expect_problem(401, "invalid_credentials");
        ann.login_with("ann@example.com", NEW).await.expect(200);
        ann.refresh().await.expect(200);
        server.restart();
    }
}

#[tokio::test]
async fn what_an_older_file_knows_nothing_of_is_over_and_what_it_knows_goes_on() {
    let mut server = TestServer::start();
    let mut admin = server.admin().await;
    let mut ann = server.user(&mut admin, "ann").await;
    let mut bob = server.user(&mut admin, "bob").await;
    let still = server.user(&mut admin, "cat").await;
    let copy = std::fs::read(server.stop().join("doorward.db")).unwrap();
    server.start_again(|_| {});
    (ann, bob) = (ann.at(&server), bob.at(&server));
    server.advance("1m");
    ann.refresh().await.expect(200);
    let body = json!({"currentPassword": PASSWORD, "newPassword": NEW});
    bob.post("/auth/password", body).await.expect(200);
    let mut late = server.browser();
    late.login("ann@example.com").await.expect(200);
    std::fs::write(server.stop().join("doorward.db"), copy).unwrap();
    server.start_again(|_| {});
    let events = |admin: Browser| async { admin.at(&server).events().await.split_off(10) };
    late.at(&server).refresh().await.expect_ended("unknown");
    bob.at(&server).refresh().await.expect_ended("rolled_back");
    assert!(events(admin.clone()).await.is_empty(), "what is refused writes nothing");
    let mut ann = ann.at(&server);
    for _ in 0..2 {
        ann.refresh().await.expect_ended("rolled_back");
        ann.me().await.expect_problem(401, "invalid_access_token");
    }
    assert_eq!(events(admin.clone()).await, ["rolled_back"]);
    still.at(&server).refresh().await.expect(200);
    ann.login("ann@example.com").await.expect(200);
}
