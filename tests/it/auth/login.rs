//! `POST /auth/login`, its limits and waits.

use serde_json::json;

use crate::harness::{PASSWORD, TestServer};

#[tokio::test]
async fn a_good_login_gives_tokens_and_cookies() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let mut browser = server.browser();
    let answer = browser.login(" ADMIN@example.com ").await;
    answer.expect(200);
    assert_eq!(
        answer.redacted(),
        json!({
            "accessToken": "[token]", "tokenType": "Bearer", "expiresIn": 900,
            "serverTime": "2027-01-15T08:00:00.25Z",
            "user": {"id": "[id]", "email": "admin@example.com", "role": "admin"},
        })
    );
    assert_eq!(answer.header("ratelimit-policy"), r#""login-address";q=50;w=900, "login";q=5;w=900"#);
    let me = browser.me().await;
    me.expect(200);
    assert_eq!(
        me.redacted(),
        json!({
            "id": "[id]", "email": "admin@example.com", "role": "admin", "sessionId": "[id]",
            "authTime": "2027-01-15T08:00:00Z", "expiresAt": "2027-01-15T08:15:00Z",
        })
    );
    assert_eq!(admin.events().await, ["setup", "signed_in"]);
}

#[tokio::test]
async fn every_kind_of_failure_looks_the_same() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let bob = server.user(&mut admin, "bob").await;
    let id = bob.clone().me().await.text("/id");
    admin.post(&format!("/auth/admin/users/{id}/disable"), json!({})).await.expect(200);
    admin.post("/auth/admin/users", json!({"email": "new@example.com"})).await.expect(201);
    let mut answers = Vec::new();
    for (email, password) in [
        ("nobody@example.com", PASSWORD),
        ("admin@example.com", "wrong password"),
        ("bob@example.com", PASSWORD),
        ("new@example.com", PASSWORD),
    ] {
        let mut browser = server.browser();
        let answer = browser.login_with(email, password).await;
        answer.expect_problem(401, "invalid_credentials");
        assert!(browser.jar.is_empty());
        let mut names: Vec<_> = answer.headers.keys().map(ToString::to_string).collect();
        names.sort();
        answers.push((answer.text, names));
    }
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:#?}");
}

#[tokio::test]
async fn five_failures_of_one_address_and_account_and_then_a_wait() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let ann = server.user(&mut admin, "ann").await;
    let mut guesser = server.browser();
    for left in (0..5).rev() {
        let answer = guesser.login_with("ann@example.com", "wrong password").await;
        answer.expect_problem(401, "invalid_credentials");
        assert!(answer.header("ratelimit").contains(&format!("\"login\";r={left}")), "{answer:?}");
    }
    for spelling in ["ann@example.com", "ANN@example.com", " Ann@EXAMPLE.com\t"] {
        let answer = guesser.login(spelling).await;
        answer.expect_problem(429, "too_many_attempts");
        assert_eq!(answer.header("retry-after"), "180");
        assert_eq!(answer.json()["violated-policies"], json!(["login"]));
    }
    // Another account from there, and the owner from her own browser, are not held up.
    guesser.login("admin@example.com").await.expect(200);
    let mut own = ann.clone();
    own.login("ann@example.com").await.expect(200);
    server.advance("180s");
    guesser.login_with("ann@example.com", "wrong password").await.expect_problem(401, "invalid_credentials");
    guesser.login("ann@example.com").await.expect_problem(429, "too_many_attempts");
    server.advance("180s");
    guesser.login("ann@example.com").await.expect(200);
    let wrong = guesser.login_with("ann@example.com", "wrong password").await;
    assert!(wrong.header("ratelimit").contains("\"login\";r=4"), "a good login clears the count: {wrong:?}");
}

#[tokio::test]
async fn an_answer_says_when_the_next_guess_comes_back_and_not_how_long_one_takes() {
    let server = TestServer::start();
    server.admin().await;
    let mut guesser = server.browser();
    for (passes, said) in [("0s", "r=4;t=180"), ("60s", "r=3;t=120"), ("121s", "r=3;t=179"), ("400ms", "r=2;t=179")] {
        server.advance(passes);
        let answer = guesser.login_with("admin@example.com", "wrong password").await;
        assert!(answer.header("ratelimit").ends_with(&format!("\"login\";{said}")), "{passes}: {answer:?}");
    }
}

#[tokio::test]
async fn guesses_side_by_side_are_counted_before_they_are_checked() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    server.user(&mut admin, "ann").await;
    let guesses = (0..20).map(|_| {
        let mut browser = server.browser();
        async move { browser.login_with("ann@example.com", "wrong password").await.status }
    });
    let statuses = futures_util::future::join_all(guesses).await;
    assert_eq!(statuses.iter().filter(|status| **status == 401).count(), 5, "{statuses:?}");
    assert_eq!(statuses.iter().filter(|status| **status == 429).count(), 15, "{statuses:?}");
}

#[tokio::test]
async fn good_logins_side_by_side_cost_nothing() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let ann = server.user(&mut admin, "ann").await;
    for browser in [server.browser(), ann] {
        let logins = (0..12).map(|_| {
            let mut browser = browser.clone();
            async move { browser.login("ann@example.com").await.status }
        });
        assert_eq!(futures_util::future::join_all(logins).await, [200; 12]);
        let again = browser.clone().login_with("ann@example.com", "wrong password").await;
        assert!(again.header("ratelimit").contains("\"login\";r=4"), "{again:?}");
    }
}

#[tokio::test]
async fn who_was_unlocked_or_has_another_password_waits_for_nothing() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let ann = server.user(&mut admin, "ann").await;
    let id = ann.clone().me().await.text("/id");
    let mut guesser = server.browser();
    for way in ["unlock", "links"] {
        for _ in 0..5 {
            guesser.login_with("ann@example.com", "wrong password").await.expect_problem(401, "invalid_credentials");
        }
        guesser.login_with("bob@example.com", "wrong password").await.expect_problem(401, "invalid_credentials");
        guesser.login("ann@example.com").await.expect_problem(429, "too_many_attempts");
        let answer = admin.post(&format!("/auth/admin/users/{id}/{way}"), json!({})).await;
        if way == "links" {
            let secret = answer.text("/url").rsplit_once('#').unwrap().1.to_owned();
            guesser.post("/auth/link", json!({"secret": secret, "password": PASSWORD})).await.expect(204);
        }
        guesser.login("ann@example.com").await.expect(200);
    }
    let others = guesser.login_with("bob@example.com", "wrong password").await;
    assert!(others.header("ratelimit").contains("\"login\";r=2"), "only hers was forgotten: {others:?}");
}

#[tokio::test]
async fn an_account_waits_after_ten_failures_and_its_owners_browser_does_not() {
    let mut server = TestServer::with(|config| {
        config.limits.login.burst = 1_000;
        config.limits.login_address.burst = 1_000;
    });
    let mut admin = server.admin().await;
    let mut ann = server.user(&mut admin, "ann").await;
    let mut guesser = server.browser();
    for email in ["ann@example.com", "nobody@example.com"] {
        for _ in 0..11 {
            guesser.login_with(email, "wrong password").await.expect_problem(401, "invalid_credentials");
        }
        let answer = guesser.login(email).await;
        answer.expect_problem(429, "too_many_attempts");
        assert_eq!(answer.header("retry-after"), "1");
        assert_eq!(answer.json()["violated-policies"], json!(["account"]), "{answer:?}");
    }
    ann.login("ann@example.com").await.expect(200);
    server.restart();
    let (mut guesser, mut ann) = (guesser.at(&server), ann.at(&server));
    guesser.login("ann@example.com").await.expect_problem(429, "too_many_attempts");
    server.advance("1s");
    guesser.login_with("ann@example.com", "wrong password").await.expect_problem(401, "invalid_credentials");
    assert_eq!(guesser.login("ann@example.com").await.header("retry-after"), "2", "the wait doubles");
    ann.login("ann@example.com").await.expect(200);
    server.advance("2s");
    guesser.login("ann@example.com").await.expect(200);
}

#[tokio::test]
async fn a_guesser_can_not_plant_a_device_cookie() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let ann = server.user(&mut admin, "ann").await;
    let mut bob = server.user(&mut admin, "bob").await;
    // Bob shows Ann's device: it is not his, so he gets another, and hers stays hers.
    bob.jar.insert("device".to_owned(), ann.jar["device"].clone());
    bob.login("bob@example.com").await.expect(200);
    assert_ne!(bob.jar["device"], ann.jar["device"]);
    // A browser of Bob's has no count of its own at Ann's account.
    for _ in 0..5 {
        bob.login_with("ann@example.com", "wrong password").await.expect(401);
    }
    let mut stranger = server.browser();
    stranger.login("ann@example.com").await.expect_problem(429, "too_many_attempts");
}

#[tokio::test]
async fn a_second_login_in_a_browser_ends_the_first_session() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let first = server.user(&mut admin, "ann").await;
    let ended = first.clone().me().await.text("/sessionId");
    let mut browser = first.clone();
    browser.login("ann@example.com").await.expect(200);
    first.clone().refresh().await.expect_ended("signed_in_again");
    first.clone().me().await.expect_problem(401, "invalid_access_token");
    browser.refresh().await.expect(200);
    assert_eq!(browser.jar["device"], first.jar["device"], "the device is known and stays");
    let events = admin.get("/auth/admin/events?kind=signed_in").await;
    assert_eq!(events.text("/events/0/detail"), format!("signed_in_again: {ended}"));
}

#[tokio::test]
async fn a_login_ignores_refresh_cookies_of_which_there_are_two() {
    let server = TestServer::with(|config| config.registration = doorward::config::Registration::Open);
    let mut admin = server.admin().await;
    let bob = server.user(&mut admin, "bob").await;
    let (one, other) = (admin.refresh_cookie().to_owned(), bob.refresh_cookie().to_owned());
    let bare = server.browser();
    let known = json!({"email": "bob@example.com", "password": PASSWORD});
    for (path, body, status, cookies) in [
        ("/auth/login", &known, 200, format!("refreshToken={one}; refreshToken={other}")),
        ("/auth/login", &known, 200, format!("refreshToken=junk; refreshToken={other}")),
        ("/auth/login", &known, 200, format!("refreshToken={other}; x=1; refreshToken=")),
        (
            "/auth/register",
            &json!({"email": "cat@example.com", "password": PASSWORD}),
            201,
            format!("refreshToken={one}; refreshToken={one}"),
        ),
    ] {
        let request = bare.request(reqwest::Method::POST, path).header("cookie", cookies).json(body);
        bare.send_only(request).await.expect(status);
    }
    bob.clone().refresh().await.expect(200);
    admin.refresh().await.expect(200);
    let one = format!("other=2; refreshToken={other}");
    let request = bare.request(reqwest::Method::POST, "/auth/login").header("cookie", one).json(&known);
    bare.send_only(request).await.expect(200);
    bob.clone().refresh().await.expect_ended("signed_in_again");
}

#[tokio::test]
async fn the_body_transport_sets_no_cookie_and_stays_in_bodies() {
    let server = TestServer::start();
    server.admin().await;
    let mut app = server.browser();
    let body = json!({"email": "admin@example.com", "password": PASSWORD, "transport": "body"});
    let answer = app.post("/auth/login", body).await;
    answer.expect(200);
    assert!(answer.set_cookies().is_empty());
    let token = answer.text("/refreshToken");
    let mut browser = server.browser();
    browser.jar.insert("refreshToken".to_owned(), token.clone());
    browser.refresh().await.expect_problem(401, "invalid_refresh_token");
    let both = browser.request(reqwest::Method::POST, "/auth/refresh").json(&json!({"refreshToken": token}));
    browser.send(both).await.expect_problem(400, "two_tokens");
    let answer = app.post("/auth/refresh", json!({"refreshToken": token})).await;
    answer.expect(200);
    assert!(answer.set_cookies().is_empty());
    let next = answer.text("/refreshToken");
    let both = browser.request(reqwest::Method::POST, "/auth/logout").json(&json!({"refreshToken": next}));
    browser.send(both).await.expect_problem(400, "two_tokens");
    let answer = app.post("/auth/logout", json!({"refreshToken": next})).await;
    answer.expect(204);
    assert!(answer.set_cookies().is_empty());
    app.post("/auth/refresh", json!({"refreshToken": next})).await.expect_ended("logged_out");
}

#[tokio::test]
async fn the_transport_is_a_word_and_nothing_else() {
    let server = TestServer::start();
    server.admin().await;
    let mut app = server.browser();
    for transport in
        [json!({"body": null}), json!({"cookie": []}), json!(null), json!(["body"]), json!("Body"), json!("")]
    {
        let body = json!({"email": "admin@example.com", "password": PASSWORD, "transport": transport});
        app.post("/auth/login", body).await.expect_problem(400, "malformed_body");
    }
    let body = json!({"email": "admin@example.com", "password": PASSWORD, "transport": "Body"});
    let detail = app.post("/auth/login", body).await.text("/detail");
    assert!(detail.ends_with("does not fit: this call takes `cookie` or `body`."), "{detail}");
    let schemas = app.get("/openapi.json").await.json()["components"]["schemas"].clone();
    assert_eq!(schemas["Travel"]["enum"], json!(["cookie", "body"]), "{}", schemas["Travel"]);
}

#[tokio::test]
async fn the_hundred_and_first_session_ends_the_one_idle_longest() {
    let server = TestServer::with(|config| config.limits.login_address.burst = 1_000);
    server.admin().await;
    let mut first = server.browser();
    first.login("admin@example.com").await.expect(200);
    server.advance("1s");
    // The set-up's session is the oldest; refreshing the first login's makes it the younger one.
    first.refresh().await.expect(200);
    for _ in 0..99 {
        server.advance("1s");
        server.browser().login("admin@example.com").await.expect(200);
    }
    first.refresh().await.expect(200);
    let sessions = first.get("/auth/sessions").await.json()["sessions"].as_array().unwrap().len();
    assert_eq!(sessions, 100);
}
