//! `/dev/requests`: what is kept of the calls, and what never is.

use reqwest::Method;
use serde_json::{Value, json};

use crate::dev::{fault, signed_in};
use crate::harness::{PASSWORD, TestServer};

async fn page(server: &TestServer, query: &str) -> Value {
    let page = server.browser().get(&format!("/dev/requests{query}")).await;
    page.expect(200);
    page.json()
}

fn column(page: &Value, name: &str) -> Vec<Value> {
    page["requests"].as_array().unwrap().iter().map(|call| call[name].clone()).collect()
}

#[tokio::test]
async fn a_call_is_kept_with_all_that_one_asks_for() {
    let server = TestServer::dev();
    let mut bob = signed_in(&server, "bob").await;
    bob.headers.push(("origin".to_owned(), "http://localhost:5173".to_owned()));
    bob.refresh().await.expect(200);
    let me = bob.get("/auth/me").await;
    let login = json!({"email": "bob@example.com", "password": "not this one", "transport": "body"});
    bob.access = None;
    bob.post("/auth/login", login).await.expect(401);
    fault(&server, "/auth/me", json!({"fault": {"kind": "delay", "ms": 60}})).await;
    bob.get("/auth/me").await.expect(401);
    let kept = page(&server, "").await;
    assert_eq!(column(&kept, "number"), [1, 2, 3, 4]);
    assert_eq!(column(&kept, "method"), ["POST", "GET", "POST", "GET"]);
    assert_eq!(column(&kept, "path"), ["/auth/refresh", "/auth/me", "/auth/login", "/auth/me"]);
    assert_eq!(column(&kept, "status"), [200, 200, 401, 401]);
    assert_eq!(
        column(&kept, "code"),
        json!([null, null, "invalid_credentials", "no_access_token"]).as_array().unwrap()[..]
    );
    let [refresh, bearer, login, delayed] = kept["requests"].as_array().unwrap().as_slice() else { panic!("{kept}") };
    assert_eq!((&refresh["origin"], &refresh["userAgent"]), (&json!("http://localhost:5173"), &json!(bob.agent)));
    assert_eq!(refresh["cookies"], json!(["device", "refreshToken"]));
    let shown = &refresh["refresh"];
    assert_eq!((&shown["verdict"], &shown["by"], &shown["gen"]), (&json!("good"), &json!("cookie"), &json!(0)));
    assert_eq!((&shown["sid"], &refresh["access"]), (&json!(me.text("/sessionId")), &Value::Null));
    assert!(shown["jti"].as_str().is_some_and(|jti| jti.len() == 22), "{shown}");
    let shown = &bearer["access"];
    assert_eq!((&shown["verdict"], &shown["sub"]), (&json!("good"), &json!(me.text("/id"))));
    assert_eq!(shown["sid"], me.text("/sessionId"));
    assert!(shown["exp"].is_i64() && shown["jti"].is_string(), "{shown}");
    let body = json!({"email": "bob@example.com", "password": "[hidden]", "transport": "body"});
    assert_eq!((&login["body"], &refresh["body"], &bearer["body"]), (&body, &json!({}), &Value::Null));
    assert_eq!(delayed["faults"], json!([{"id": 1, "kind": "delay"}]));
    assert!(
        delayed["ms"].as_u64() >= Some(60) && delayed["at"].as_str().unwrap().starts_with("2027-01-15T08:00:00.25")
    );
    // The next token has a name of another length, and is told as well.
    bob.refresh().await.expect(200);
    let next = page(&server, "?after=4").await["requests"][0]["refresh"].clone();
    assert_eq!((&next["gen"], next["jti"].as_str().map(str::len)), (&json!(1), Some(43)));
}

#[tokio::test]
async fn tokens_get_a_verdict_in_a_word() {
    let server = TestServer::dev();
    let mut bob = signed_in(&server, "bob").await;
    let good = bob.access.clone().unwrap();
    let mut forged = good.clone();
    forged
        .replace_range(good.len() - 9..good.len() - 8, if good.as_bytes()[good.len() - 9] == b'A' { "B" } else { "A" });
    let (head, rest) = good.split_once('.').unwrap();
    for token in [forged.as_str(), "x", "", &format!("{head}.{rest}.{rest}")] {
        bob.access = Some(token.to_owned());
        bob.me().await.expect(401);
    }
    bob.access = Some(good.clone());
    server.advance("16m");
    bob.me().await.expect(401);
    bob.logout().await.expect(204);
    bob.access = Some(signed_in(&server, "bob").await.access.unwrap());
    bob.post("/auth/logout-all", json!({})).await.expect(200);
    bob.me().await.expect(401);
    let access: Vec<_> = column(&page(&server, "").await, "access");
    let verdicts: Vec<_> = access.iter().map(|shown| shown["verdict"].as_str().unwrap_or("none")).collect();
    let wanted = ["bad_signature", "malformed", "malformed", "malformed", "expired", "none", "good", "ended"];
    assert_eq!(verdicts, wanted);
    assert_eq!(access[0]["sid"], access[4]["sid"], "what a forged one says is told too");
    // Refresh tokens, by either way.
    let mut app = server.browser();
    let body = json!({"user": "bob@example.com", "transport": "body"});
    let token = app.post("/dev/session", body).await.text("/refreshToken");
    app.access = None;
    app.jar.insert("refreshToken".to_owned(), token.clone());
    app.refresh().await.expect(401);
    app.jar.clear();
    let after = page(&server, "").await["last"].to_string();
    app.post("/auth/refresh", json!({"refreshToken": good})).await.expect(401);
    app.post("/auth/refresh", json!({"refreshToken": token})).await.expect(200);
    server.advance("8d");
    app.post("/auth/refresh", json!({"refreshToken": token})).await.expect(401);
    let shown = column(&page(&server, &format!("?after={after}")).await, "refresh");
    let verdicts: Vec<_> = shown.iter().map(|shown| (shown["verdict"].clone(), shown["by"].clone())).collect();
    let by = |verdict: &str| (json!(verdict), json!("body"));
    assert_eq!(verdicts, [by("bad_signature"), by("good"), by("expired")]);
    let last = column(&page(&server, "").await, "refresh");
    assert_eq!(last[last.len() - 4]["verdict"], "wrong_transport");
}

#[tokio::test]
async fn no_secret_is_ever_in_it() {
    let server = TestServer::dev();
    let mut ann = signed_in(&server, "ann").await;
    // A person from invitation to log-out, with every secret on the way.
    let mut zoe = server.user(&mut ann, "zoe").await;
    zoe.refresh().await.expect(200);
    zoe.me().await.expect(200);
    let change = json!({"currentPassword": PASSWORD, "newPassword": "another horse battery staple"});
    zoe.post("/auth/password", change).await.expect(200);
    zoe.post("/auth/reauth", json!({"password": "another horse battery staple"})).await.expect(200);
    zoe.post("/auth/password", json!({"pasword": PASSWORD, "x": [PASSWORD], "y": {"z": PASSWORD}})).await.expect(400);
    let body = json!({"email": "zoe@example.com", "password": "another horse battery staple", "transport": "body"});
    let mut app = server.browser();
    let token = app.post("/auth/login", body).await.text("/refreshToken");
    app.post("/auth/refresh", json!({ "refreshToken": token })).await.expect(200);
    // And where nobody should put one.
    let access = zoe.access.clone().unwrap();
    let (cookie, device) = (zoe.refresh_cookie().to_owned(), zoe.jar["device"].clone());
    for path in [
        format!("/auth/me?token={access}"),
        format!("/auth/me?password={}", PASSWORD.replace(' ', "+")),
        format!("/auth/{cookie}"),
        format!("/auth/me?search={device}&{device}"),
        format!("/auth/link/{device}/{cookie}"),
    ] {
        zoe.send_only(zoe.request(Method::GET, &path).header("user-agent", format!("x {device}"))).await;
    }
    let odd = zoe.request(Method::POST, "/auth/refresh").header("cookie", format!("{device}=1; {cookie}"));
    zoe.send_only(odd.header("origin", format!("http://{device}")).json(&json!({device.clone(): 1}))).await;
    zoe.send_only(
        zoe.request(Method::POST, "/auth/login")
            .header("content-type", "application/json")
            .body(format!("\"{PASSWORD}\"")),
    )
    .await;
    zoe.logout().await.expect(204);
    server.secret(&PASSWORD.replace(' ', "+"));
    let kept = server.browser().get("/dev/requests?limit=500").await;
    assert!(kept.json()["last"].as_u64() > Some(15), "{kept:?}");
    for secret in server.seen.secrets.lock().unwrap().iter() {
        assert!(!kept.text.contains(secret.as_str()), "{secret} stands in {}", kept.text);
        for part in secret.split('.').filter(|part| part.len() > 30) {
            assert!(!kept.text.contains(part), "{part} of {secret}");
        }
    }
}

#[tokio::test]
async fn pages_and_the_stubs_own_calls_are_not_in_it() {
    let server = TestServer::dev();
    let mut browser = server.browser();
    for path in ["/", "/login", "/client/doorward.js", "/openapi.json", "/dev/clock", "/dev/nothing", "/favicon.ico"] {
        browser.get(path).await;
    }
    let wrong_host = browser.request(Method::GET, "/auth/me").header("host", "evil.example");
    browser.send_only(wrong_host).await.expect(421);
    browser.get("/v1/nothing").await.expect(404);
    browser.get("/healthz").await.expect(200);
    assert_eq!(column(&page(&server, "").await, "path"), ["/v1/nothing", "/healthz"]);
}

#[tokio::test]
async fn the_last_five_hundred_are_kept_and_read_in_pages() {
    let server = TestServer::dev();
    let mut browser = server.browser();
    for number in 0..510 {
        browser.get(&format!("/auth/x?limit={number}")).await;
    }
    let first = page(&server, "?after=0&limit=500").await;
    assert_eq!((column(&first, "number").len(), &column(&first, "number")[0]), (500, &json!(11)));
    assert_eq!(column(&page(&server, "?limit=2").await, "path"), ["/auth/x?limit=508", "/auth/x?limit=509"]);
    assert_eq!(column(&page(&server, "?after=508&limit=9").await, "number"), [509, 510]);
    assert_eq!((page(&server, "?after=510").await)["requests"], json!([]));
    for bad in ["?limit=0", "?limit=501", "?after=x", "?limit=-1", "?x=1", "?after=1&after=2"] {
        let status = browser.get(&format!("/dev/requests{bad}")).await.status;
        assert!(status == 400 || status == 422, "{bad}: {status}");
    }
    // However much is sent, little is kept of each.
    let long = "a ".repeat(2_000);
    for _ in 0..20 {
        let sent = browser.request(Method::POST, &format!("/auth/x?{}", "b&".repeat(3_000)));
        let sent = sent.header("user-agent", &long).header("cookie", "c=1; ".repeat(900));
        browser.send_only(sent.json(&json!({ "email": long, "transport": long, "role": long.repeat(5) }))).await;
    }
    let long = page(&server, "?limit=20").await.to_string();
    assert!(long.len() < 20 * 6_000, "{}", long.len());
    browser.delete("/dev/requests").await.expect(204);
    let empty = page(&server, "").await;
    assert_eq!((&empty["requests"], &empty["last"]), (&json!([]), &json!(530)));
}

#[tokio::test]
async fn every_flawed_token_gets_a_verdict_and_none_is_told() {
    let server = TestServer::dev();
    let mut browser = server.browser();
    let described = browser.get("/openapi.json").await.json();
    let flaws = &described["components"]["schemas"]["TokenWish"]["properties"]["flaw"]["enum"];
    let mut sent = Vec::new();
    for flaw in flaws.as_array().unwrap() {
        let made = browser.post("/dev/token", json!({ "flaw": flaw })).await;
        let token = if made.status == 200 { made.text("/token") } else { continue };
        if token.is_empty() || !token.bytes().all(|byte| byte.is_ascii_graphic()) {
            continue;
        }
        let asked = browser.request(Method::GET, "/auth/me").header("authorization", format!("Bearer {token}"));
        match browser.send_only(asked).await.status {
            // What is too long for a head is no request.
            431 => assert_eq!(flaw, "oversized"),
            status => sent.push((flaw.clone(), status, token)),
        }
    }
    let kept = server.browser().get("/dev/requests?after=0&limit=500").await;
    let access = column(&kept.json(), "access");
    assert!(access.len() == sent.len() && sent.len() > 50, "{} of {}", access.len(), sent.len());
    for (shown, (flaw, status, token)) in access.iter().zip(&sent) {
        let verdict = shown["verdict"].as_str().unwrap();
        assert_eq!(verdict == "good", *status == 200, "{flaw} {status} {verdict}");
        for part in token.split('.').filter(|part| part.len() > 30) {
            assert!(!kept.text.contains(part), "{flaw}: {part}");
        }
    }
}
