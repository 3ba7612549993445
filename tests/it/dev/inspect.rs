//! `/dev/inspect`: a token, check by check. What it says is what the server does.

use serde_json::{Value, json};

use crate::harness::TestServer;
use crate::harness::browser::Browser;

async fn signed_in(server: &TestServer, transport: &str) -> (Browser, String, String) {
    let mut bob = server.browser();
    let answer = bob.post("/dev/session", json!({"user": "bob@example.com", "transport": transport})).await;
    answer.expect(200);
    let refresh = answer.json()["refreshToken"].as_str().map(str::to_owned);
    let access = answer.text("/accessToken");
    let refresh = refresh.unwrap_or_else(|| bob.jar["refreshToken"].clone());
    (bob, access, refresh)
}

async fn inspect(server: &TestServer, token: &str) -> Value {
    let answer = server.browser().post("/dev/inspect", json!({ "token": token })).await;
    answer.expect(200);
    answer.json()
}

/// The checks that the token fails.
fn failed(report: &Value) -> Vec<&str> {
    let findings = report["findings"].as_array().unwrap().iter();
    findings.filter(|it| it["good"] == false).map(|it| it["code"].as_str().unwrap()).collect()
}

fn finding<'a>(report: &'a Value, code: &str) -> &'a Value {
    report["findings"].as_array().unwrap().iter().find(|it| it["code"] == code).unwrap_or(&Value::Null)
}

fn codes(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|it| it["code"].as_str().unwrap()).collect()
}

/// Says whether a check of the whole report is what the server does.
async fn agrees(bob: &mut Browser, token: &str, report: &Value) {
    // What no header can carry, the server never sees.
    if token.contains(char::is_control) {
        return;
    }
    bob.access = Some(token.to_owned());
    let taken = bob.get("/auth/me").await.status == 200;
    assert_eq!(report["good"], taken, "{report:#}");
}

#[tokio::test]
async fn a_good_access_token_passes_every_check() {
    let server = TestServer::dev();
    let (mut bob, access, _) = signed_in(&server, "cookie").await;
    let report = inspect(&server, &format!("  {access}\n")).await;
    let all = [
        "form",
        "typ",
        "header",
        "kid",
        "alg",
        "signature",
        "iss",
        "aud",
        "client_id",
        "exp",
        "iat",
        "session",
        "ver",
        "revoked",
    ];
    assert_eq!((codes(&report), &report["kind"]), (all.to_vec(), &json!("access")));
    assert!(failed(&report).is_empty(), "{report:#}");
    assert_eq!((&report["header"]["typ"], &report["claims"]["email"]), (&json!("at+jwt"), &json!("bob@example.com")));
    agrees(&mut bob, &access, &report).await;
}

#[tokio::test]
async fn each_flaw_of_an_access_token_is_named_and_is_one_to_the_server() {
    let server = TestServer::dev();
    let (mut bob, access, refresh) = signed_in(&server, "cookie").await;
    let (message, signature) = access.rsplit_once('.').unwrap();
    let (header, claims) = message.split_once('.').unwrap();
    let b64 = |json: &str| {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(json)
    };
    let known = inspect(&server, &access).await["header"]["kid"].as_str().unwrap().to_owned();
    let with = |json: &str| format!("{}.{claims}.{signature}", b64(json));
    let cases = [
        (String::new(), "form"),
        ("garbage".to_owned(), "form"),
        (format!("{header}.{claims}"), "form"),
        (format!("{message}.{signature}.{signature}"), "form"),
        ("a".repeat(4_097), "form"),
        (format!("{header}.{}.{signature}", b64("[]")), "form"),
        (with(r#"{"alg":"none"}"#), "typ"),
        (with(&format!(r#"{{"typ":"at+jwt","alg":"ES256","kid":"{known}","crit":["x"]}}"#)), "header"),
        (with(r#"{"typ":"at+jwt","alg":"ES256","kid":"nobodys"}"#), "kid"),
        (with(&format!(r#"{{"typ":"at+jwt","alg":"HS256","kid":"{known}"}}"#)), "alg"),
        (format!("{header}.{}.{signature}", b64(r#"{"sub":"x"}"#)), "signature"),
        (format!("{message}.{}", &signature[..40]), "signature"),
    ];
    for (token, code) in cases {
        let report = inspect(&server, &token).await;
        assert!(failed(&report).contains(&code), "{code}: {report:#}");
        agrees(&mut bob, &token, &report).await;
    }
    // A refresh token is none.
    let report = inspect(&server, &refresh).await;
    assert_eq!(report["kind"], "refresh");
    bob.access = Some(refresh);
    bob.get("/auth/me").await.expect_problem(401, "invalid_access_token");
}

#[tokio::test]
async fn every_flaw_that_the_stub_can_make_is_judged_as_the_server_judges_it() {
    let server = TestServer::dev();
    let mut bob = server.browser();
    let mut bad = 0;
    for flaw in doorward::crypto::forge::flaw::Flaw::all() {
        let made = bob.post("/dev/token", json!({"user": "bob@example.com", "flaw": flaw.word()})).await;
        let token = made.json()["token"].as_str().unwrap_or_default().to_owned();
        // Some need another algorithm, and one is longer than a body may be.
        if (1..8_000).contains(&token.len()) {
            let report = inspect(&server, &token).await;
            agrees(&mut bob, &token, &report).await;
            bad += u32::from(report["good"] == false);
        }
    }
    assert!(bad > 10, "{bad}");
}

#[tokio::test]
async fn an_access_token_runs_out_and_is_ended() {
    let server = TestServer::dev();
    let (mut bob, access, _) = signed_in(&server, "cookie").await;
    bob.post("/dev/clock", json!({"advance": "18m", "freeze": true})).await.expect(200);
    let report = inspect(&server, &access).await;
    assert_eq!(failed(&report), ["exp"]);
    assert!(finding(&report, "exp")["text"].as_str().unwrap().starts_with("ran out 3m"), "{report:#}");
    agrees(&mut bob, &access, &report).await;
    bob.post("/dev/clock", json!({"release": true})).await.expect(200);
    bob.post("/dev/clock", json!({"advance": "-2m"})).await.expect(200);
    let report = inspect(&server, &access).await;
    assert_eq!(failed(&report), ["iat"]);
    agrees(&mut bob, &access, &report).await;
    bob.post("/dev/clock", json!({"release": true})).await.expect(200);
    bob.access = Some(access.clone());
    bob.clone().logout().await.expect(204);
    let report = inspect(&server, &access).await;
    assert_eq!(failed(&report), ["session", "revoked"]);
    assert_eq!(finding(&report, "session")["expected"], "logged_out");
    agrees(&mut bob, &access, &report).await;
    let (mut bob, access, _) = signed_in(&server, "cookie").await;
    bob.access = Some(access.clone());
    bob.post("/auth/logout-all", json!({})).await.expect(200);
    let report = inspect(&server, &access).await;
    assert_eq!(failed(&report), ["ver", "revoked"]);
    agrees(&mut bob, &access, &report).await;
    bob.post("/dev/reset", json!({})).await.expect(204);
    let report = inspect(&server, &access).await;
    assert!(failed(&report).contains(&"revoked"), "{report:#}");
    agrees(&mut bob, &access, &report).await;
}

#[tokio::test]
async fn a_refresh_token_meets_its_line_and_is_not_used_up() {
    let server = TestServer::dev();
    for transport in ["cookie", "body"] {
        let (mut bob, _, first) = signed_in(&server, transport).await;
        bob.headers.push(("user-agent-of".to_owned(), transport.to_owned()));
        let refresh = async |bob: &mut Browser, token: &str| {
            if transport == "body" {
                return bob.post("/auth/refresh", json!({"refreshToken": token})).await;
            }
            bob.jar.insert("refreshToken".to_owned(), token.to_owned());
            bob.refresh().await
        };
        let line = async |token: &str| {
            let report = inspect(&server, token).await;
            assert_eq!(report["kind"], "refresh");
            let line = finding(&report, "line");
            assert_eq!(line["good"], report["good"], "{report:#}");
            (line["value"].as_str().unwrap().to_owned(), line["expected"].as_str().unwrap_or_default().to_owned())
        };
        let is = |word: &str, why: &str| (word.to_owned(), why.to_owned());
        for _ in 0..3 {
            assert_eq!(line(&first).await, is("rotate", ""));
        }
        let answer = refresh(&mut bob, &first).await;
        answer.expect(200);
        let next =
            |bob: &Browser, body: &Value| body["refreshToken"].as_str().unwrap_or(&bob.jar["refreshToken"]).to_owned();
        let second = if transport == "body" { answer.text("/refreshToken") } else { next(&bob, &Value::Null) };
        assert_eq!((line(&first).await, line(&second).await), (is("replay", ""), is("same", "")));
        bob.post("/dev/clock", json!({"advance": "1m"})).await.expect(200);
        assert_eq!((line(&first).await, line(&second).await), (is("recover", ""), is("rotate", "")));
        refresh(&mut bob, &second).await.expect(200);
        assert_eq!(line(&first).await, is("end", "refresh_reuse"));
        // Looking ended nothing.
        assert_eq!(line(&second).await, is("replay", ""));
        bob.post("/dev/clock", json!({"advance": "8d"})).await.expect(200);
        let report = inspect(&server, &second).await;
        assert_eq!(failed(&report), ["exp", "line"]);
        assert_eq!(line(&second).await, is("refuse", "idle_expired"));
        bob.post("/dev/clock", json!({"release": true})).await.expect(200);
        refresh(&mut bob, &first).await.expect_ended("refresh_reuse");
        let report = inspect(&server, &second).await;
        assert_eq!(failed(&report), ["session", "line"]);
    }
}

#[tokio::test]
async fn a_refresh_token_of_nobody_or_meddled_with_is_told() {
    let server = TestServer::dev();
    let (bob, _, refresh) = signed_in(&server, "cookie").await;
    let (message, signature) = refresh.rsplit_once('.').unwrap();
    let other = if signature.starts_with('A') { 'B' } else { 'A' };
    let bad = format!("{message}.{other}{}", &signature[1..]);
    assert_eq!(failed(&inspect(&server, &bad).await), ["signature"]);
    server.browser().post("/dev/reset", json!({})).await.expect(204);
    let report = inspect(&server, &refresh).await;
    assert_eq!(failed(&report), ["session", "ver", "line"]);
    assert_eq!(finding(&report, "line")["expected"], "unknown");
    bob.clone().refresh().await.expect_ended("unknown");
}

#[tokio::test]
async fn its_body_is_bounded_and_nothing_else_is_taken() {
    let server = TestServer::dev();
    let mut browser = server.browser();
    browser.post("/dev/inspect", json!({"token": "a".repeat(9_000)})).await.expect_problem(413, "body_too_large");
    for body in [json!({}), json!({"token": 1}), json!({"token": "a", "keep": true})] {
        browser.post("/dev/inspect", body).await.expect_problem(400, "malformed_body");
    }
    let deep = format!("{}{}", "{\"a\":".repeat(500), "}".repeat(500));
    let deep = {
        use base64::Engine as _;
        base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(deep)
    };
    let report = inspect(&server, &format!("{deep}.{deep}.AA")).await;
    assert_eq!(failed(&report), ["form"]);
}
