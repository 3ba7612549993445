//! `POST /auth/link` and how links are made.

use serde_json::json;

use crate::harness::{PASSWORD, TestServer};

const NEW: &str = "another horse, another battery";

fn secret(url: &str) -> String {
    url.rsplit_once('#').unwrap().1.to_owned()
}

#[tokio::test]
async fn an_invitation_makes_a_user_who_sets_a_password_once() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let invited = admin.post("/auth/admin/users", json!({"email": "Bob@example.com", "role": "editor"})).await;
    invited.expect(201);
    assert_eq!(
        invited.redacted(),
        json!({
            "user": {
                "id": "[id]", "email": "Bob@example.com", "role": "editor", "status": "active", "hasPassword": false,
                "failures": 0, "createdAt": "2027-01-15T08:00:00.25Z", "signedInAt": null,
            },
            "link": {"kind": "invitation", "url": "[link]", "expiresAt": "2027-01-22T08:00:00.25Z"},
        })
    );
    let url = invited.text("/link/url");
    assert!(url.starts_with(&format!("http://localhost:{}/link#", server.running().addr.port())), "{url}");
    admin.post("/auth/admin/users", json!({"email": "bob@example.com"})).await.expect_problem(409, "email_taken");
    server.advance("6d");
    let mut bob = server.browser();
    let body = json!({"secret": secret(&url), "password": PASSWORD});
    let answer = bob.post("/auth/link", body.clone()).await;
    answer.expect(204);
    assert!(bob.jar.is_empty() && bob.access.is_none(), "a link signs nobody in");
    bob.post("/auth/link", body).await.expect_problem(410, "invalid_link");
    assert_eq!(bob.login("bob@example.com").await.redacted()["user"]["role"], "editor");
}

#[tokio::test]
async fn a_set_password_link_ends_all_sessions_and_a_newer_one_voids_it() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let mut ann = server.user(&mut admin, "ann").await;
    let id = ann.me().await.text("/id");
    let make = format!("/auth/admin/users/{id}/links");
    let first = admin.post(&make, json!({})).await;
    first.expect(201);
    assert_eq!(first.json()["kind"], "set_password");
    let second = admin.post(&make, json!({})).await;
    let mut browser = server.browser();
    let body = |url: &str| json!({"secret": secret(url), "password": NEW});
    browser.post("/auth/link", body(&first.text("/url"))).await.expect_problem(410, "invalid_link");
    ann.me().await.expect(200);
    browser.post("/auth/link", body(&second.text("/url"))).await.expect(204);
    ann.me().await.expect_problem(401, "invalid_access_token");
    ann.refresh().await.expect_ended("password_changed");
    ann.login_with("ann@example.com", NEW).await.expect(200);
    let third = admin.post(&make, json!({})).await;
    server.advance("1h");
    browser.post("/auth/link", body(&third.text("/url"))).await.expect_problem(410, "invalid_link");
}

#[tokio::test]
async fn a_change_of_password_role_or_status_voids_links() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let mut ann = server.user(&mut admin, "ann").await;
    let id = ann.me().await.text("/id");
    let user = format!("/auth/admin/users/{id}");
    for act in ["password", "role", "disable", "enable", "email"] {
        let link = admin.post(&format!("{user}/links"), json!({})).await.text("/url");
        match act {
            "password" => {
                let body = json!({"currentPassword": PASSWORD, "newPassword": NEW});
                ann.post("/auth/password", body).await.expect(200);
            }
            "role" => admin.patch(&user, json!({"role": "editor"})).await.expect(200),
            "email" => admin.patch(&user, json!({"email": "ann@example.net"})).await.expect(200),
            act => admin.post(&format!("{user}/{act}"), json!({})).await.expect(200),
        }
        let body = json!({"secret": secret(&link), "password": PASSWORD});
        server.browser().post("/auth/link", body).await.expect_problem(410, "invalid_link");
    }
}
