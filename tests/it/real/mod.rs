//! The real binary on a folder of its own: started, asked over HTTP, stopped, killed.
//!
//! ```no_run
//! let site = Site::new();
//! let server = site.start();
//! let api = server.api();                                   // see `api`
//! api.setup(&server.setup_secret(), "ann@example.com").await;
//! server.stop();                                            // SIGTERM; expects status 0
//! ```
//!
//! A [`Site`] outlives its servers: start again on it after a stop or a kill. Whatever still runs at the
//! end of a test is killed; where the test failed, the log is printed.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "what helps a test may fail it, and says why"
)]

pub(crate) mod api;
pub(crate) mod wait;

use std::ffi::OsStr;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

use self::api::Api;
use self::wait::until;

/// How long a busy machine may take to start or stop a server.
const PATIENCE: Duration = Duration::from_secs(30);

/// Quick hashes, no limits to run into, and an issuer that stays when the port changes.
const SETTINGS: &str = r#"listen = "127.0.0.1:0"
registration = "open"
[tokens]
issuer = "http://doorward.test"
[passwords]
bcrypt_cost = 10
[limits]
login = "10000/1m"
login_address = "100000/1m"
"#;

/// A folder with settings and, once a server has run on it, a database.
pub(crate) struct Site {
    folder: TempDir,
}

impl Site {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let site = Self { folder: TempDir::new().unwrap() };
        std::fs::create_dir(site.data()).unwrap();
        std::fs::write(site.data().join("config.toml"), SETTINGS).unwrap();
        site
    }

    /// The data folder.
    pub(crate) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A file of it.
    pub(crate) fn file(&self, name: &str) -> PathBuf {
        self.data().join(name)
    }

    /// All that its servers have logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log_path()).unwrap_or_default()
    }

    fn log_path(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    /// Starts a server, and waits until it listens.
    pub(crate) fn start(&self) -> Real {
        self.starter().start()
    }

    /// For a server that is to be started in a special way.
    pub(crate) fn starter(&self) -> Starter<'_> {
        Starter { site: self, env: Vec::new(), through: Vec::new() }
    }

    /// Runs a command of the binary to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Output {
        self.typed(args, "")
    }

    /// The same, with this on standard input.
    pub(crate) fn typed(&self, args: &[&str], input: &str) -> Output {
        let path = self.folder.path().join(format!("input-{}", args.join("-").replace('/', "-")));
        std::fs::write(&path, input).unwrap();
        let mut command = self.command(&[]);
        command.args(args).stdin(File::open(path).unwrap()).output().unwrap()
    }

    /// Runs a command of the binary, by a program that becomes it, to its end.
    pub(crate) fn run_through(&self, through: &[&str], args: &[&str]) -> Output {
        self.spawn_through(through, args).wait_with_output().unwrap()
    }

    /// The same, and doesn't wait.
    pub(crate) fn spawn_through(&self, through: &[&str], args: &[&str]) -> Child {
        let through: Vec<_> = through.iter().map(|word| (*word).to_owned()).collect();
        self.command(&through).args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The same with standard input from here.
    pub(crate) fn spawn_at(&self, input: File, args: &[&str]) -> Child {
        self.command(&[]).args(args).stdin(input).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// The folder around the data folder, where commands run.
    pub(crate) fn around(&self) -> &Path {
        self.folder.path()
    }

    /// The binary on this site, behind what starts it.
    fn command(&self, through: &[String]) -> Command {
        let mut words = through.iter().map(OsStr::new).chain([OsStr::new(env!("CARGO_BIN_EXE_doorward"))]);
        let mut command = Command::new(words.next().unwrap());
        command.args(words).arg("--data").arg(self.data());
        command.env_clear().current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }
}

/// A server to be.
pub(crate) struct Starter<'a> {
    site: &'a Site,
    env: Vec<(String, String)>,
    through: Vec<String>,
}

impl Starter<'_> {
    /// Sets a variable of its environment, which is empty otherwise.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it by this program, which must become it or run it as its own child's child.
    pub(crate) fn through(mut self, program: &[&str]) -> Self {
        self.through = program.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// Starts it, and waits until it listens.
    pub(crate) fn start(self) -> Real {
        self.spawn().listening()
    }

    /// Starts it, and doesn't wait.
    pub(crate) fn spawn(self) -> Started {
        let log = self.site.log_path();
        let mut command = self.site.command(&self.through);
        command.arg("serve").envs(self.env).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // By a pipe: a server that may write no file logs all the same.
        let mut err = child.stderr.take().unwrap();
        let mut file = OpenOptions::new().create(true).append(true).open(&log).unwrap();
        std::thread::spawn(move || std::io::copy(&mut err, &mut file));
        let (tell, said) = channel();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| tell.send(line)));
        Started { child, said, log }
    }
}

/// A server that may not listen yet.
pub(crate) struct Started {
    child: Child,
    said: Receiver<String>,
    log: PathBuf,
}

impl Started {
    /// Waits until it listens.
    pub(crate) fn listening(self) -> Real {
        let log = self.log.clone();
        self.listening_or_ended().unwrap_or_else(|status| panic!("the server ended: {status}\n{}", tail(&log)))
    }

    /// Waits for a line with this in it, and gives what follows. None where the output ends without.
    fn hear(&self, what: &str) -> Option<String> {
        loop {
            let line = self.said.recv_timeout(PATIENCE).ok()?;
            if let Some((_, rest)) = line.split_once(what) {
                return Some(rest.to_owned());
            }
        }
    }

    /// Waits until it listens, or ends before: then how.
    pub(crate) fn listening_or_ended(self) -> Result<Real, ExitStatus> {
        match self.hear("listening on http://") {
            Some(greeting) => Ok(self.at(&greeting)),
            None => Err(self.wait()),
        }
    }

    fn at(self, greeting: &str) -> Real {
        let addr = greeting.split([' ', ',']).next().unwrap().parse().unwrap();
        Real { started: self, addr }
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(pid(&self.child), signal).unwrap();
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait(mut self) -> ExitStatus {
        until("the server ends", PATIENCE, || self.child.try_wait().unwrap())
    }

    /// SIGKILL, and waits until it is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Started {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            println!("--- the server's log\n{}", tail(&self.log));
        }
    }
}

/// A server that listens.
pub(crate) struct Real {
    started: Started,
    addr: SocketAddr,
}

impl Real {
    /// Where it listens.
    pub(crate) const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Its process.
    pub(crate) fn pid(&self) -> Pid {
        pid(&self.started.child)
    }

    /// Whether one of its threads hashes a password now.
    pub(crate) fn hashes(&self) -> bool {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid())).unwrap();
        let stats = tasks.filter_map(|task| std::fs::read_to_string(task.unwrap().path().join("stat")).ok());
        // "1234 (hash-0) R …": its name and whether it runs.
        stats.into_iter().any(|stat| stat.contains("(hash-") && stat.contains(") R "))
    }

    /// A client with connections of its own.
    pub(crate) fn api(&self) -> Api {
        Api::new(self.addr)
    }

    /// The secret of the set-up link, which it prints while there is no administrator. Once a server.
    pub(crate) fn setup_secret(&self) -> String {
        self.started.hear("/setup#").expect("there is no set-up link")
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        self.started.signal(signal);
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait(self) -> ExitStatus {
        self.started.wait()
    }

    /// SIGTERM, and waits until it is gone. Expects status 0.
    pub(crate) fn stop(self) {
        self.signal(Signal::TERM);
        assert_eq!(self.wait().code(), Some(0));
    }

    /// SIGKILL, and waits until it is gone.
    pub(crate) fn kill(self) {
        self.started.kill();
    }
}

fn pid(child: &Child) -> Pid {
    Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap()
}

/// The last lines of a log.
fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    lines[lines.len().saturating_sub(40)..].join("\n")
}
