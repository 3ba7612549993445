//! What it costs as it grows.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::client::Connection;
use crate::house::{BINARY, House, scratch};
use crate::load;
use crate::population::{PASSWORD, Population};
use crate::process::Process;
use crate::progress::Progress;
use crate::report::{Report, grouped, megabytes, millions};
use crate::sections::Town;
use crate::sections::refresh::refreshers;

const PEOPLE: [u32; 3] = [1_000_000, 2_000_000, 300_000];

const LENGTH: Duration = Duration::from_secs(4);

/// The server begins to purge a minute after its start.
const PURGE_AFTER: Duration = Duration::from_secs(61);

pub(super) fn run(town: &mut Town, report: &mut Report, progress: &mut Progress) {
    let small = town.small(progress);
    let before = load::run(&small.serve(), refreshers(small, 64), LENGTH).0;
    let begun = Instant::now();
    let large = House::new(PEOPLE, |rows| {
        progress.say(&format!("filling a database with 2,000,000 sessions: {} rows", grouped(f64::from(rows))));
    });
    report.fact(
        "a database of 1,000,000 users and 2,300,000 sessions",
        megabytes(std::fs::metadata(large.database()).unwrap().len()),
    );
    progress.say(&format!("filled in {} s; refresh at 2,000,000 sessions", begun.elapsed().as_secs()));
    let (server, started) = (large.serve(), Instant::now());
    let (figures, callers) = load::run(&server, refreshers(&large, 64), LENGTH);
    report.run("refresh at 2,000,000 sessions", 64, &figures);
    report.at_least("refresh at 2,000,000 sessions, to 100,000", figures.rate / before.rate, 0.6);
    let calm = figures.quantile(0.99).as_secs_f64();
    progress.say("refresh while a backup is made");
    let ((beside, callers), took) = beside_a_backup(&large, || load::run(&server, callers, LENGTH));
    report.run("refresh while a backup is made", 64, &beside);
    report.at_most("the same, p99, to without", beside.quantile(0.99).as_secs_f64() / calm, 2.0, " times");
    report.fact("the backup", format!("{:.0} s", took.as_secs_f64()));
    let many = PURGE_AFTER.saturating_sub(started.elapsed()).max(LENGTH);
    progress.say("refreshing as many sessions as go");
    let (figures, callers) = load::run(&server, callers, many);
    let all = grouped(figures.rate * many.as_secs_f64());
    report.run("the same, longer", 64, &figures);
    report.at_most(&format!("memory after {all} sessions' refreshes"), millions(server.memory()), 64.0, " MB");
    report.at_most("refresh, p99.9", figures.quantile(0.999).as_secs_f64() * 1e3, 20.0, " ms");
    progress.say("refresh while dead sessions are purged");
    let (figures, _) = load::run(&server, callers, LENGTH * 2);
    report.run("refresh while dead sessions are purged", 64, &figures);
    report.at_most("the same, p99", figures.quantile(0.99).as_secs_f64() * 1e3, 20.0, " ms");
    progress.say("logging everyone out");
    report.at_most("everyone logged out: until the tokens are refused", everyone(&server), 5.0, " ms");
}

/// Does something while a backup is made, and waits for that.
fn beside_a_backup<T>(house: &House, work: impl FnOnce() -> T) -> (T, Duration) {
    let folder = scratch();
    let begun = Instant::now();
    let mut command = Command::new(BINARY);
    command.arg("backup").arg(folder.path().join("copy.db")).arg("--data").arg(house.path()).env_clear();
    let mut backup = command.stdout(Stdio::null()).spawn().unwrap();
    let done = work();
    assert!(backup.wait().unwrap().success(), "the backup");
    (done, begun.elapsed())
}

/// Milliseconds from the call that logs everyone out to the moment when an access token is refused.
fn everyone(server: &Process) -> f64 {
    load::alone(async {
        let mut connection = Connection::open(server.addr).await.unwrap();
        let body = format!(r#"{{"email":"{}","password":"{PASSWORD}","transport":"body"}}"#, Population::email(0));
        let json = "HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
        let login = format!("POST /auth/login {json}Content-Length: {}\r\n\r\n{body}", body.len());
        let answer = connection.ask(login.as_bytes()).await.unwrap();
        let token = answer.member("accessToken").unwrap().to_owned();
        let me = format!("GET /auth/me HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n");
        let mut other = Connection::open(server.addr).await.unwrap();
        assert_eq!(other.ask(me.as_bytes()).await.unwrap().status, 200);
        let all =
            format!("POST /auth/admin/logout-all {json}Content-Length: 2\r\nAuthorization: Bearer {token}\r\n\r\n{{}}");
        let begun = Instant::now();
        let ask = tokio::task::spawn_local(async move {
            let answer = connection.ask(all.as_bytes()).await.unwrap();
            assert_eq!(answer.status, 200, "{}", answer.text());
        });
        while other.ask(me.as_bytes()).await.unwrap().status == 200 {}
        let took = begun.elapsed().as_secs_f64() * 1e3;
        ask.await.unwrap();
        took
    })
}
