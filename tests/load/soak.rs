//! Mixed work for long, with kills, lost answers and checkpoints by another program: nothing grows that
//! should not, and nobody is refused for anything but what they did.

use std::fs;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use serde_json::json;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use crate::chance::Chance;
use crate::others::{alone, runtime};
use crate::process::memory;
use crate::real::api::{Answer, Api, Lost, PASSWORD, Tokens};
use crate::real::{Real, Site};

/// How many work at once, with a session each.
const PEOPLE: u64 = 8;

/// So often is the server killed, all within the first two thirds.
const KILLS: u32 = 4;

/// So many bytes may the file grow for each row that it keeps: each session, event, end and user.
const BYTES_A_ROW: u64 = 1_500;

/// What everybody shares.
struct Scene {
    addr: SocketAddr,
    until: Instant,
    /// How often the server was killed, and half a kill while it is down.
    kills: AtomicU32,
    /// When it last came up again.
    back: Mutex<Option<Instant>>,
    calls: AtomicU32,
}

impl Scene {
    fn goes_on(&self) -> bool {
        !is_past(self.until)
    }

    /// Whether somebody may still hold a connection to the server that was killed.
    fn is_just_back(&self) -> bool {
        self.back.lock().unwrap().is_some_and(|back| !is_past(back + Duration::from_secs(2)))
    }

    /// Asks until an answer comes; none may be lost but by a kill. True where it had to ask again.
    async fn ask<F: Future<Output = Result<Answer, Lost>>>(
        &self,
        call: impl Fn(Api) -> F,
        api: &Api,
    ) -> (Answer, bool) {
        let mut again = false;
        loop {
            let before = self.kills.load(Ordering::SeqCst);
            match call(api.clone()).await {
                Ok(answer) => {
                    assert!(answer.status < 500, "the server failed: {answer:?}");
                    self.calls.fetch_add(1, Ordering::Relaxed);
                    return (answer, again);
                }
                Err(lost) => {
                    let is_killed =
                        before % 2 == 1 || self.kills.load(Ordering::SeqCst) != before || self.is_just_back();
                    assert!(is_killed, "an answer is lost, and nobody killed the server: {lost:?}");
                    again = true;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            }
        }
    }

    async fn refresh(&self, api: &Api, tokens: &mut Tokens) {
        let shown = tokens.refresh.clone();
        let (answer, again) = self.ask(|api| refresh(api, shown.clone()), api).await;
        *tokens = answer.tokens();
        if again {
            // That may have been a recovery, of which there may not be three in a row.
            for _ in 0..2 {
                let shown = tokens.refresh.clone();
                *tokens = self.ask(|api| refresh(api, shown.clone()), api).await.0.tokens();
            }
        }
    }

    async fn login(&self, api: &Api, email: &str) -> Tokens {
        self.ask(|api| login(api, email.to_owned()), api).await.0.tokens()
    }
}

async fn refresh(api: Api, token: String) -> Result<Answer, Lost> {
    api.refresh(&token).await
}

async fn login(api: Api, email: String) -> Result<Answer, Lost> {
    api.login(&email).await
}

async fn logout(api: Api, token: String) -> Result<Answer, Lost> {
    api.logout(&token).await
}

async fn act(api: Api, method: &'static str, path: String, access: String) -> Result<Answer, Lost> {
    api.act(method, &path, &access, &json!({})).await
}

async fn reauth(api: Api, access: String) -> Result<Answer, Lost> {
    api.act("POST", "/auth/reauth", &access, &json!({ "password": PASSWORD })).await
}

/// Somebody who signs in, refreshes, loses answers and signs out.
async fn person(scene: Arc<Scene>, email: String, mut chance: Chance) -> Tokens {
    let mut api = Api::new(scene.addr);
    let mut tokens = scene.login(&api, &email).await;
    while scene.goes_on() {
        match chance.below(100) {
            0..5 => {
                let _ = lose_answer(scene.addr, &tokens.refresh).await;
                for _ in 0..3 {
                    scene.refresh(&api, &mut tokens).await;
                }
            }
            5..10 => {
                let shown = tokens.refresh.clone();
                let answer = scene.ask(|api| logout(api, shown.clone()), &api).await.0;
                assert_eq!(answer.status, 204, "{answer:?}");
                let answer = scene.ask(|api| refresh(api, shown.clone()), &api).await.0;
                assert_eq!((answer.status, answer.reason()), (401, "logged_out"), "{answer:?}");
                tokens = scene.login(&api, &email).await;
            }
            10..12 => {
                let (answer, again) = scene.ask(|api| logout_all(api, tokens.access.clone()), &api).await;
                // Asked again after a kill: the first may have done it.
                assert!(answer.status == 200 || (again && answer.status == 401), "{answer:?}");
                tokens = scene.login(&api, &email).await;
            }
            12..30 => {
                let answer = scene.ask(|api| me(api, tokens.access.clone()), &api).await.0;
                assert_eq!(answer.status, 200, "{answer:?}");
            }
            30 => api = Api::new(scene.addr),
            _ => scene.refresh(&api, &mut tokens).await,
        }
    }
    scene.refresh(&api, &mut tokens).await;
    tokens
}

/// Refreshes, and goes away once the answer begins. (Sooner, and the request itself might come after the next
/// ones, as an old token would.)
async fn lose_answer(addr: SocketAddr, token: &str) -> std::io::Result<()> {
    let body = json!({ "refreshToken": token }).to_string();
    let head = "POST /auth/refresh HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length:";
    let mut stream = TcpStream::connect(addr).await?;
    stream.write_all(format!("{head} {}\r\n\r\n{body}", body.len()).as_bytes()).await?;
    stream.peek(&mut [0]).await.map(drop)
}

async fn logout_all(api: Api, access: String) -> Result<Answer, Lost> {
    api.logout_all(&access).await
}

async fn me(api: Api, access: String) -> Result<Answer, Lost> {
    api.me(&access).await
}

/// An administrator who looks at everything, and ends sessions of a user of their own.
async fn admin(scene: Arc<Scene>, email: String) -> Tokens {
    let api = Api::new(scene.addr);
    let mut tokens = scene.login(&api, &email).await;
    while scene.goes_on() {
        // Some of what follows needs the password fresh.
        let answer = scene.ask(|api| reauth(api, tokens.access.clone()), &api).await.0;
        tokens.access = answer.json["accessToken"].as_str().unwrap_or_else(|| panic!("{answer:?}")).to_owned();
        let victim = scene.login(&api, "victim@example.com").await;
        let me = scene.ask(|api| me(api, victim.access.clone()), &api).await.0.json;
        let user = format!("/auth/admin/users/{}", me["id"].as_str().unwrap());
        let session = format!("/auth/admin/sessions/{}", me["sessionId"].as_str().unwrap());
        for (method, path) in [
            ("GET", "/auth/admin/users?search=p"),
            ("GET", "/auth/admin/events?limit=50"),
            ("GET", "/auth/admin/overview"),
            ("GET", &user),
            ("POST", &format!("{user}/unlock")),
            ("DELETE", &session),
            ("POST", &format!("{user}/disable")),
            ("POST", &format!("{user}/enable")),
            ("POST", &format!("{user}/logout-all")),
        ] {
            let call = |api| act(api, method, path.to_owned(), tokens.access.clone());
            let (answer, again) = scene.ask(call, &api).await;
            let is_done = again && method != "GET" && [404, 409].contains(&answer.status);
            assert!([200, 204].contains(&answer.status) || is_done, "{method} {path}: {answer:?}");
        }
        let shown = victim.refresh.clone();
        let answer = scene.ask(|api| refresh(api, shown.clone()), &api).await.0;
        assert_eq!((answer.status, answer.reason()), (401, "ended_by_admin"), "{answer:?}");
        scene.refresh(&api, &mut tokens).await;
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    scene.refresh(&api, &mut tokens).await;
    tokens
}

/// What was measured at one moment.
struct Sample {
    memory: u64,
    file: u64,
    wal: u64,
    rows: u64,
}

impl Sample {
    fn of(site: &Site, server: &Real, stranger: &Connection) -> Self {
        let count = "SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM events) + (SELECT count(*) FROM
                     revocations) + (SELECT count(*) FROM users) + (SELECT count(*) FROM raises)";
        let len = |name: &str| fs::metadata(site.file(name)).map_or(0, |file| file.len());
        Self {
            memory: memory(server.pid()).unwrap(),
            file: len("doorward.db"),
            wal: len("doorward.db-wal"),
            rows: stranger.query_row(count, [], |row| row.get::<_, i64>(0)).unwrap().unsigned_abs(),
        }
    }
}

fn start(site: &Site, listen: &str) -> Real {
    site.starter().env("DOORWARD_REFRESH__GRACE", "0s").env("DOORWARD_LISTEN", listen).start()
}

#[expect(clippy::disallowed_methods, reason = "another process has no clock that a test could move")]
fn is_past(moment: Instant) -> bool {
    Instant::now() >= moment
}

/// Watches, kills, and moves the WAL by another connection, as a backup would.
#[expect(clippy::disallowed_methods, reason = "another process has no clock that a test could move")]
async fn run(scene: &Scene, site: &Site, mut server: Real, seconds: u64) -> (Real, Vec<Sample>) {
    let stranger = Connection::open(site.file("doorward.db")).unwrap();
    stranger.busy_timeout(Duration::from_secs(20)).unwrap();
    let kill_each = Duration::from_secs(seconds) * 2 / 3 / (KILLS + 1);
    let mut next = Instant::now() + kill_each;
    let mut samples = Vec::new();
    let mut killed = 0;
    while scene.goes_on() {
        tokio::time::sleep(Duration::from_millis(250)).await;
        stranger.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_| Ok(())).unwrap();
        samples.push(Sample::of(site, &server, &stranger));
        if killed < KILLS && is_past(next) {
            (next, killed) = (next + kill_each, killed + 1);
            scene.kills.fetch_add(1, Ordering::SeqCst);
            server.kill();
            server = start(site, &scene.addr.to_string());
            *scene.back.lock().unwrap() = Some(Instant::now());
            scene.kills.fetch_add(1, Ordering::SeqCst);
        }
    }
    assert_eq!(killed, KILLS);
    (server, samples)
}

/// From 8,000 pages of 4 KiB on the writer lets the WAL begin anew; by twice that it must have.
const MOST_WAL: u64 = 2 * 8_000 * 4_120;

/// Expects that the last third is as the first.
fn assert_flat(samples: &[Sample]) {
    let third = samples.len() / 3;
    let (first, last) = (&samples[..third], &samples[samples.len() - third..]);
    let most = |of: &[Sample], what: fn(&Sample) -> u64| of.iter().map(what).max().unwrap();
    let (memory, wal) = ([first, last].map(|of| most(of, |s| s.memory)), [first, last].map(|of| most(of, |s| s.wal)));
    let [begin, end] = [&first[0], last.last().unwrap()];
    let (grown, rows) = (end.file.saturating_sub(begin.file), end.rows - begin.rows);
    println!(
        "memory {} and {} MB, WAL {} and {} KB at the most in the first and the last third; \
         the file grew by {} KB for {rows} rows",
        memory[0] >> 20,
        memory[1] >> 20,
        wal[0] >> 10,
        wal[1] >> 10,
        grown >> 10
    );
    assert!(memory[1] < memory[0] * 3 / 2 + (8 << 20), "memory grows: {memory:?}");
    // It has the length that it once needed, and comes back to it: what counts is that it is bounded.
    assert!(wal[1] < MOST_WAL, "the WAL grows: {wal:?}");
    assert!(grown < rows * BYTES_A_ROW + (1 << 20), "the file grows by {grown} bytes for {rows} rows");
}

#[test]
fn mixed_work_with_faults_for_long() {
    let _alone = alone();
    let seconds = std::env::var("SOAK_SECONDS").map_or(20, |seconds| seconds.parse().unwrap());
    runtime().block_on(soak(seconds));
}

#[expect(clippy::disallowed_methods, reason = "another process has no clock that a test could move")]
async fn soak(seconds: u64) {
    let mut chance = Chance::new();
    let site = Site::new();
    let server = start(&site, "127.0.0.1:0");
    let api = server.api();
    api.setup(&server.setup_secret(), "root@example.com").await;
    for name in (0..PEOPLE).map(|number| format!("person{number}")).chain(["victim".to_owned()]) {
        api.register(&format!("{name}@example.com")).await;
    }
    drop(api);
    let scene = Arc::new(Scene {
        addr: server.addr(),
        until: Instant::now() + Duration::from_secs(seconds),
        kills: AtomicU32::new(0),
        back: Mutex::new(None),
        calls: AtomicU32::new(0),
    });
    let mut tasks = JoinSet::new();
    for number in 0..PEOPLE {
        tasks.spawn(person(Arc::clone(&scene), format!("person{number}@example.com"), chance.fork()));
    }
    tasks.spawn(admin(Arc::clone(&scene), "root@example.com".to_owned()));
    let (server, samples) = run(&scene, &site, server, seconds).await;
    let everybody = tasks.join_all().await;
    server.stop();
    println!("{} calls in {seconds} s", scene.calls.load(Ordering::Relaxed));
    let conn = Connection::open(site.file("doorward.db")).unwrap();
    let whole: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
    drop(conn);
    assert_flat(&samples);
    let server = start(&site, "127.0.0.1:0");
    for tokens in everybody {
        server.api().refresh(&tokens.refresh).await.unwrap().tokens();
    }
    server.stop();
}
