//! `/dev/outbox`, and what a reset takes along.

use reqwest::Method;
use serde_json::{Value, json};

use crate::dev::{fared, fault, signed_in};
use crate::harness::{PASSWORD, TestServer};

async fn messages(server: &TestServer) -> Vec<Value> {
    let outbox = server.browser().get("/dev/outbox").await;
    outbox.expect(200);
    let messages = outbox.json()["messages"].as_array().unwrap().clone();
    for message in &messages {
        server.secret(message["url"].as_str().unwrap().rsplit_once('#').unwrap().1);
    }
    messages
}

#[tokio::test]
async fn every_link_is_there_and_works() {
    let server = TestServer::dev();
    assert!(messages(&server).await.is_empty());
    let mut ann = signed_in(&server, "ann").await;
    let invited = ann.post("/auth/admin/users", json!({"email": "Zoe@example.com"})).await;
    invited.expect(201);
    let bob = signed_in(&server, "bob").await.me().await.text("/id");
    let asked = ann.post(&format!("/auth/admin/users/{bob}/links"), json!({})).await;
    asked.expect(201);
    // One that comes to nothing leaves nothing.
    ann.post("/auth/admin/users", json!({"email": "zoe@example.com"})).await.expect(409);
    let out = messages(&server).await;
    let [invitation, password] = out.as_slice() else { panic!("{out:?}") };
    assert_eq!((&invitation["kind"], &invitation["to"]), (&json!("invitation"), &json!("Zoe@example.com")));
    assert_eq!((&password["kind"], &password["to"]), (&json!("set_password"), &json!("bob@example.com")));
    assert_eq!(invitation["url"], invited.text("/link/url"));
    assert_eq!(invitation["made"], "2027-01-15T08:00:00.25Z");
    assert_eq!(
        (&invitation["expires"], &password["expires"]),
        (&json!("2027-01-22T08:00:00.25Z"), &json!("2027-01-15T09:00:00.25Z"))
    );
    for (message, email) in out.iter().zip(["zoe@example.com", "bob@example.com"]) {
        let secret = message["url"].as_str().unwrap().rsplit_once('#').unwrap().1;
        let mut browser = server.browser();
        browser.post("/auth/link", json!({"secret": secret, "password": PASSWORD})).await.expect(204);
        browser.login(email).await.expect(200);
    }
    server.browser().delete("/dev/outbox").await.expect(204);
    assert!(messages(&server).await.is_empty());
}

#[tokio::test]
async fn a_reset_clears_faults_requests_and_outbox() {
    let server = TestServer::dev();
    let mut ann = signed_in(&server, "ann").await;
    ann.post("/auth/admin/users", json!({"email": "zoe@example.com"})).await.expect(201);
    messages(&server).await;
    fault(&server, "/healthz", json!({"fault": {"kind": "cut"}})).await;
    ann.post("/dev/snapshot", json!({"name": "x"})).await.expect(204);
    ann.post("/dev/restore", json!({"name": "x"})).await.expect(204);
    assert_eq!((fared(&server).await.len(), messages(&server).await.len()), (1, 1), "a restore leaves them");
    server.browser().post("/dev/reset", json!({})).await.expect(204);
    assert!(fared(&server).await.is_empty() && messages(&server).await.is_empty());
    let seen = server.browser().get("/dev/requests").await;
    assert_eq!(seen.json()["requests"], json!([]));
    server.browser().get("/healthz").await.expect(200);
}

#[tokio::test]
async fn no_foreign_page_reads_or_changes_any_of_it() {
    let server = TestServer::dev();
    let browser = server.browser();
    let fault = json!({"route": "*", "fault": {"kind": "cut"}});
    for (method, path) in [
        (Method::POST, "/dev/faults"),
        (Method::DELETE, "/dev/faults"),
        (Method::DELETE, "/dev/faults/1"),
        (Method::DELETE, "/dev/requests"),
        (Method::DELETE, "/dev/outbox"),
        (Method::GET, "/dev/faults"),
        (Method::GET, "/dev/requests"),
        (Method::GET, "/dev/outbox"),
    ] {
        let ask = || browser.request(method.clone(), path).json(&fault);
        browser.send_only(ask().header("host", "evil.example")).await.expect_problem(421, "wrong_host");
        for origin in ["https://evil.example", "http://localhost.evil.example", "null"] {
            let answer = browser.send_only(ask().header("origin", origin)).await;
            if method == Method::GET {
                // It is not refused, and no page of another origin can read it.
                assert_eq!(answer.header("access-control-allow-origin"), "", "{answer:?}");
            } else {
                answer.expect_problem(403, "cross_origin");
            }
        }
        if method != Method::GET {
            browser.send_only(ask().header("sec-fetch-site", "cross-site")).await.expect(403);
            let form = browser.request(method.clone(), path).header("content-type", "text/plain").body("{}");
            let status = browser.send_only(form).await.status;
            assert!(status == 403 || status == 415, "{method} {path}: {status}");
        }
    }
    assert!(fared(&server).await.is_empty());
}
