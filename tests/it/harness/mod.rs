//! The real server in this process: port 0, a folder of its own, a clock that the test moves, seeded
//! chance, hashes of cost 4. Browsers talk to it over real HTTP. When it goes, it fails the test on any
//! 5xx that was not expected and on any secret that stands in the log or in a file of the database.

pub mod answer;
pub mod browser;
pub mod clock;
pub mod logs;

use std::sync::{Arc, Mutex};

use doorward::base::entropy::{Entropy, NoEntropy};
use doorward::base::time::Ttl;
use doorward::config::Config;
use doorward::config::dev::Dev;
use doorward::server::{Env, Running, Server};
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;

use self::browser::Browser;
use self::clock::TestClock;

/// The password of every user that the harness makes.
pub const PASSWORD: &str = "correct horse battery staple";

/// A running server, and what was seen of it.
pub struct TestServer {
    running: Option<Running>,
    dir: TempDir,
    seed: u64,
    pub clock: Arc<TestClock>,
    pub seen: Arc<Seen>,
    settings: fn(&mut Config),
    /// Where the log was when this server began.
    log_start: usize,
}

/// What browsers have seen of a server.
#[derive(Default)]
pub struct Seen {
    /// Passwords, tokens, cookies, links: must be nowhere but with their holder.
    pub secrets: Mutex<Vec<String>>,
    /// Answers of 500 and more that no test expected.
    pub failures: Mutex<Vec<String>>,
}

/// Chance from a seed: the same calls in the same order get the same bytes.
struct Seeded(Mutex<(u64, u64)>);

impl Entropy for Seeded {
    fn fill(&self, out: &mut [u8]) -> Result<(), NoEntropy> {
        let mut state = self.0.lock().unwrap();
        for chunk in out.chunks_mut(32) {
            state.1 += 1;
            let block = Sha256::digest([state.0.to_be_bytes(), state.1.to_be_bytes()].concat());
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
        Ok(())
    }
}

impl TestServer {
    /// With the default settings.
    pub fn start() -> Self {
        Self::with(|_| {})
    }

    /// With other settings; a restart has them too.
    pub fn with(settings: fn(&mut Config)) -> Self {
        logs::capture();
        let mut server = Self {
            running: None,
            dir: tempfile::tempdir().unwrap(),
            seed: 0,
            clock: Arc::new(TestClock::default()),
            seen: Arc::default(),
            settings,
            log_start: logs::len(),
        };
        server.up();
        server
    }

    /// The development stub.
    pub fn dev() -> Self {
        Self::with(|config| {
            let data_dir = std::mem::take(&mut config.data_dir);
            *config = Config { data_dir, ..Config::of_dev() };
            config.dev = Some(Dev { keeps: true, anywhere: false });
        })
    }

    fn up(&mut self) {
        self.seed += 1;
        let mut config = Config { listen: "127.0.0.1:0".parse().unwrap(), ..Config::default() };
        self.dir.path().clone_into(&mut config.data_dir);
        config.passwords.bcrypt_cost = 4;
        // The port is another after a restart, and the issuer must not be.
        config.tokens.issuer = Some("http://localhost".to_owned());
        (self.settings)(&mut config);
        let env = Env { clock: self.clock.clone(), entropy: Arc::new(Seeded(Mutex::new((self.seed, 0)))) };
        self.running = Some(Server::start_with(config, env).unwrap());
        if let Some(link) = &self.running().setup_link {
            self.secret(link.url.expose().rsplit_once('#').unwrap().1);
        }
    }

    /// The folder of its database.
    pub fn folder(&self) -> &std::path::Path {
        self.dir.path()
    }

    pub fn running(&self) -> &Running {
        self.running.as_ref().unwrap()
    }

    /// Stops it and starts it again on the same file.
    pub fn restart(&mut self) {
        self.stop();
        self.up();
    }

    /// With the server stopped: the folder of its database.
    pub fn stop(&mut self) -> &std::path::Path {
        if let Some(running) = self.running.take() {
            running.stop();
        }
        self.dir.path()
    }

    /// Starts it again after [`Self::stop`], with other settings.
    pub fn start_again(&mut self, settings: fn(&mut Config)) {
        self.settings = settings;
        self.up();
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.running().addr.port())
    }

    /// Remembers what must not be seen.
    pub fn secret(&self, secret: &str) {
        self.seen.secrets.lock().unwrap().push(secret.to_owned());
    }

    /// A browser that nobody has signed in with.
    pub fn browser(&self) -> Browser {
        Browser::new(self)
    }

    /// The first administrator's browser, signed in: the set-up, where there is none yet.
    pub async fn admin(&self) -> Browser {
        let mut browser = self.browser();
        match &self.running().setup_link {
            Some(link) => {
                let secret = link.url.expose().rsplit_once('#').unwrap().1.to_owned();
                let body = serde_json::json!({"secret": secret, "email": "admin@example.com", "password": PASSWORD});
                let answer = browser.post("/auth/setup", body).await;
                if answer.status != 201 {
                    browser.login("admin@example.com").await.expect(200);
                }
            }
            None => browser.login("admin@example.com").await.expect(200),
        }
        browser
    }

    /// Makes a user by an invitation, and gives their browser, signed in.
    pub async fn user(&self, admin: &mut Browser, name: &str) -> Browser {
        let email = format!("{name}@example.com");
        let invited = admin.post("/auth/admin/users", serde_json::json!({"email": email})).await;
        invited.expect(201);
        let url = invited.text("/link/url");
        let secret = url.rsplit_once('#').unwrap().1.to_owned();
        self.secret(&secret);
        let mut browser = self.browser();
        browser.post("/auth/link", serde_json::json!({"secret": secret, "password": PASSWORD})).await.expect(204);
        browser.login(&email).await.expect(200);
        browser
    }

    /// Moves both clocks on.
    pub fn advance(&self, span: &str) {
        self.clock.advance(span.parse::<Ttl>().unwrap());
    }

    /// Looks for every secret in the log since the start and in the files.
    fn leaks(&self) -> Vec<String> {
        let secrets = self.seen.secrets.lock().unwrap();
        let mut places = vec![("log".to_owned(), logs::since(self.log_start))];
        for entry in std::fs::read_dir(self.dir.path()).unwrap() {
            let path = entry.unwrap().path();
            if path.is_file() {
                places.push((path.display().to_string(), std::fs::read(&path).unwrap()));
            }
        }
        let found = |(place, bytes): &(String, Vec<u8>)| {
            let holds = |secret: &&String| memchr::memmem::find(bytes, secret.as_bytes()).is_some();
            secrets.iter().find(holds).map(|secret| format!("{secret} stands in {place}"))
        };
        places.iter().filter_map(found).collect()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stop();
        if std::thread::panicking() {
            eprintln!("--- the log's tail\n{}", logs::tail());
            return;
        }
        let failures = self.seen.failures.lock().unwrap().clone();
        assert!(failures.is_empty(), "the server failed: {failures:#?}\n{}", logs::tail());
        let leaks = self.leaks();
        assert!(leaks.is_empty(), "secrets leaked: {leaks:#?}");
    }
}
