//! A server to be attacked: in this process, over real sockets, with a clock that the test moves. It trusts
//! its loopback peer as a proxy, so that one test can come from any address.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use doorward::base::entropy::SystemEntropy;
use doorward::base::time::{Clock, Timestamp, Ttl};
use doorward::config::{Config, Registration};
use doorward::server::{Env, Running, Server};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A password that the rules take.
pub const PASSWORD: &str = "correct horse battery staple";

pub struct Target {
    running: Running,
    clock: Arc<Hands>,
    dir: TempDir,
}

/// An answer as it came over the wire.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    /// The lines of the head behind the first, their names in lower case.
    pub head: Vec<String>,
    pub body: String,
}

struct Hands(Mutex<(Timestamp, Duration)>);

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        self.0.lock().unwrap().0
    }
    fn monotonic(&self) -> Duration {
        self.0.lock().unwrap().1
    }
}

impl Target {
    /// With open registration, hashes of the lowest cost and whatever `settings` say.
    pub fn start(settings: impl FnOnce(&mut Config)) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), settings)
    }

    /// Stops, and starts again on the same files with other settings.
    pub fn restart(self, settings: impl FnOnce(&mut Config)) -> Self {
        let Self { running, dir, .. } = self;
        running.stop();
        Self::start_in(dir, settings)
    }

    fn start_in(dir: TempDir, settings: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config { listen: "127.0.0.1:0".parse().unwrap(), ..Config::default() };
        dir.path().clone_into(&mut config.data_dir);
        config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        config.registration = Registration::Open;
        config.passwords.bcrypt_cost = 4;
        settings(&mut config);
        let clock = Arc::new(Hands(Mutex::new((Timestamp::from_millis(1_800_000_000_250), Duration::from_secs(99)))));
        let env = Env { clock: clock.clone(), entropy: Arc::new(SystemEntropy::default()) };
        Self { running: Server::start_with(config, env).unwrap(), clock, dir }
    }

    /// Time passes.
    pub fn advance(&self, span: &str) {
        let span: Ttl = span.parse().unwrap();
        let mut hands = self.clock.0.lock().unwrap();
        *hands = (hands.0 + span, hands.1 + span.as_duration());
    }

    pub fn setup_secret(&self) -> String {
        let link = self.running.setup_link.as_ref().unwrap();
        link.url.expose().rsplit_once('#').unwrap().1.to_owned()
    }

    /// Makes the first administrator, and gives the header with their token.
    pub fn admin(&self) -> String {
        let body = json!({"secret": self.setup_secret(), "email": "root@example.com", "password": PASSWORD});
        bearer(&self.post(0, "/auth/setup", "", &body))
    }

    /// Makes a user.
    pub fn user(&self, email: &str) -> Reply {
        self.post(0, "/auth/register", "", &json!({"email": email, "password": PASSWORD, "transport": "body"}))
    }

    /// One guess from the address of this number.
    pub fn guess(&self, from: u32, email: &str, password: &str) -> Reply {
        self.post(from, "/auth/login", "", &json!({"email": email, "password": password, "transport": "body"}))
    }

    /// JSON from the address of this number, with further lines of the head.
    pub fn post(&self, from: u32, path: &str, lines: &str, body: &Value) -> Reply {
        self.call("POST", path, &format!("X-Forwarded-For: {}\r\n{lines}", address(from)), &body.to_string())
    }

    pub fn get(&self, path: &str, lines: &str) -> Reply {
        self.call("GET", path, lines, "")
    }

    /// A whole request on a connection of its own. With a content type of JSON, which stands in for `Origin`.
    pub fn call(&self, method: &str, path: &str, lines: &str, body: &str) -> Reply {
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{lines}");
        let head = format!("{head}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n");
        let raw = self.raw(&[head.as_bytes(), body.as_bytes()].concat());
        Reply::parse(&raw).unwrap_or_else(|| panic!("no answer to {method} {path}: {raw:?}"))
    }

    /// Sends these bytes, says that there are no more, and gives all that comes back.
    pub fn raw(&self, bytes: &[u8]) -> String {
        let mut stream = self.connect();
        let mut answer = Vec::new();
        // A server that refuses may close while there is still something to send.
        if stream.write_all(bytes).is_ok() {
            let _ = stream.shutdown(Shutdown::Write);
        }
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.running.addr).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        stream
    }

    /// What an administrator reads of a user.
    pub fn failures(&self, admin: &str, email: &str) -> u64 {
        let found = self.get(&format!("/auth/admin/users?search={email}"), admin);
        found.json()["users"][0]["failures"].as_u64().unwrap()
    }
}

impl Reply {
    fn parse(raw: &str) -> Option<Self> {
        let (head, body) = raw.split_once("\r\n\r\n")?;
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let line = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap_or((line, ""));
            format!("{}: {value}", name.to_ascii_lowercase())
        };
        Some(Self { status, head: lines.map(line).collect(), body: body.to_owned() })
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_default()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

/// The line with the access token of an answer.
pub fn bearer(answer: &Reply) -> String {
    let json = answer.json();
    let token = json["accessToken"].as_str().unwrap_or_else(|| panic!("not signed in: {answer:?}"));
    format!("Authorization: Bearer {token}\r\n")
}

/// One of many addresses, each a network of its own.
fn address(number: u32) -> String {
    std::net::Ipv4Addr::from(0x0a00_0001 + number * 256).to_string()
}

/// The same on so many threads, which begin together.
pub fn side_by_side<T: Send>(count: u32, what: impl Fn(u32) -> T + Sync) -> Vec<T> {
    let together = std::sync::Barrier::new(usize::try_from(count).unwrap());
    let run = |number| {
        together.wait();
        what(number)
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..count).map(|number| scope.spawn(move || run(number))).collect::<Vec<_>>();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}
