//! `/auth/admin/…`.

use serde_json::json;

use crate::harness::TestServer;

#[tokio::test]
async fn acts_on_a_user_end_what_they_should() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    for (act, reason) in [
        ("disable", "account_disabled"),
        ("logout-all", "ended_by_admin"),
        ("role", "role_changed"),
        ("delete", "account_deleted"),
        ("session", "ended_by_admin"),
    ] {
        let mut user = server.user(&mut admin, act).await;
        let (id, session) = (user.me().await.text("/id"), user.me().await.text("/sessionId"));
        let path = format!("/auth/admin/users/{id}");
        match act {
            "role" => admin.patch(&path, json!({"role": "editor"})).await.expect(200),
            "delete" => admin.delete(&path).await.expect(204),
            "session" => admin.delete(&format!("/auth/admin/sessions/{session}")).await.expect(204),
            act => admin.post(&format!("{path}/{act}"), json!({})).await.expect(200),
        }
        user.me().await.expect_problem(401, "invalid_access_token");
        user.refresh().await.expect_ended(reason);
        let again = user.login(&format!("{act}@example.com")).await;
        assert_eq!(again.status == 200, !["disable", "delete"].contains(&act), "{again:?}");
    }
}

#[tokio::test]
async fn a_deleted_users_token_says_so_after_a_restart() {
    let mut server = TestServer::start();
    let mut admin = server.admin().await;
    let mut ann = server.user(&mut admin, "ann").await;
    let id = ann.me().await.text("/id");
    admin.delete(&format!("/auth/admin/users/{id}")).await.expect(204);
    server.restart();
    let mut ann = ann.at(&server);
    ann.refresh().await.expect_ended("account_deleted");
    ann.me().await.expect_problem(401, "invalid_access_token");
}

#[tokio::test]
async fn a_disabled_user_comes_back_with_none_of_the_old_sessions() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let mut ann = server.user(&mut admin, "ann").await;
    let id = ann.me().await.text("/id");
    admin.post(&format!("/auth/admin/users/{id}/disable"), json!({})).await.expect(200);
    admin.post(&format!("/auth/admin/users/{id}/enable"), json!({})).await.expect(200);
    ann.refresh().await.expect_ended("account_disabled");
    ann.me().await.expect_problem(401, "invalid_access_token");
    ann.login("ann@example.com").await.expect(200);
}

#[tokio::test]
async fn the_last_administrator_stays_even_if_two_go_at_once() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let own = admin.me().await.text("/id");
    let path = format!("/auth/admin/users/{own}");
    admin.delete(&path).await.expect_problem(409, "last_admin");
    admin.post(&format!("{path}/disable"), json!({})).await.expect_problem(409, "last_admin");
    admin.patch(&path, json!({"role": "user"})).await.expect_problem(409, "last_admin");
    // An invited one who never set a password can't sign in: that is no other.
    let invited = json!({"email": "invited@example.com", "role": "admin"});
    admin.post("/auth/admin/users", invited).await.expect(201);
    admin.delete(&path).await.expect_problem(409, "last_admin");
    let mut ann = server.user(&mut admin, "ann").await;
    let id = ann.me().await.text("/id");
    admin.patch(&format!("/auth/admin/users/{id}"), json!({"role": "admin"})).await.expect(200);
    ann.login("ann@example.com").await.expect(200);
    let (mut one, mut two) = (admin.clone(), ann.clone());
    let (other, this) = (format!("/auth/admin/users/{id}"), path.clone());
    let (a, b) = tokio::join!(one.delete(&other), two.delete(&this));
    let mut statuses = [a.status, b.status];
    statuses.sort_unstable();
    assert!(statuses[0] == 204 && [401, 409].contains(&statuses[1]), "{a:?} {b:?}");
}

#[tokio::test]
async fn everyone_is_logged_out_by_one_act() {
    let mut server = TestServer::start();
    let mut admin = server.admin().await;
    let mut ann = server.user(&mut admin, "ann").await;
    let mut bob = server.user(&mut admin, "bob").await;
    let answer = admin.post("/auth/admin/logout-all", json!({})).await;
    answer.expect(200);
    assert_eq!(answer.json(), json!({"message": "Everyone is signed out: 3 sessions ended.", "sessions": 3}));
    for browser in [&mut admin, &mut ann, &mut bob] {
        browser.me().await.expect_problem(401, "invalid_access_token");
        browser.refresh().await.expect_ended("everyone_logged_out");
    }
    server.restart();
    let mut ann = ann.at(&server);
    ann.me().await.expect_problem(401, "invalid_access_token");
    ann.login("ann@example.com").await.expect(200);
    ann.me().await.expect(200);
}

#[tokio::test]
async fn users_are_found_page_by_page() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    for name in ["bea", "ben", "bob", "Zoë", "a_b", "a%b"] {
        admin.post("/auth/admin/users", json!({"email": format!("{name}@example.com")})).await.expect(201);
    }
    let mut found = Vec::new();
    let mut next = String::new();
    loop {
        let page = admin.get(&format!("/auth/admin/users?limit=3{next}")).await;
        page.expect(200);
        let json = page.json();
        found.extend(json["users"].as_array().unwrap().iter().map(|user| user["email"].as_str().unwrap().to_owned()));
        match json["next"].as_str() {
            Some(cursor) => next = format!("&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(
        found,
        [
            "a%b@example.com",
            "a_b@example.com",
            "admin@example.com",
            "bea@example.com",
            "ben@example.com",
            "bob@example.com",
            "Zoë@example.com"
        ]
    );
    for (search, count) in [("be", 2), ("B", 3), ("zo%C3%AB", 1), ("a_", 1), ("a%25", 1), ("%25", 0), ("nobody", 0)] {
        let page = admin.get(&format!("/auth/admin/users?search={search}")).await;
        assert_eq!(page.json()["users"].as_array().unwrap().len(), count, "{search}: {page:?}");
    }
    let first = admin.get("/auth/admin/users?search=b&limit=2").await;
    let second = admin.get(&format!("/auth/admin/users?search=b&limit=2&cursor={}", first.text("/next"))).await;
    let emails = [first.text("/users/0/email"), first.text("/users/1/email"), second.text("/users/0/email")];
    assert_eq!(emails, ["bea@example.com", "ben@example.com", "bob@example.com"]);
    assert_eq!(second.json()["users"].as_array().unwrap().len(), 1);
    let earlier = first.text("/next");
    let other = admin.get(&format!("/auth/admin/users?search=z&cursor={earlier}")).await;
    assert_eq!(other.text("/users/0/email"), "Zoë@example.com", "a cursor before the prefix");
}

#[tokio::test]
async fn a_user_is_shown_with_how_their_sessions_ended() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let mut ann = server.user(&mut admin, "ann").await;
    let id = ann.me().await.text("/id");
    ann.logout().await.expect(204);
    ann.login("ann@example.com").await.expect(200);
    let shown = admin.get(&format!("/auth/admin/users/{id}")).await;
    shown.expect(200);
    let sessions = shown.json()["sessions"].clone();
    let summary = |at: usize| (sessions[at]["live"].clone(), sessions[at]["reason"].clone());
    let mut both = [summary(0), summary(1)];
    both.sort_by_key(|(live, _)| live.as_bool());
    assert_eq!(both, [(json!(false), json!("logged_out")), (json!(true), json!(null))]);
}

#[tokio::test]
async fn a_session_that_many_ends_could_have_ended_names_the_first() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let mut ann = server.user(&mut admin, "ann").await;
    let id = ann.me().await.text("/id");
    let path = format!("/auth/admin/users/{id}");
    admin.post(&format!("{path}/logout-all"), json!({})).await.expect(200);
    server.advance("1m");
    admin.post("/auth/admin/logout-all", json!({})).await.expect(200);
    ann.login("ann@example.com").await.expect(200);
    server.advance("8d");
    admin.login("admin@example.com").await.expect(200);
    let shown = admin.get(&path).await.json();
    let minute = |session: &serde_json::Value| session["endedAt"].as_str().unwrap()[..16].to_owned();
    let sessions = shown["sessions"].as_array().unwrap();
    let ends: Vec<_> = sessions.iter().map(|session| (session["reason"].as_str().unwrap(), minute(session))).collect();
    let expected = [("idle_expired", "2027-01-22T08:01"), ("ended_by_admin", "2027-01-15T08:00")];
    assert_eq!(ends, expected.map(|(reason, at)| (reason, at.to_owned())));
    let own = admin.me().await;
    let shown = admin.get(&format!("/auth/admin/users/{}", own.text("/id"))).await.json();
    let current: Vec<_> = shown["sessions"].as_array().unwrap().iter().filter(|s| s["current"] == true).collect();
    assert_eq!((current.len(), &current[0]["id"]), (1, &json!(own.text("/sessionId"))));
}

#[tokio::test]
async fn the_overview_counts_users_live_sessions_and_a_week_of_events() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let mut ann = server.user(&mut admin, "ann").await;
    let bob = server.user(&mut admin, "bob").await;
    let id = ann.me().await.text("/id");
    admin.post(&format!("/auth/admin/users/{id}/disable"), json!({})).await.expect(200);
    server.advance("2h");
    server.browser().login_with("admin@example.com", "wrong password").await.expect(401);
    server.browser().login_with("admin@example.com", "wrong password").await.expect(401);
    admin.refresh().await.expect(200);
    let answer = admin.get("/auth/admin/overview").await;
    answer.expect(200);
    let seen = answer.json();
    assert_eq!(seen["serverTime"], "2027-01-15T10:00:00.25Z");
    assert_eq!(seen["users"], json!({"total": 3, "admins": 1, "disabled": 1}));
    assert_eq!(seen["sessions"], json!({"live": 2, "usedWithinHour": 1, "usedWithinDay": 2}));
    assert_eq!(seen["events"]["from"], "2027-01-08T11:00:00Z");
    assert_eq!(seen["warnings"].as_array().unwrap().len(), 1, "the low cost of the tests: {seen}");
    let hours = |kind: &str| {
        let series = seen["events"]["series"].as_array().unwrap();
        let found = series.iter().find(|series| series["kind"] == kind).map(|series| series["hours"].clone());
        let hours: Vec<i64> = serde_json::from_value(found.unwrap_or(json!([]))).unwrap();
        hours.into_iter().enumerate().filter(|(_, count)| *count > 0).collect::<Vec<_>>()
    };
    assert_eq!(hours("signed_in"), [(165, 2)]);
    assert_eq!(hours("sign_in_failed"), [(167, 2)]);
    assert_eq!(hours("user_disabled"), [(165, 1)]);
    assert_eq!(hours("refresh_reuse"), []);
    server.advance("3h");
    admin.login("admin@example.com").await.expect(200);
    let later = admin.get("/auth/admin/overview").await.json();
    let series =
        later["events"]["series"].as_array().unwrap().iter().find(|series| series["kind"] == "signed_in").cloned();
    let hours: Vec<i64> = serde_json::from_value(series.unwrap()["hours"].clone()).unwrap();
    assert_eq!((hours[162], hours[167], hours.iter().sum::<i64>()), (2, 1, 3), "what was counted before counts once");
    let mut proxied = admin.clone();
    proxied.headers.push(("x-forwarded-for".to_owned(), "198.51.100.7".to_owned()));
    let warned = proxied.get("/auth/admin/overview").await.json()["warnings"][1].clone();
    assert_eq!((&warned["code"], &warned["value"]), (&json!("untrusted_proxy"), &json!("127.0.0.1")));
    drop(bob);
}

#[tokio::test]
async fn newer_events_can_be_asked_for_alone() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let first = admin.get("/auth/admin/events").await.json()["events"][0]["id"].as_i64().unwrap();
    let none = admin.get(&format!("/auth/admin/events?after={first}")).await.json();
    assert_eq!(none, json!({"events": [], "next": null}));
    let mut ann = server.user(&mut admin, "ann").await;
    let id = ann.me().await.text("/id");
    let kinds = |listed: serde_json::Value| -> Vec<String> {
        listed["events"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap().to_owned()).collect()
    };
    let newer = admin.get(&format!("/auth/admin/events?after={first}")).await.json();
    assert_eq!(kinds(newer), ["signed_in", "password_set", "user_created"]);
    let newer = admin.get(&format!("/auth/admin/events?after={}&user={id}&kind=signed_in", first + 1)).await.json();
    assert_eq!(kinds(newer.clone()), ["signed_in"]);
    assert_eq!(
        (&newer["events"][0]["email"], &newer["events"][0]["actorEmail"]),
        (&json!("ann@example.com"), &json!(null))
    );
    admin.delete(&format!("/auth/admin/users/{id}")).await.expect(204);
    let last = admin.get("/auth/admin/events?limit=1").await.json()["events"][0].clone();
    assert_eq!((&last["email"], &last["actorEmail"]), (&json!(null), &json!("admin@example.com")));
}

#[tokio::test]
async fn events_are_listed_filtered_and_folded() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let mut guesser = server.browser();
    for _ in 0..3 {
        guesser.login_with("admin@example.com", "wrong password").await.expect(401);
    }
    server.advance("61s");
    guesser.login_with("admin@example.com", "wrong password").await.expect(401);
    let listed = admin.get("/auth/admin/events?kind=sign_in_failed").await;
    listed.expect(200);
    let counts: Vec<_> = listed.json()["events"].as_array().unwrap().iter().map(|e| e["count"].clone()).collect();
    assert_eq!(counts, [json!(1), json!(3)]);
    assert_eq!(
        listed.redacted()["events"][1],
        json!({
            "id": 2, "at": "2027-01-15T08:00:00.25Z", "kind": "sign_in_failed", "count": 3, "userId": "[id]",
            "email": "admin@example.com", "actorId": null, "actorEmail": null, "sessionId": null, "address": "127.0.0.1", "userAgent": guesser.agent,
            "requestId": "[request]", "detail": null, "facts": [],
        })
    );
    let page = admin.get("/auth/admin/events?limit=2").await;
    let next = page.text("/next");
    let rest = admin.get(&format!("/auth/admin/events?limit=2&cursor={next}")).await;
    assert_eq!(rest.json()["events"][0]["kind"], "setup");
    assert_eq!(rest.json()["next"], json!(null));
    let own = admin.me().await.text("/id");
    let of_user = admin.get(&format!("/auth/admin/events?user={own}&kind=setup")).await;
    assert_eq!(of_user.json()["events"].as_array().unwrap().len(), 1);
}
