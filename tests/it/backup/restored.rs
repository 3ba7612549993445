//! A backup that becomes the database revives nothing.

use std::fs;

use serde_json::json;

use crate::backup::{ANN, COPY, done, kept, said, users};
use crate::real::api::{Answer, Api, PASSWORD, Tokens};
use crate::real::{Real, Site};

/// A site with a backup, after which everybody went on.
struct Story {
    site: Site,
    /// Refresh tokens that a session of the backup has, or had after it.
    ended: Vec<String>,
    /// Access tokens.
    access: Vec<String>,
    /// The secret of a link that the backup holds.
    link: String,
    /// The kids of the key set.
    kids: Vec<String>,
}

async fn kids(api: &Api) -> Vec<String> {
    let keys = api.get("/.well-known/jwks.json").await.unwrap().json;
    keys["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
}

fn start(site: &Site) -> Real {
    site.starter().env("DOORWARD_REFRESH__GRACE", "0s").start()
}

async fn tell() -> Story {
    let site = Site::new();
    let server = start(&site);
    let api = server.api();
    let ann = api.setup(&server.setup_secret(), ANN).await;
    let (bob, kim) = (api.register("bob@example.com").await, api.register("kim@example.com").await);
    let link = done(&site, &["user", "set-password", "bob@example.com", "--link"]);
    let link = link.trim_end().rsplit_once('#').unwrap().1.to_owned();
    let kids = kids(&api).await;
    done(&site, &["backup", COPY]);
    // From here on the backup knows nothing.
    let later = api.refresh(&bob.refresh).await.unwrap().tokens();
    let changed = changed_password(&site, &api).await;
    let lee = api.register("lee@example.com").await;
    assert_eq!(api.logout(&ann.refresh).await.unwrap().status, 204);
    server.stop();
    let all: [&Tokens; 6] = [&ann, &bob, &kim, &later, &changed, &lee];
    let ended = all.iter().map(|tokens| tokens.refresh.clone()).collect();
    let access = all.iter().map(|tokens| tokens.access.clone()).collect();
    Story { site, ended, access, link, kids }
}

/// By the command line, which raises the version as a change does; then she signs in again.
async fn changed_password(site: &Site, api: &Api) -> Tokens {
    let args = ["user", "set-password", "kim@example.com", "--password-stdin"];
    assert_eq!(site.typed(&args, PASSWORD).status.code(), Some(0));
    api.login("kim@example.com").await.unwrap().tokens()
}

/// Of all that was, nothing works; and everybody can sign in again.
async fn check(story: &Story) {
    let server = start(&story.site);
    let api = server.api();
    let after = kids(&api).await;
    assert!(after.iter().any(|kid| !story.kids.contains(kid)), "a new key: {after:?}");
    for token in &story.access {
        assert_eq!(api.me(token).await.unwrap().code(), "invalid_access_token");
    }
    for (number, token) in story.ended.iter().enumerate() {
        let Answer { status, json, .. } = api.refresh(token).await.unwrap();
        assert_eq!(
            (status, &json["code"], &json["reason"]),
            (401, &json!("session_ended"), &json!("restored")),
            "{number}"
        );
    }
    let set =
        api.post("/auth/link", &json!({ "secret": story.link, "password": "another good password" })).await.unwrap();
    assert_eq!(set.code(), "invalid_link");
    let ann = api.login(ANN).await.unwrap().tokens();
    assert_eq!(api.me(&ann.access).await.unwrap().status, 200);
    let ann = api.refresh(&ann.refresh).await.unwrap().tokens();
    assert_eq!(api.me(&ann.access).await.unwrap().status, 200);
    assert_eq!(api.login("lee@example.com").await.unwrap().code(), "invalid_credentials", "she came after the backup");
    server.stop();
    assert!(done(&story.site, &["check"]).starts_with("good: 3 users and "), "no backup any more");
    let events = "SELECT count(*) FROM events WHERE kind = 'restored' AND detail LIKE 'backup of 20%' AND facts LIKE '%\"madeAt\":\"20%'";
    let conn = rusqlite::Connection::open(story.site.file("doorward.db")).unwrap();
    assert_eq!(conn.query_row(events, [], |row| row.get::<_, i64>(0)).unwrap(), 1);
}

#[tokio::test]
async fn what_is_restored_revives_nothing() {
    let story = tell().await;
    let out = done(&story.site, &["restore", "--yes", COPY, "--json"]);
    let told: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!((&told["users"], told["madeAt"].is_string()), (&json!(3), true));
    let [kept] = kept(&story.site).try_into().unwrap();
    assert_eq!(told["kept"], story.site.file(&kept).to_str().unwrap());
    check(&story).await;
}

#[tokio::test]
async fn what_is_copied_into_place_revives_nothing_when_it_is_served() {
    let story = tell().await;
    fs::copy(story.site.around().join(COPY), story.site.file("doorward.db")).unwrap();
    check(&story).await;
    assert!(story.site.log().contains("the database is a backup that was put in its place"));
}

#[tokio::test]
async fn what_is_copied_into_place_revives_nothing_where_a_command_opens_it_first() {
    let story = tell().await;
    fs::copy(story.site.around().join(COPY), story.site.file("doorward.db")).unwrap();
    let (status, _, err) = said(&story.site.run(&["user", "list"]));
    let note = "it is a backup that was put in its place: everybody is signed out now, all links are void\n";
    assert_eq!((status, err.as_str()), (Some(0), note));
    assert_eq!(said(&story.site.run(&["user", "list"])).2, "", "once");
    check(&story).await;
}

#[tokio::test]
async fn an_epoch_goes_above_that_of_the_file_which_is_replaced() {
    let story = tell().await;
    let epoch = |site: &Site| {
        let conn = rusqlite::Connection::open(site.file("doorward.db")).unwrap();
        conn.query_row("SELECT epoch FROM meta", [], |row| row.get::<_, i64>(0)).unwrap()
    };
    let conn = rusqlite::Connection::open(story.site.file("doorward.db")).unwrap();
    conn.execute("UPDATE meta SET epoch = 5000000000000", []).unwrap();
    drop(conn);
    done(&story.site, &["restore", "--yes", COPY]);
    let first = epoch(&story.site);
    assert!((5_000_000_000_001..5_000_000_000_001 + (1 << 32)).contains(&first), "{first}");
    check(&story).await;
    // Twice the same backup doesn't come to the same, and what was kept is no way around it.
    let kept = kept(&story.site).remove(0);
    done(&story.site, &["restore", "--yes", COPY]);
    let second = epoch(&story.site);
    done(&story.site, &["restore", "--yes", story.site.file(&kept).to_str().unwrap()]);
    assert!(second > first && epoch(&story.site) > second);
    assert_eq!(users(&story.site.file("doorward.db")).len(), 4, "with those who came after the backup");
}

#[tokio::test]
async fn what_was_kept_leads_back_and_revives_nothing_either() {
    let story = tell().await;
    done(&story.site, &["restore", "--yes", COPY]);
    let [kept] = kept(&story.site).try_into().unwrap();
    done(&story.site, &["restore", "--yes", story.site.file(&kept).to_str().unwrap()]);
    let server = start(&story.site);
    let api = server.api();
    api.login("lee@example.com").await.unwrap().tokens();
    for token in &story.access {
        assert_eq!(api.me(token).await.unwrap().code(), "invalid_access_token");
    }
    // Ann had signed out before: that stays so.
    let reasons = ["logged_out", "restored", "password_changed", "restored", "restored", "restored"];
    for (token, reason) in story.ended.iter().zip(reasons) {
        assert_eq!(api.refresh(token).await.unwrap().reason(), reason);
    }
    server.stop();
}
