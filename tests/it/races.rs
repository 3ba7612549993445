//! Things that happen at once: whatever the order, one outcome, and nothing that was ended lives.

use std::sync::Arc;

use doorward::base::entropy::SystemEntropy;
use doorward::base::time::{Clock as _, SystemClock};
use doorward::config::{Config, Registration};
use doorward::ops::start::start;
use doorward::store::sqlite::beside::Beside;
use doorward::store::sqlite::handle::Opened;
use serde_json::{Value, json};

use crate::harness::answer::Answer;
use crate::harness::browser::Browser;
use crate::harness::{PASSWORD, TestServer};

const NEW: &str = "another horse, another battery";

/// How often a race is run: the order differs from round to round.
const ROUNDS: usize = 6;

fn unlimited(config: &mut Config) {
    config.limits.login.burst = 10_000;
    config.limits.login_address.burst = 10_000;
    config.limits.account_failures = 10_000;
    config.registration = Registration::Open;
}

async fn all<T: Send + 'static>(tasks: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let tasks: Vec<_> = tasks.into_iter().map(tokio::spawn).collect();
    let mut done = Vec::new();
    for task in tasks {
        done.push(task.await.unwrap());
    }
    done
}

fn claims(token: &str) -> Value {
    use base64::Engine as _;
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

fn statuses<'a>(answers: impl IntoIterator<Item = &'a Answer>) -> Vec<u16> {
    let mut statuses: Vec<_> = answers.into_iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    statuses
}

/// A refresh, and the browser after it.
async fn refreshed(mut browser: Browser) -> (Answer, Browser) {
    browser.access = None;
    let answer = browser.refresh().await;
    (answer, browser)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_at_once_with_one_token_are_one_rotation_while_others_rotate_too() {
    let server = TestServer::with(unlimited);
    let admin = server.admin().await;
    let mut others = Vec::new();
    for _ in 0..5 {
        let mut other = server.browser();
        other.login("admin@example.com").await.expect(200);
        others.push(other);
    }
    let mixed = (0..100).flat_map(|at| [admin.clone(), others[at % 5].clone()]);
    let done = all(mixed.map(refreshed)).await;
    let session = |browser: &Browser| claims(browser.refresh_cookie())["sid"].clone();
    for holder in others.iter().chain([&admin]) {
        let own: Vec<_> = done.iter().filter(|(_, after)| session(after) == session(holder)).collect();
        assert_eq!(own.len(), if session(holder) == session(&admin) { 100 } else { 20 });
        for (answer, after) in &own {
            answer.expect(200);
            assert_eq!(after.refresh_cookie(), own[0].1.refresh_cookie(), "one successor, byte for byte");
        }
        assert_ne!(own[0].1.refresh_cookie(), holder.refresh_cookie());
        assert_eq!(claims(own[0].1.refresh_cookie())["gen"], 1);
    }
    for (_, mut after) in done.into_iter().step_by(20) {
        after.me().await.expect(200);
    }
    let id = session(&admin).as_str().unwrap().parse().unwrap();
    let row = Beside::open(server.folder()).unwrap().read(|rows| rows.session(id)).unwrap().unwrap();
    assert_eq!(row.generation, 1, "one generation");
    let mut watcher = admin;
    assert!(!watcher.events().await.iter().any(|kind| kind == "late_recovery" || kind == "refresh_reuse"));
}

/// The last thing that anybody does to a session.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Ending {
    Logout,
    LogoutAll,
    Password,
    ByUser,
    ByAdmin,
    AllByAdmin,
    Disable,
    Role,
    Delete,
    Link,
    Everyone,
}

/// Ends it, and gives the answer and the browser of who did it.
async fn end(ending: Ending, mut user: Browser, mut admin: Browser, link: String) -> (Answer, Browser) {
    let (id, session) = {
        let claims = claims(user.access.as_ref().unwrap());
        (claims["sub"].as_str().unwrap().to_owned(), claims["sid"].as_str().unwrap().to_owned())
    };
    let path = format!("/auth/admin/users/{id}");
    let answer = match ending {
        Ending::Logout => user.logout().await,
        Ending::LogoutAll => user.post("/auth/logout-all", json!({})).await,
        Ending::Password => user.post("/auth/password", json!({"currentPassword": PASSWORD, "newPassword": NEW})).await,
        Ending::ByUser => user.delete(&format!("/auth/sessions/{session}")).await,
        Ending::ByAdmin => admin.delete(&format!("/auth/admin/sessions/{session}")).await,
        Ending::AllByAdmin => admin.post(&format!("{path}/logout-all"), json!({})).await,
        Ending::Disable => admin.post(&format!("{path}/disable"), json!({})).await,
        Ending::Role => admin.patch(&path, json!({"role": "editor"})).await,
        Ending::Delete => admin.delete(&path).await,
        Ending::Link => admin.post("/auth/link", json!({"secret": link, "password": NEW})).await,
        Ending::Everyone => admin.post("/auth/admin/logout-all", json!({})).await,
    };
    (answer, user)
}

fn reason(ending: Ending) -> &'static str {
    match ending {
        Ending::Logout => "logged_out",
        Ending::LogoutAll => "logged_out_everywhere",
        Ending::Password | Ending::Link => "password_changed",
        Ending::ByUser => "ended_by_user",
        Ending::ByAdmin | Ending::AllByAdmin => "ended_by_admin",
        Ending::Disable => "account_disabled",
        Ending::Role => "role_changed",
        Ending::Delete => "account_deleted",
        Ending::Everyone => "everyone_logged_out",
    }
}

async fn race(server: &TestServer, ending: Ending, round: usize) {
    let mut admin = server.browser();
    admin.login("admin@example.com").await.expect(200);
    let mut user = server.user(&mut admin, &format!("{ending:?}{round}").to_lowercase()).await;
    let mut link = String::new();
    if ending == Ending::Link {
        let id = user.me().await.text("/id");
        let url = admin.post(&format!("/auth/admin/users/{id}/links"), json!({})).await.text("/url");
        url.rsplit_once('#').unwrap().1.clone_into(&mut link);
    }
    let ending_now = tokio::spawn(end(ending, user.clone(), admin, link));
    // In every second round the refreshes are well on their way before.
    let first = if round.is_multiple_of(2) { all((0..4).map(|_| refreshed(user.clone()))).await } else { Vec::new() };
    let second = all((0..8).map(|_| refreshed(user.clone()))).await;
    let (answer, after) = ending_now.await.unwrap();
    assert!(answer.status < 300, "{ending:?}: {answer:?}");
    // After both answers nothing lives that a refresh gave, whichever came first.
    for (answer, mut browser) in first.into_iter().chain(second) {
        if answer.status == 200 {
            browser.me().await.expect_problem(401, "invalid_access_token");
        } else {
            answer.expect_ended(reason(ending));
        }
        browser.refresh().await.expect_ended(reason(ending));
    }
    user.refresh().await.expect_ended(reason(ending));
    user.me().await.expect_problem(401, "invalid_access_token");
    if ending == Ending::Password {
        let mut after = after;
        after.me().await.expect(200);
        after.refresh().await.expect(200);
        after.me().await.expect(200);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_refresh_that_races_an_ending_leaves_nothing_alive() {
    let server = TestServer::with(unlimited);
    server.admin().await;
    for round in 0..ROUNDS {
        for ending in [
            Ending::Logout,
            Ending::LogoutAll,
            Ending::Password,
            Ending::ByUser,
            Ending::ByAdmin,
            Ending::AllByAdmin,
            Ending::Disable,
            Ending::Role,
            Ending::Delete,
            Ending::Link,
            Ending::Everyone,
        ] {
            race(&server, ending, round).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_password_changes_at_once_one_is_made() {
    let server = TestServer::with(unlimited);
    let mut admin = server.admin().await;
    for round in 0..ROUNDS {
        let name = format!("ann{round}");
        let ann = server.user(&mut admin, &name).await;
        let mut phone = server.browser();
        phone.login(&format!("{name}@example.com")).await.expect(200);
        // From one session, and from two.
        let change = |(at, mut browser): (usize, Browser)| async move {
            let body = json!({"currentPassword": PASSWORD, "newPassword": format!("{NEW} {at}")});
            (browser.post("/auth/password", body).await, browser)
        };
        let other = if round.is_multiple_of(2) { phone } else { ann.clone() };
        let done = all([ann, other].into_iter().enumerate().map(change)).await;
        assert_eq!(statuses(done.iter().map(|(answer, _)| answer)), [200, 401], "{:?}", done[0].0);
        for (at, (answer, mut browser)) in done.into_iter().enumerate() {
            let mut again = server.browser();
            let signed_in = again.login_with(&format!("{name}@example.com"), &format!("{NEW} {at}")).await;
            assert_eq!(signed_in.status, answer.status, "{signed_in:?}");
            let (me, refresh) = (browser.me().await.status, browser.refresh().await.status);
            assert_eq!((me, refresh), (answer.status, answer.status));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_login_that_races_an_ending_opens_nothing_that_lives() {
    let server = TestServer::with(unlimited);
    let admin = server.admin().await;
    for round in 0..ROUNDS {
        for ending in [Ending::Disable, Ending::Delete, Ending::Password, Ending::Link, Ending::Role] {
            let mut admin = admin.clone();
            let name = format!("{ending:?}{round}").to_lowercase();
            let user = server.user(&mut admin, &name).await;
            let id = user.clone().me().await.text("/id");
            let mut link = String::new();
            if ending == Ending::Link {
                let url = admin.post(&format!("/auth/admin/users/{id}/links"), json!({})).await.text("/url");
                url.rsplit_once('#').unwrap().1.clone_into(&mut link);
            }
            let login = |mut browser: Browser| {
                let email = format!("{name}@example.com");
                async move {
                    let answer = browser.login(&email).await;
                    (answer, browser)
                }
            };
            let logins: Vec<_> = (0..6).map(|_| tokio::spawn(login(server.browser()))).collect();
            let (answer, _) = end(ending, user, admin, link).await;
            assert!(answer.status < 300, "{answer:?}");
            let ended_at = claims_version(&server, &id);
            for login in logins {
                let (answer, mut browser) = login.await.unwrap();
                if answer.status != 200 {
                    answer.expect_problem(401, "invalid_credentials");
                    continue;
                }
                // Opened before the ending: it is over. A change of role alone may be followed by another.
                let ver = claims(browser.access.as_ref().unwrap())["ver"].as_str().unwrap().to_owned();
                let lives = ending == Ending::Role && Some(ver) == ended_at;
                assert_eq!(browser.me().await.status, if lives { 200 } else { 401 }, "{ending:?}");
                let again = browser.refresh().await;
                if lives {
                    again.expect(200);
                } else {
                    again.expect_ended(reason(ending));
                }
            }
        }
    }
}

/// Epoch and version of a user, as tokens carry them.
fn claims_version(server: &TestServer, id: &str) -> Option<String> {
    let id = id.parse().unwrap();
    let read = Beside::open(server.folder()).unwrap().read(|rows| Ok((rows.meta()?.epoch, rows.user(id)?))).unwrap();
    read.1.map(|user| format!("{}.{}", read.0, user.version))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_link_is_used_once() {
    let server = TestServer::with(unlimited);
    let mut admin = server.admin().await;
    for round in 0..ROUNDS {
        let email = format!("bob{round}@example.com");
        let invited = admin.post("/auth/admin/users", json!({"email": email})).await;
        let url = invited.text("/link/url");
        let secret = url.rsplit_once('#').unwrap().1.to_owned();
        server.secret(&secret);
        let set = |at: usize| {
            let (mut browser, secret) = (server.browser(), secret.clone());
            async move { browser.post("/auth/link", json!({"secret": secret, "password": format!("{NEW} {at}")})).await }
        };
        let done = all((0..4).map(set)).await;
        assert_eq!(statuses(&done), [204, 410, 410, 410]);
        for (at, answer) in done.iter().enumerate() {
            let signed_in = server.browser().login_with(&email, &format!("{NEW} {at}")).await;
            assert_eq!(signed_in.status == 200, answer.status == 204, "{signed_in:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_address_is_registered_once() {
    let server = TestServer::with(unlimited);
    server.admin().await;
    for round in 0..ROUNDS {
        let register = |at: usize| {
            let mut browser = server.browser();
            let email = if at.is_multiple_of(2) {
                format!("eve{round}@example.com")
            } else {
                format!("EVE{round}@Example.com")
            };
            let body = json!({"email": email, "password": format!("{NEW} {at}")});
            async move { (browser.post("/auth/register", body).await, browser) }
        };
        let done = all((0..4).map(register)).await;
        assert_eq!(statuses(done.iter().map(|(answer, _)| answer)), [201, 409, 409, 409]);
        for (answer, mut browser) in done {
            assert_eq!(browser.me().await.status == 200, answer.status == 201);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_administrators_do_not_unmake_each_other() {
    let server = TestServer::with(unlimited);
    let mut one = server.admin().await;
    for round in 0..ROUNDS {
        let mut two = server.user(&mut one, &format!("two{round}")).await;
        let (first, second) = (one.me().await.text("/id"), two.me().await.text("/id"));
        one.patch(&format!("/auth/admin/users/{second}"), json!({"role": "admin"})).await.expect(200);
        two.login(&format!("two{round}@example.com")).await.expect(200);
        let act = |(mut by, on): (Browser, String)| async move {
            let path = format!("/auth/admin/users/{on}");
            let answer = match round % 3 {
                0 => by.patch(&path, json!({"role": "user"})).await,
                1 => by.post(&format!("{path}/disable"), json!({})).await,
                _ => by.delete(&path).await,
            };
            (answer, by)
        };
        let done = all([(one, second), (two, first)].map(act)).await;
        let told = statuses(done.iter().map(|(answer, _)| answer));
        assert!(told[0] < 300 && [401, 403, 409].contains(&told[1]), "{told:?}");
        one = done.into_iter().find(|(answer, _)| answer.status < 300).unwrap().1;
        one.get("/auth/admin/users").await.expect(200);
    }
}

#[test]
fn a_store_that_was_stopped_lets_another_serve_its_folder_whoever_still_holds_it() {
    let folder = tempfile::tempdir().unwrap();
    let config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
    let opened = Opened::new(folder.path()).unwrap();
    start(&opened, &config, "http://localhost:8484", SystemClock.now(), &SystemEntropy::default()).unwrap();
    let held = opened.start(Arc::new(SystemClock)).unwrap();
    assert!(Opened::new(folder.path()).is_err(), "one server a folder");
    held.stop();
    assert!(Opened::new(folder.path()).is_ok());
    drop(held);
}
