//! The development stub, `serve --dev`.

mod back;
mod cut;
mod faults;
mod guard;
mod inside;
mod inspect;
mod outbox;
mod requests;
mod start;
mod state;
mod token;

use serde_json::{Value, json};

use crate::harness::TestServer;
use crate::harness::browser::Browser;

/// A browser that somebody is signed in with.
async fn signed_in(server: &TestServer, user: &str) -> Browser {
    let mut browser = server.browser();
    browser.post("/dev/session", json!({"user": format!("{user}@example.com")})).await.expect(200);
    browser
}

/// Lets something go wrong, and gives its number.
async fn fault(server: &TestServer, route: &str, rest: Value) -> u64 {
    let mut body = rest;
    body["route"] = Value::from(route);
    let added = server.browser().post("/dev/faults", body).await;
    added.expect(201);
    added.json()["id"].as_u64().unwrap()
}

/// How each fault fared: how often it was met, and how many are left.
async fn fared(server: &TestServer) -> Vec<(u64, Option<u64>)> {
    let faults = server.browser().get("/dev/faults").await;
    faults.expect(200);
    let one = |fault: &Value| (fault["met"].as_u64().unwrap(), fault["left"].as_u64());
    faults.json()["faults"].as_array().unwrap().iter().map(one).collect()
}
