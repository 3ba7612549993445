//! The order of system calls: what an answer says is on disk before its first byte goes out. A kill can't
//! show that, since the kernel keeps what was written; strace can.

use serde_json::json;

use crate::faults::ANN;
use crate::faults::trace::{assert_durable, calls, commits, stop, traced};
use crate::real::api::{Api, PASSWORD, Tokens};
use crate::real::{Real, Site};

/// So many users who are signed in, the first of them an administrator.
pub(super) async fn people(server: &Real, count: u32) -> Vec<Tokens> {
    let api = server.api();
    let mut people = vec![api.setup(&server.setup_secret(), ANN).await];
    for number in 1..count {
        people.push(api.register(&format!("user{number}@example.com")).await);
    }
    people
}

#[tokio::test]
async fn what_an_answer_says_is_on_disk_before_its_first_byte() {
    let (site, trace) = (Site::new(), tempfile::NamedTempFile::new().unwrap());
    let server = traced(&site, trace.path(), &[]);
    let api = server.api();
    let first = api.setup(&server.setup_secret(), ANN).await;
    let mut tokens = api.login(ANN).await.unwrap().tokens();
    for _ in 0..3 {
        tokens = api.refresh(&tokens.refresh).await.unwrap().tokens();
    }
    assert_eq!(api.logout(&tokens.refresh).await.unwrap().status, 204);
    assert_eq!(api.logout_all(&first.access).await.unwrap().status, 200);
    let calls = stop(server, trace.path());
    for (request, status, count) in [
        ("POST /auth/setup", "201", 1),
        ("POST /auth/login", "200", 1),
        ("POST /auth/refresh", "200", 3),
        ("POST /auth/logout HTTP", "204", 1),
        ("POST /auth/logout-all", "200", 1),
    ] {
        assert_eq!(assert_durable(&calls, request, status), count, "{request}");
    }
}

#[tokio::test]
async fn what_is_done_to_an_account_is_on_disk_before_its_answer() {
    let (site, trace) = (Site::new(), tempfile::NamedTempFile::new().unwrap());
    let server = traced(&site, trace.path(), &[]);
    let api = server.api();
    let admin = api.setup(&server.setup_secret(), ANN).await.access;
    let bob = api.register("bob@example.com").await;
    let body = json!({ "currentPassword": PASSWORD, "newPassword": "another horse battery" });
    let bob = api.act("POST", "/auth/password", &bob.access, &body).await.unwrap().tokens();
    let me = api.me(&bob.access).await.unwrap().json;
    let text = |name: &str| me[name].as_str().unwrap().to_owned();
    let (user, session) = (format!("/auth/admin/users/{}", text("id")), text("sessionId"));
    let rows = [
        ("DELETE", format!("/auth/admin/sessions/{session}"), json!({}), 204),
        ("PATCH", user.clone(), json!({ "role": "editor" }), 200),
        ("POST", format!("{user}/logout-all"), json!({}), 200),
        ("POST", format!("{user}/disable"), json!({}), 200),
        ("POST", format!("{user}/enable"), json!({}), 200),
        ("POST", format!("{user}/links"), json!({}), 201),
        ("DELETE", user, json!({}), 204),
        ("POST", "/auth/admin/users".to_owned(), json!({ "email": "kim@example.com" }), 201),
        ("POST", "/auth/admin/logout-all".to_owned(), json!({}), 200),
    ];
    for (method, path, body, status) in &rows {
        let answer = api.act(method, path, &admin, body).await.unwrap();
        assert_eq!(answer.status, *status, "{method} {path}: {answer:?}");
    }
    let calls = stop(server, trace.path());
    assert_eq!(assert_durable(&calls, "POST /auth/register", "201"), 1);
    assert_eq!(assert_durable(&calls, "POST /auth/password", "200"), 1);
    for (method, path, _, status) in &rows {
        let request = format!("{method} {path} HTTP");
        assert_eq!(assert_durable(&calls, &request, &status.to_string()), 1, "{request}");
    }
}

#[tokio::test]
async fn each_of_a_batch_is_on_disk_before_its_answer() {
    let (site, trace) = (Site::new(), tempfile::NamedTempFile::new().unwrap());
    // Each sync takes 50 ms, so that the next batch fills meanwhile.
    let server = traced(&site, trace.path(), &["-e", "inject=fdatasync,fsync:delay_enter=50000"]);
    let api = server.api();
    let users = people(&server, 8).await;
    let refresh = |api: Api, token: String| async move {
        let second = api.refresh(&token).await.unwrap().tokens();
        api.refresh(&second.refresh).await.unwrap().tokens()
    };
    let before = commits(&calls(&std::fs::read_to_string(trace.path()).unwrap()));
    let all = users.into_iter().map(|user| refresh(api.clone(), user.refresh));
    futures_util::future::join_all(all).await;
    let calls = stop(server, trace.path());
    let (answers, commits) = (assert_durable(&calls, "POST /auth/refresh", "200"), commits(&calls) - before);
    assert_eq!(answers, 16);
    assert!(commits < answers, "{commits} commits for {answers} refreshes: they shared none");
}
