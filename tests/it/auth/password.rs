//! `POST /auth/password` and `POST /auth/reauth`.

use serde_json::json;

use crate::harness::{PASSWORD, TestServer};

const NEW: &str = "another horse, another battery";

#[tokio::test]
async fn a_new_password_ends_every_other_session_and_this_one_goes_on() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let mut phone = server.user(&mut admin, "ann").await;
    let mut laptop = server.browser();
    laptop.login("ann@example.com").await.expect(200);
    let old = laptop.clone();
    let body = json!({"currentPassword": PASSWORD, "newPassword": NEW});
    let answer = laptop.post("/auth/password", body).await;
    answer.expect(200);
    assert_eq!(answer.redacted()["user"], json!({"id": "[id]", "email": "ann@example.com", "role": "user"}));
    laptop.me().await.expect(200);
    laptop.refresh().await.expect(200);
    phone.me().await.expect_problem(401, "invalid_access_token");
    phone.refresh().await.expect_ended("password_changed");
    old.clone().me().await.expect_problem(401, "invalid_access_token");
    // As if the answer was lost: sign in again.
    old.clone().refresh().await.expect_ended("password_changed");
    laptop.refresh().await.expect(200);
    phone.login("ann@example.com").await.expect_problem(401, "invalid_credentials");
    phone.login_with("ann@example.com", NEW).await.expect(200);
    assert_eq!(
        admin.events().await,
        [
            "setup",
            "user_created",
            "password_set",
            "signed_in",
            "signed_in",
            "password_changed",
            "sign_in_failed",
            "signed_in"
        ]
    );
}

#[tokio::test]
async fn a_wrong_current_password_changes_nothing_and_counts() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let mut ann = server.user(&mut admin, "ann").await;
    for _ in 0..5 {
        let body = json!({"currentPassword": "wrong password", "newPassword": NEW});
        ann.post("/auth/password", body).await.expect_problem(401, "invalid_credentials");
    }
    let body = json!({"currentPassword": PASSWORD, "newPassword": NEW});
    ann.post("/auth/password", body).await.expect_problem(429, "too_many_attempts");
    ann.post("/auth/reauth", json!({"password": PASSWORD})).await.expect_problem(429, "too_many_attempts");
    ann.me().await.expect(200);
    let body = json!({"currentPassword": PASSWORD, "newPassword": "short"});
    ann.post("/auth/password", body).await.expect_problem(422, "weak_password");
}

#[tokio::test]
async fn a_fresh_password_is_asked_for_what_destroys() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let mut ann = server.user(&mut admin, "ann").await;
    let id = ann.me().await.text("/id");
    server.advance("5m");
    server.advance("1s");
    admin.refresh().await.expect(200);
    for (path, body) in [("disable", json!({})), ("links", json!({}))] {
        let answer = admin.post(&format!("/auth/admin/users/{id}/{path}"), body).await;
        answer.expect_problem(403, "reauth_required");
    }
    admin.delete(&format!("/auth/admin/users/{id}")).await.expect_problem(403, "reauth_required");
    admin.post("/auth/admin/logout-all", json!({})).await.expect_problem(403, "reauth_required");
    ann.me().await.expect(200);
    admin.post("/auth/reauth", json!({"password": "wrong password"})).await.expect_problem(401, "invalid_credentials");
    admin.post("/auth/reauth", json!({"password": PASSWORD})).await.expect(200);
    // It stays fresh over a refresh.
    admin.refresh().await.expect(200);
    admin.delete(&format!("/auth/admin/users/{id}")).await.expect(204);
    ann.me().await.expect_problem(401, "invalid_access_token");
}
