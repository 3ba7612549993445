//! `POST /dev/token`.

use serde_json::{Value, json};

use crate::harness::TestServer;
use crate::harness::browser::Browser;

async fn me_with(browser: &Browser, wish: Value) -> (u16, String) {
    let mut browser = browser.clone();
    let made = browser.post("/dev/token", wish).await;
    made.expect(200);
    browser.access = Some(made.text("/token"));
    let me = browser.get("/auth/me").await;
    (me.status, if me.status == 200 { me.text("/email") } else { me.text("/code") })
}

#[tokio::test]
async fn a_good_one_is_taken_and_each_flaw_is_refused_here() {
    let server = TestServer::dev();
    let browser = server.browser();
    let taken = |email: &str| (200, format!("{email}@example.com"));
    assert_eq!(me_with(&browser, json!({})).await, taken("ann"));
    assert_eq!(me_with(&browser, json!({"user": "BOB@example.com"})).await, taken("bob"));
    assert_eq!(me_with(&browser, json!({"flaw": "expired"})).await, (401, "access_token_expired".to_owned()));
    let described = browser.clone().get("/openapi.json").await.json();
    let flaws = &described["components"]["schemas"]["TokenWish"]["properties"]["flaw"]["enum"];
    let flaws: Vec<_> = flaws.as_array().unwrap().iter().map(|flaw| flaw.as_str().unwrap()).collect();
    assert!(flaws.len() > 60);
    let mut seen = 0;
    for flaw in flaws {
        let made = browser.clone().post("/dev/token", json!({ "flaw": flaw })).await;
        if made.status == 422 {
            continue;
        }
        made.expect(200);
        seen += 1;
        let (verdict, token) = (made.text("/verdict"), made.text("/token"));
        if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            // No client can send it.
            assert_eq!(verdict, "reject");
            continue;
        }
        // One is too long for the head of a request.
        let refused = if flaw == "oversized" { 431 } else { 401 };
        assert!(verdict == "accept" || me_with(&browser, json!({ "flaw": flaw })).await.0 == refused, "{flaw}");
    }
    assert!(seen > 55, "{seen}");
}

#[tokio::test]
async fn claims_and_header_are_as_asked() {
    let server = TestServer::dev();
    let mut browser = server.browser();
    assert_eq!(me_with(&browser, json!({"claims": {"iss": "https://evil.example"}})).await.0, 401);
    assert_eq!(me_with(&browser, json!({"claims": {"role": null}})).await.0, 401);
    let admin = json!({"user": "bob@example.com", "claims": {"role": "admin"}});
    assert_eq!(me_with(&browser, admin.clone()).await.0, 200);
    // What a token says makes nobody an administrator.
    browser.access = Some(browser.post("/dev/token", admin).await.text("/token"));
    browser.get("/auth/admin/users").await.expect_problem(401, "invalid_access_token");
    // Another kid is another key; another algorithm is another key, which this stub doesn't serve.
    assert_eq!(me_with(&browser, json!({"header": {"kid": "other"}})).await.0, 401);
    assert_eq!(me_with(&browser, json!({"algorithm": "EdDSA"})).await.0, 401);
}

#[tokio::test]
async fn it_ends_with_its_user_and_by_the_clock() {
    let server = TestServer::dev();
    let mut bob = server.browser();
    bob.access = Some(bob.post("/dev/token", json!({"user": "bob@example.com"})).await.text("/token"));
    bob.get("/auth/me").await.expect(200);
    let mut other = server.browser();
    other.post("/dev/session", json!({"user": "bob@example.com"})).await.expect(200);
    other.post("/auth/logout-all", json!({})).await.expect(200);
    bob.get("/auth/me").await.expect_problem(401, "invalid_access_token");
    let mut ann = server.browser();
    ann.access = Some(ann.post("/dev/token", json!({})).await.text("/token"));
    ann.post("/dev/clock", json!({"advance": "15m"})).await.expect(200);
    ann.get("/auth/me").await.expect_problem(401, "access_token_expired");
}

#[tokio::test]
async fn what_can_not_be_made_is_told() {
    let server = TestServer::dev();
    let mut browser = server.browser();
    for (wish, status, code) in [
        (json!({"user": "zoe@example.com"}), 404, "not_found"),
        (json!({"user": "zoe"}), 422, "invalid_email"),
        (json!({"flaw": "ugly"}), 422, "invalid_value"),
        (json!({"flaw": "der_signature", "algorithm": "HS256"}), 422, "invalid_value"),
        (json!({"algorithm": "none"}), 400, "malformed_body"),
        (json!({"claims": []}), 400, "malformed_body"),
        (json!({"admin": true}), 400, "malformed_body"),
    ] {
        browser.post("/dev/token", wish).await.expect_problem(status, code);
    }
    for path in ["/dev/token", "/dev/session"] {
        let nobody = browser.post(path, json!({"user": "zoe@example.com"})).await;
        assert!(nobody.text("/detail").starts_with("No user of this stub has that address"), "{nobody:?}");
    }
}
