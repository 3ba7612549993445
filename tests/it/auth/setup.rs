//! `POST /auth/setup` and `POST /auth/register`.

use doorward::config::Registration;
use serde_json::json;

use crate::harness::{PASSWORD, TestServer};

fn setup_secret(server: &TestServer) -> String {
    server.running().setup_link.as_ref().unwrap().url.expose().rsplit_once('#').unwrap().1.to_owned()
}

#[tokio::test]
async fn the_first_administrator_is_made_once_and_signed_in() {
    let mut server = TestServer::start();
    let body = json!({"secret": setup_secret(&server), "email": "Ann@Example.com", "password": PASSWORD});
    let mut browser = server.browser();
    let answer = browser.post("/auth/setup", body.clone()).await;
    answer.expect(201);
    assert_eq!(
        answer.redacted(),
        json!({
            "accessToken": "[token]", "tokenType": "Bearer", "expiresIn": 900,
            "serverTime": "2027-01-15T08:00:00.25Z",
            "user": {"id": "[id]", "email": "Ann@Example.com", "role": "admin"},
        })
    );
    assert_eq!(answer.header("cache-control"), "no-store");
    let [refresh, device] = answer.set_cookies().try_into().unwrap();
    assert_eq!(
        (refresh.0.as_str(), refresh.2.as_str()),
        ("refreshToken", "Max-Age=2591999; Path=/; HttpOnly; SameSite=Strict")
    );
    assert_eq!(
        (device.0.as_str(), device.2.as_str()),
        ("device", "Max-Age=34560000; Path=/; HttpOnly; SameSite=Strict")
    );
    server.browser().post("/auth/setup", body).await.expect_problem(409, "setup_done");
    assert_eq!(browser.events().await, ["setup"]);
    server.restart();
    assert!(server.running().setup_link.is_none(), "no link where there is an administrator");
}

#[tokio::test]
async fn of_two_at_once_one_becomes_administrator() {
    let server = TestServer::start();
    let tries = (0..8).map(|number| {
        let mut browser = server.browser();
        let email = format!("a{number}@example.com");
        let body = json!({"secret": setup_secret(&server), "email": email, "password": PASSWORD});
        async move { browser.post("/auth/setup", body).await.status }
    });
    let mut statuses: Vec<_> = futures_util::future::join_all(tries).await;
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
}

#[tokio::test]
async fn a_wrong_or_old_secret_makes_nobody() {
    let mut server = TestServer::start();
    let old = setup_secret(&server);
    let body = |secret: &str| json!({"secret": secret, "email": "ann@example.com", "password": PASSWORD});
    let mut browser = server.browser();
    for secret in ["", "x", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"] {
        browser.post("/auth/setup", body(secret)).await.expect_problem(410, "invalid_link");
    }
    server.restart();
    let mut browser = browser.at(&server);
    browser.post("/auth/setup", body(&old)).await.expect_problem(410, "invalid_link");
    server.advance("60m");
    browser.post("/auth/setup", body(&setup_secret(&server))).await.expect_problem(410, "invalid_link");
    server.restart();
    let mut browser = browser.at(&server);
    browser.post("/auth/setup", body(&setup_secret(&server))).await.expect(201);
}

#[tokio::test]
async fn rules_for_new_passwords_and_addresses_are_told() {
    let server = TestServer::start();
    let mut browser = server.browser();
    let secret = setup_secret(&server);
    for (email, password, status, code) in [
        ("ann@example.com", "short", 422, "weak_password"),
        ("ann@example.com", "password1", 422, "weak_password"),
        ("ann@example.com", "ann@example.com", 422, "weak_password"),
        ("ann@example.com", "Doorward", 422, "weak_password"),
        ("ann@example.com", &"x".repeat(257), 422, "weak_password"),
        ("ann@example.com", "nul\0nul\0nul", 400, "unusable_password"),
        ("ann", PASSWORD, 422, "invalid_email"),
        (&format!("{}@example.com", "a".repeat(250)), PASSWORD, 422, "invalid_email"),
    ] {
        let body = json!({"secret": secret, "email": email, "password": password});
        browser.post("/auth/setup", body).await.expect_problem(status, code);
    }
    let body = json!({"secret": secret, "email": "ann@example.com", "password": "ä".repeat(256)});
    browser.post("/auth/setup", body).await.expect(201);
}

#[tokio::test]
async fn registration_is_closed_unless_opened() {
    let mut server = TestServer::start();
    let body = json!({"email": "bob@example.com", "password": PASSWORD});
    server.browser().post("/auth/register", body.clone()).await.expect_problem(403, "registration_closed");
    server.stop();
    server.start_again(|config| config.registration = Registration::Open);
    let mut browser = server.browser();
    let answer = browser.post("/auth/register", body.clone()).await;
    answer.expect(201);
    assert_eq!(answer.json()["user"]["role"], "user");
    browser.me().await.expect(200);
    let taken = json!({"email": "BOB@example.com", "password": PASSWORD});
    server.browser().post("/auth/register", taken).await.expect_problem(409, "email_taken");
}
