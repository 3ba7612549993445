//! The development stub: how soon it is there, what it holds, and many of them at once; beside stubs by others.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::client::Connection;
use crate::figures::{Figures, median};
use crate::house::{BINARY, scratch};
use crate::load;
use crate::peers;
use crate::process::{Process, Starting};
use crate::progress::Progress;
use crate::report::{Report, Table, megabytes, millions};
use crate::sections::Town;

/// So often each is started.
const STARTS: usize = 9;

/// So many run at once.
const MANY: usize = 200;

/// So often it is reset, each time after so many sessions were begun, or after one.
const RESETS: usize = 200;
const SESSIONS: usize = 50;

/// So many tokens are asked for, one after the other.
const TOKENS: usize = 1000;

const KEYS: &[u8] = b"GET /.well-known/jwks.json HTTP/1.1\r\nHost: localhost\r\n\r\n";

pub(super) fn run(_: &mut Town, report: &mut Report, progress: &mut Progress) {
    let folder = scratch();
    let stub = || {
        let mut command = Command::new(BINARY);
        command.args(["serve", "--dev", "--listen", "127.0.0.1:0"]).current_dir(folder.path()).env_clear();
        command.env("TMPDIR", folder.path()).stderr(Stdio::null());
        command
    };
    progress.say("the stub alone");
    let own = Row::measure("`doorward serve --dev`", stub, KEYS, &post("/dev/token", "application/json", "{}"));
    report.at_most("the stub: start to first answer", own.start, 30.0, " ms");
    report.at_most("memory, idle", millions(own.idle), 15.0, " MB");
    let server = Process::start(&mut stub());
    let _ = times(&server, &session(), 100);
    settle();
    report.at_most("memory after 100 sessions", millions(server.memory()), 15.0, " MB");
    progress.say("the stub, reset");
    for (sessions, after) in [(1, "1 session"), (SESSIONS, "50 sessions")] {
        let resets = resets(&Process::start(&mut stub()), sessions);
        let ms = |share| resets.quantile(share).as_secs_f64() * 1e3;
        report.at_most(&format!("`POST /dev/reset` after {after}, p50 of 200"), ms(0.5), 2.0, " ms");
        report.at_most("the same, p99", ms(0.99), 2.0, " ms");
    }
    progress.say("200 stubs at once");
    many(stub, report);
    let mut rows = vec![own];
    match peers::all() {
        Ok(peers) => {
            for peer in peers {
                progress.say(&peer.name);
                rows.push(Row::measure(&peer.name, || peer.command(), PEER_KEYS, &client_credentials()));
            }
        }
        Err(why) => report.fact("stubs by others", format!("not tried: {why}")),
    }
    report.tables.push(table(&rows));
}

const PEER_KEYS: &[u8] = b"GET /jwks HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn post(path: &str, kind: &str, body: &str) -> Vec<u8> {
    let len = body.len();
    format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind}\r\nContent-Length: {len}\r\n\r\n{body}")
        .into_bytes()
}

fn session() -> Vec<u8> {
    post("/dev/session", "application/json", r#"{"user":"bob@example.com","transport":"body"}"#)
}

fn client_credentials() -> Vec<u8> {
    let body = "grant_type=client_credentials&client_id=bench&client_secret=bench";
    post("/token", "application/x-www-form-urlencoded", body)
}

/// What is measured of each.
struct Row {
    name: String,
    /// Milliseconds from its start until it has told its keys.
    start: f64,
    /// Bytes in memory then, and after all the tokens.
    idle: u64,
    after: u64,
    tokens: Figures,
}

impl Row {
    fn measure(name: &str, command: impl Fn() -> Command, keys: &[u8], token: &[u8]) -> Self {
        let first_answer = || {
            let begun = Instant::now();
            let server = Process::start(&mut command());
            ask(&server, keys);
            (begun.elapsed().as_secs_f64() * 1e3, server)
        };
        let start = median((0..STARTS).map(|_| first_answer().0).collect());
        let (_, server) = first_answer();
        settle();
        let idle = server.memory();
        let tokens = times(&server, token, TOKENS);
        Self { name: name.to_owned(), start, idle, after: server.memory(), tokens }
    }
}

fn table(rows: &[Row]) -> Table {
    let columns = vec!["stubs", "start to first answer", "memory, idle", "a token, p50", "p99", "memory after 1,000"];
    let row = |row: &Row| {
        let ms = |share| format!("{:.2} ms", row.tokens.quantile(share).as_secs_f64() * 1e3);
        let start = format!("{:.0} ms", row.start);
        vec![row.name.clone(), start, megabytes(row.idle), ms(0.5), ms(0.99), megabytes(row.after)]
    };
    Table { columns, rows: rows.iter().map(row).collect() }
}

/// One answer of success, on a connection of its own.
fn ask(server: &Process, request: &[u8]) {
    times(server, request, 1);
}

/// The same request again and again on one connection.
fn times(server: &Process, request: &[u8], often: usize) -> Figures {
    load::alone(async {
        let mut connection = Connection::open(server.addr).await.unwrap();
        let (mut all, begun) = (Vec::with_capacity(often), Instant::now());
        for _ in 0..often {
            all.push(timed(&mut connection, request).await);
        }
        Figures::new(all, begun.elapsed(), [Duration::ZERO; 2])
    })
}

/// Nanoseconds from the request to its answer of success.
async fn timed(connection: &mut Connection, request: &[u8]) -> u32 {
    let sent = Instant::now();
    let answer = connection.ask(request).await.unwrap();
    let took = sent.elapsed();
    assert!((200..300).contains(&answer.status), "{}", answer.text());
    u32::try_from(took.as_nanos()).unwrap_or(u32::MAX)
}

/// Resets, each after so many new sessions.
fn resets(server: &Process, sessions: usize) -> Figures {
    let (session, reset) = (session(), post("/dev/reset", "application/json", "{}"));
    load::alone(async {
        let mut connection = Connection::open(server.addr).await.unwrap();
        let (mut all, begun) = (Vec::new(), Instant::now());
        for _ in 0..RESETS {
            for _ in 0..sessions {
                timed(&mut connection, &session).await;
            }
            all.push(timed(&mut connection, &reset).await);
        }
        Figures::new(all, begun.elapsed(), [Duration::ZERO; 2])
    })
}

fn many(stub: impl Fn() -> Command, report: &mut Report) {
    let begun = Instant::now();
    let starting: Vec<_> = (0..MANY).map(|_| Starting::new(&mut stub())).collect();
    let all: Vec<_> = starting.into_iter().map(Starting::ready).collect();
    for server in &all {
        ask(server, KEYS);
    }
    let took = begun.elapsed();
    settle();
    let memory: u64 = all.iter().map(Process::share).sum();
    let last = all.last().unwrap();
    let login = post("/auth/login", "application/json", r#"{"email":"ann@example.com","password":"ann"}"#);
    let (login, reset) = (times(last, &login, 1), times(last, &post("/dev/reset", "application/json", "{}"), 1));
    let ms = |figures: &Figures| figures.longest().as_secs_f64() * 1e3;
    report.fact("200 stubs at once, until each has answered", format!("{:.1} s", took.as_secs_f64()));
    report.fact("the same, memory of all together", megabytes(memory));
    report.fact("a login · a reset at one of them", format!("{:.1} ms · {:.1} ms", ms(&login), ms(&reset)));
}

/// Lets what follows a start or a load come to rest.
fn settle() {
    load::alone(async { tokio::time::sleep(Duration::from_secs(2)).await });
}
