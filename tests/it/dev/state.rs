//! `/dev/state`: users, sessions, and what became of their refresh tokens.

use serde_json::{Value, json};

use crate::harness::TestServer;
use crate::harness::browser::Browser;

async fn signed_in(server: &TestServer, user: &str) -> Browser {
    let mut browser = server.browser();
    browser.post("/dev/session", json!({"user": format!("{user}@example.com")})).await.expect(200);
    browser
}

async fn sessions(server: &TestServer) -> Vec<Value> {
    server.browser().get("/dev/state").await.json()["sessions"].as_array().unwrap().clone()
}

/// The shows of a session: which token, what came of it, why.
fn chain(session: &Value) -> Vec<(i64, String, String)> {
    let word = |show: &Value, name: &str| show[name].as_str().unwrap_or_default().to_owned();
    let shows = session["chain"].as_array().unwrap().iter();
    shows.map(|it| (it["generation"].as_i64().unwrap(), word(it, "outcome"), word(it, "reason"))).collect()
}

fn expected(shows: &[(i64, &str, &str)]) -> Vec<(i64, String, String)> {
    shows.iter().map(|(generation, outcome, why)| (*generation, (*outcome).to_owned(), (*why).to_owned())).collect()
}

#[tokio::test]
async fn it_lists_users_and_sessions_and_no_secret() {
    let server = TestServer::dev();
    let mut ann = signed_in(&server, "ann").await;
    server.advance("1s");
    signed_in(&server, "bob").await;
    let answer = server.browser().get("/dev/state").await;
    let state = answer.json();
    let users: Vec<_> =
        state["users"].as_array().unwrap().iter().map(|user| (&user["email"], &user["status"])).collect();
    let email = |name: &str| json!(format!("{name}@example.com"));
    let (active, disabled) = (json!("active"), json!("disabled"));
    assert_eq!(users, [(&email("ann"), &active), (&email("bob"), &active), (&email("eve"), &disabled)]);
    let found = state["sessions"].as_array().unwrap();
    // Newest first.
    assert_eq!((found.len(), &found[0]["user"], &found[0]["live"]), (2, &state["users"][1]["id"], &json!(true)));
    assert_eq!(found[1]["id"].as_str().unwrap(), ann.get("/auth/me").await.text("/sessionId"));
    for secret in server.seen.secrets.lock().unwrap().iter() {
        assert!(!answer.text.contains(secret));
    }
    assert!(!answer.text.contains("$bcrypt") && !answer.text.contains("hash"));
}

#[tokio::test]
async fn a_chain_tells_each_show_and_what_came_of_it() {
    let server = TestServer::dev();
    let mut bob = signed_in(&server, "bob").await;
    let first = bob.clone();
    bob.refresh().await.expect(200);
    first.clone().refresh().await.expect(200);
    bob.refresh().await.expect(200);
    bob.post("/dev/clock", json!({"advance": "5m"})).await.expect(200);
    let spent = first.clone();
    first.clone().refresh().await.expect(200);
    bob.refresh().await.expect(200);
    spent.clone().refresh().await.expect_ended("refresh_reuse");
    bob.refresh().await.expect_ended("refresh_reuse");
    let session = &sessions(&server).await[0];
    let reuse = "refresh_reuse";
    let shows = [
        (0, "rotated", ""),
        (0, "replayed", ""),
        (1, "same", ""),
        (0, "recovered", ""),
        (1, "rotated", ""),
        (0, "refused", reuse),
        (2, "refused", reuse),
    ];
    assert_eq!(chain(session), expected(&shows));
    assert_eq!((&session["live"], &session["reason"]), (&json!(false), &json!(reuse)));
    assert_eq!((&session["generation"], &session["recoveries"]), (&json!(2), &json!(1)));
    // A sign-out is no show; a refresh after it is one.
    let mut ann = signed_in(&server, "ann").await;
    let left = ann.clone();
    ann.logout().await.expect(204);
    left.clone().refresh().await.expect_ended("logged_out");
    assert_eq!(chain(&sessions(&server).await[0]), expected(&[(0, "refused", "logged_out")]));
}

#[tokio::test]
async fn what_cannot_be_read_is_in_no_chain_and_a_reset_forgets_them_all() {
    let server = TestServer::dev();
    let mut bob = signed_in(&server, "bob").await;
    let mut bad = bob.clone();
    bad.jar.insert("refreshToken".to_owned(), format!("{}x", bob.jar["refreshToken"]));
    bad.refresh().await.expect_problem(401, "invalid_refresh_token");
    assert_eq!(chain(&sessions(&server).await[0]), []);
    bob.post("/dev/snapshot", json!({"name": "in"})).await.expect(204);
    bob.clone().refresh().await.expect(200);
    bob.post("/dev/restore", json!({"name": "in"})).await.expect(204);
    let back = sessions(&server).await;
    assert_eq!((chain(&back[0]), &back[0]["generation"]), (vec![], &json!(0)));
    bob.refresh().await.expect(200);
    bob.post("/dev/reset", json!({})).await.expect(204);
    assert!(sessions(&server).await.is_empty());
}

#[tokio::test]
async fn at_most_two_hundred_sessions_are_listed() {
    let server = TestServer::dev();
    for user in ["ann", "bob", "ann"] {
        for _ in 0..70 {
            signed_in(&server, user).await;
        }
    }
    assert_eq!(sessions(&server).await.len(), 200);
}

#[tokio::test]
async fn the_pages_of_a_server_in_earnest_have_nothing_of_it() {
    let (dev, earnest) = (TestServer::dev(), TestServer::start());
    let page = dev.browser().get("/login").await;
    assert!(page.text.contains("ann@example.com") && page.text.contains("js/people.js"), "{page:?}");
    assert!(dev.browser().get("/dev").await.text.contains("js/dev.js"));
    let page = earnest.browser().get("/login").await;
    page.expect(200);
    for trace in ["people", "ann@", "stub", "/dev"] {
        assert!(!page.text.contains(trace), "{trace}: {page:?}");
    }
    earnest.browser().get("/dev").await.expect_problem(404, "not_found");
    earnest.browser().get("/dev/state").await.expect_problem(404, "not_found");
    earnest.browser().post("/dev/inspect", json!({"token": "x"})).await.expect_problem(404, "not_found");
}
