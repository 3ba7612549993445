//! A binary that dies by itself at a named point of the commit.

use std::os::unix::process::ExitStatusExt;

use rusqlite::Connection;
use serde_json::json;

use crate::chance::{Chance, rounds};
use crate::crowd::{Crowd, start};
use crate::cut;
use crate::person::says;
use crate::real::api::{Answer, Api, Lost, PASSWORD, Tokens};
use crate::real::{Real, Site};

const ANN: &str = "ann@example.com";
const BOB: &str = "bob@example.com";
const POINTS: [&str; 3] = ["before_commit", "after_commit", "between_answers"];

/// Starts a server that dies when it comes to this point for the n-th time.
fn armed(site: &Site, point: &str, count: u64) -> Real {
    let armed = format!("{point}:{count}");
    site.starter().env("DIE_AT_FAILPOINT", &armed).env("DOORWARD_REFRESH__GRACE", "0s").start()
}

fn assert_killed(server: Real) {
    assert_eq!(server.wait().signal(), Some(9));
}

#[tokio::test]
async fn many_at_once_lose_nothing_at_any_point() {
    let mut chance = Chance::new();
    for point in POINTS {
        let site = Site::new();
        let server = start(&site, "0s");
        let mut crowd = Crowd::new(&server.api()).await;
        server.stop();
        for _ in 0..rounds().div_ceil(3) {
            let count = 1 + chance.below(60);
            let server = armed(&site, point, count);
            crowd.act(&server.api(), &mut chance).await;
            assert_killed(server);
            println!("killed at {point}:{count}");
            cut::open(&site);
            let server = start(&site, "0s");
            crowd.check(&server.api(), &mut chance).await;
            server.stop();
        }
    }
}

/// What one call changes, seen on disk and by its caller after the next start.
struct Case {
    name: &'static str,
    /// A number of the database that the call raises by one.
    raises: &'static str,
    /// Whether the session is over once it is done, and why.
    ends: Option<&'static str>,
}

const BOBS_VERSION: &str = "SELECT version FROM users WHERE email_key = 'bob@example.com'";

const CASES: [Case; 8] = [
    Case { name: "login", raises: "SELECT count(*) FROM sessions", ends: None },
    Case { name: "refresh", raises: "SELECT max(generation) FROM sessions", ends: None },
    Case { name: "logout", raises: "SELECT count(*) FROM revocations", ends: Some("logged_out") },
    Case { name: "logout-all", raises: BOBS_VERSION, ends: Some("logged_out_everywhere") },
    Case { name: "password", raises: BOBS_VERSION, ends: Some("password_changed") },
    Case { name: "role", raises: BOBS_VERSION, ends: Some("role_changed") },
    Case { name: "disable", raises: BOBS_VERSION, ends: Some("account_disabled") },
    Case { name: "end", raises: "SELECT count(*) FROM revocations", ends: Some("ended_by_admin") },
];

/// Who is there before the server dies.
struct People {
    /// The administrator's.
    ann: Tokens,
    /// The session that is looked at.
    bob: Tokens,
    /// Bob's other device.
    other: Tokens,
    user: String,
    session: String,
}

impl People {
    async fn new(server: &Real) -> Self {
        let api = server.api();
        let ann = api.setup(&server.setup_secret(), ANN).await;
        let bob = api.register(BOB).await;
        let other = api.login(BOB).await.unwrap().tokens();
        let me = api.me(&bob.access).await.unwrap().json;
        let text = |name: &str| me[name].as_str().unwrap().to_owned();
        let (user, session) = (format!("/auth/admin/users/{}", text("id")), text("sessionId"));
        Self { ann, bob, other, user, session: format!("/auth/admin/sessions/{session}") }
    }

    async fn call(&self, api: &Api, name: &str) -> Result<Answer, Lost> {
        let nothing = json!({});
        match name {
            "login" => api.login(BOB).await,
            "refresh" => api.refresh(&self.bob.refresh).await,
            "logout" => api.logout(&self.bob.refresh).await,
            "logout-all" => api.logout_all(&self.bob.access).await,
            "password" => {
                let body = json!({ "currentPassword": PASSWORD, "newPassword": "another horse battery" });
                api.act("POST", "/auth/password", &self.other.access, &body).await
            }
            "role" => api.act("PATCH", &self.user, &self.ann.access, &json!({ "role": "editor" })).await,
            "disable" => api.act("POST", &format!("{}/disable", self.user), &self.ann.access, &nothing).await,
            _ => api.act("DELETE", &self.session, &self.ann.access, &nothing).await,
        }
    }
}

fn number(conn: &Connection, sql: &str) -> i64 {
    conn.query_row(sql, [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn one_call_happened_whole_or_not_at_all() {
    for case in CASES {
        for (point, happened) in [("before_commit", 0), ("after_commit", 1), ("between_answers", 1)] {
            let site = Site::new();
            let server = site.start();
            let people = People::new(&server).await;
            server.stop();
            let before = number(&cut::open(&site).1, case.raises);
            let server = armed(&site, point, 1);
            let answer = people.call(&server.api(), case.name).await;
            // Between the answers of one batch the first may or may not have gone out.
            assert!(answer.is_err() || point == "between_answers", "{} {point}: {answer:?}", case.name);
            assert_killed(server);
            let raised = number(&cut::open(&site).1, case.raises) - before;
            assert_eq!(raised, happened, "{} {point}", case.name);
            let over = case.ends.filter(|_| happened == 1);
            check_session(&site, &people.bob, over).await;
        }
    }
}

/// The session lives, or is over by its refresh token and by its access token.
async fn check_session(site: &Site, tokens: &Tokens, over: Option<&str>) {
    let server = site.start();
    let api = server.api();
    let (me, refresh) = (api.me(&tokens.access).await.unwrap(), api.refresh(&tokens.refresh).await.unwrap());
    match over {
        None => {
            assert_eq!(me.status, 200, "{me:?}");
            assert_eq!(api.refresh(&refresh.tokens().refresh).await.unwrap().status, 200);
        }
        Some(reason) => {
            assert_eq!(me.code(), "invalid_access_token");
            assert!(says(&refresh, reason), "{refresh:?}");
        }
    }
    server.stop();
}

#[test]
fn this_binary_has_failpoints() {
    let binary = std::fs::read(env!("CARGO_BIN_EXE_doorward")).unwrap();
    let name = b"DIE_AT_FAILPOINT";
    assert!(binary.windows(name.len()).any(|bytes| bytes == name));
}
