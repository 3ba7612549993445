//! What `GET /auth/admin/overview` counts by the hour: refreshes, live sessions, and what the events say of
//! sign-ins, reuse and late recoveries; right after they happen, hours and days later, after a stop and a kill.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use doorward::base::time::Ttl;
use rusqlite::{Connection, OpenFlags};
use serde_json::{Value, json};

use crate::harness::TestServer;
use crate::harness::browser::Browser;
use crate::real::Site;
use crate::real::wait::until;

/// How long a job may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

async fn seen(admin: &mut Browser) -> Value {
    let answer = admin.get("/auth/admin/overview").await;
    answer.expect(200);
    answer.json()
}

/// Place and number of what is not nothing in a row of hours.
fn found(hours: &Value) -> Vec<(usize, i64)> {
    let hours = hours.as_array().unwrap();
    assert_eq!(hours.len(), 168);
    let hours = hours.iter().enumerate().filter_map(|(at, number)| Some((at, number.as_i64()?)));
    hours.filter(|(_, number)| *number != 0).collect()
}

fn refreshes(seen: &Value) -> Vec<(usize, i64)> {
    found(&seen["activity"]["refreshes"])
}

fn events(seen: &Value, kind: &str) -> Vec<(usize, i64)> {
    let series = seen["events"]["series"].as_array().unwrap();
    series.iter().find(|series| series["kind"] == kind).map(|series| found(&series["hours"])).unwrap_or_default()
}

/// The rows of the table: hour, refreshes, live sessions.
fn rows(folder: &Path) -> Vec<(i64, i64, Option<i64>)> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(folder.join("doorward.db"), flags).unwrap();
    conn.busy_timeout(PATIENCE).unwrap();
    let mut query = conn.prepare("SELECT hour, refreshes, live FROM hours ORDER BY hour").unwrap();
    query.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap().map(Result::unwrap).collect()
}

/// Waits until the job has looked at the sessions in this hour, counted from that of the tests' start.
async fn looked(server: &TestServer, hour: i64) {
    let folder = server.folder().to_owned();
    let looked = move || {
        let is_it = |row: &(i64, i64, Option<i64>)| row.0 == FIRST + hour && row.2.is_some();
        rows(&folder).iter().any(is_it).then_some(())
    };
    tokio::task::spawn_blocking(move || until("the sessions are looked at", PATIENCE, looked)).await.unwrap();
}

/// The hour in which the tests' clock begins.
const FIRST: i64 = 1_800_000_000 / 3_600;

#[tokio::test]
async fn every_answered_refresh_counts_at_once_and_no_refused_one() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    assert_eq!(refreshes(&seen(&mut admin).await), []);
    let stolen = admin.thief();
    admin.refresh().await.expect(200);
    assert_eq!(refreshes(&seen(&mut admin).await), [(167, 1)]);
    // The same token again, within the grace: it is answered too.
    admin.refresh().await.expect(200);
    let mut late = stolen.clone();
    late.refresh().await.expect(200);
    assert_eq!(refreshes(&seen(&mut admin).await), [(167, 3)]);
    server.advance("11s");
    admin.refresh().await.expect(200);
    server.browser().refresh().await.expect_problem(401, "no_refresh_token");
    let mut thief = stolen.clone();
    thief.refresh().await.expect_ended("refresh_reuse");
    admin.login("admin@example.com").await.expect(200);
    let now = seen(&mut admin).await;
    assert_eq!(refreshes(&now), [(167, 4)]);
    assert_eq!((events(&now, "refresh_reuse"), events(&now, "signed_in")), (vec![(167, 1)], vec![(167, 1)]));
    assert_eq!(now["activity"]["from"], now["events"]["from"]);
}

#[tokio::test]
async fn a_late_recovery_and_a_reuse_stand_at_their_hours() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    let mut ann = server.user(&mut admin, "ann").await;
    let older = ann.thief();
    ann.refresh_lost().await.expect(200);
    server.advance("30m");
    ann.refresh().await.expect(200);
    admin.login("admin@example.com").await.expect(200);
    let recovered = seen(&mut admin).await;
    assert_eq!((events(&recovered, "late_recovery"), events(&recovered, "refresh_reuse")), (vec![(167, 1)], vec![]));
    server.advance("2h");
    ann.refresh().await.expect(200);
    older.clone().refresh().await.expect_ended("refresh_reuse");
    admin.login("admin@example.com").await.expect(200);
    let now = seen(&mut admin).await;
    assert_eq!((events(&now, "late_recovery"), events(&now, "refresh_reuse")), (vec![(165, 1)], vec![(167, 1)]));
    assert_eq!(refreshes(&now), [(165, 2), (167, 1)]);
    let list = admin.get("/auth/admin/events?kind=refresh_reuse").await.json();
    let fact = json!([{"code": "shown", "generation": 0, "current": 2, "ageSeconds": 0}]);
    assert_eq!(list["events"][0]["facts"], fact);
    assert_eq!(list["events"][0]["detail"], "generation 0 of 2, 0 s after");
}

#[tokio::test]
async fn sessions_alive_are_looked_at_once_an_hour_and_hours_without_are_unknown() {
    let server = TestServer::start();
    looked(&server, 0).await;
    let mut admin = server.admin().await;
    let mut ann = server.user(&mut admin, "ann").await;
    let live = |seen: &Value| seen["activity"]["liveSessions"].clone();
    let first = live(&seen(&mut admin).await);
    assert_eq!((&first[167], &first[166]), (&json!(2), &json!(null)), "the last is of now");
    server.advance("1h");
    looked(&server, 1).await;
    ann.logout().await.expect(204);
    admin.refresh().await.expect(200);
    server.advance("3h");
    looked(&server, 4).await;
    admin.refresh().await.expect(200);
    let later = seen(&mut admin).await;
    let hours: Vec<_> = (162..168).map(|at| live(&later)[at].clone()).collect();
    // Two when the second hour began, though one ended in it; two hours in which nobody looked.
    assert_eq!(hours, [json!(null), json!(0), json!(2), json!(null), json!(null), json!(1)]);
    assert_eq!(rows(server.folder()).len(), 3, "one row an hour");
}

#[tokio::test]
async fn a_week_is_kept_by_the_hour_and_older_counts_go_with_the_events() {
    let server = TestServer::with(|config| {
        config.events.keep = "8d".parse().unwrap();
        config.refresh.idle_ttl = "30d".parse().unwrap();
    });
    let mut admin = server.admin().await;
    looked(&server, 0).await;
    admin.refresh().await.expect(200);
    for day in 1..=7 {
        server.advance("1d");
        looked(&server, day * 24).await;
        admin.refresh().await.expect(200);
        let now = seen(&mut admin).await;
        assert_eq!(refreshes(&now).last(), Some(&(167, 1)), "day {day}");
    }
    // The first day has just left the week.
    let days: Vec<_> = (0..7).map(|day| (23 + 24 * day, 1)).collect();
    assert_eq!(refreshes(&seen(&mut admin).await), days);
    assert_eq!(rows(server.folder()).len(), 8);
    server.advance("1d");
    looked(&server, 8 * 24).await;
    assert_eq!(rows(server.folder())[0].0, FIRST, "8 days old, and not more");
    // Its hour is over by more than 8 days; a minute later it is cleaned.
    server.advance("59m");
    server.advance("2m");
    let folder = server.folder().to_owned();
    let gone = move || rows(&folder).iter().all(|row| row.0 != FIRST).then_some(());
    tokio::task::spawn_blocking(move || until("the first hour is purged", PATIENCE, gone)).await.unwrap();
    assert_eq!(rows(server.folder())[0].0, FIRST + 24);
}

#[tokio::test]
async fn a_stop_writes_what_was_counted_and_the_next_run_goes_on() {
    let mut server = TestServer::start();
    looked(&server, 0).await;
    let mut admin = server.admin().await;
    admin.refresh().await.expect(200);
    admin.refresh().await.expect(200);
    assert_eq!(rows(server.stop()), [(FIRST, 2, Some(0))]);
    server.start_again(|_| {});
    let mut admin = admin.at(&server);
    assert_eq!(refreshes(&seen(&mut admin).await), [(167, 2)]);
    admin.refresh().await.expect(200);
    assert_eq!(refreshes(&seen(&mut admin).await), [(167, 3)]);
    server.advance("1h");
    admin.refresh().await.expect(200);
    assert_eq!(refreshes(&seen(&mut admin).await), [(166, 3), (167, 1)]);
    let written = rows(server.stop());
    assert_eq!(written.iter().map(|row| (row.0 - FIRST, row.1)).collect::<Vec<_>>(), [(0, 3), (1, 1)]);
}

#[tokio::test]
async fn a_clock_that_goes_back_loses_and_doubles_nothing() {
    let server = TestServer::start();
    let mut admin = server.admin().await;
    server.advance("1h");
    looked(&server, 1).await;
    admin.refresh().await.expect(200);
    server.clock.set_by(Ttl::from_mins(-60));
    looked(&server, 0).await;
    admin.login("admin@example.com").await.expect(200);
    admin.refresh().await.expect(200);
    assert_eq!(refreshes(&seen(&mut admin).await), [(167, 1)], "the hour ahead is not shown");
    server.clock.set_by(Ttl::from_mins(60));
    admin.refresh().await.expect(200);
    assert_eq!(refreshes(&seen(&mut admin).await), [(166, 1), (167, 2)]);
}

#[tokio::test]
async fn a_kill_costs_at_most_what_was_not_written_yet() {
    let site = Site::new();
    let server = site.start();
    let api = server.api();
    let first = api.setup(&server.setup_secret(), "ann@example.com").await;
    let folder = site.data();
    let count = || rows(&folder).iter().map(|row| row.1).sum::<i64>();
    until("the sessions are looked at", PATIENCE, || rows(&folder).first().and_then(|row| row.2));
    let refreshed = api.refresh(&first.refresh).await.unwrap().tokens();
    server.kill();
    let kept = count();
    assert!(kept <= 1, "what was not written is lost");
    let server = site.start();
    server.api().refresh(&refreshed.refresh).await.unwrap().tokens();
    server.stop();
    assert_eq!(count(), kept + 1, "what is counted after a kill is added to what was kept");
}

#[tokio::test]
async fn what_the_doctor_finds_on_the_servers_side_is_warned_of() {
    let server = TestServer::with(|config| {
        config.public_url = Some("https://auth.example.com".parse().unwrap());
        config.trusted_proxies = vec!["192.0.2.1/32".parse().unwrap()];
        config.passwords.bcrypt_cost = 12;
    });
    let mut admin = server.admin().await;
    assert_eq!(seen(&mut admin).await["warnings"], json!([]));
    let key = server.folder().join("doorward.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let mut users = Vec::new();
    for name in ["ann", "bob"] {
        users.push(server.user(&mut admin, name).await);
    }
    admin.login("admin@example.com").await.expect(200);
    let warnings = seen(&mut admin).await["warnings"].clone();
    let (path, mend) = (key.display().to_string(), format!("chmod 600 {}", key.display()));
    let told = |at: usize| ["code", "value", "values"].map(|name| warnings[at][name].clone());
    let shared = [json!("shared_address"), json!("127.0.0.1"), json!({"address": "127.0.0.1", "users": 3})];
    let exposed = json!({"path": path, "mode": "0644", "mend": mend});
    assert_eq!(told(0), shared, "{warnings}");
    assert_eq!(told(1), [json!("exposed_file"), json!(path), exposed], "{warnings}");
    assert_eq!(warnings.as_array().unwrap().len(), 2, "{warnings}");
}
