//! A folder with a database in it, and the binary that works on it.

use std::cell::Cell;
use std::fs::Permissions;
use std::io::Write;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use doorward::base::entropy::SystemEntropy;
use doorward::base::id::SessionId;
use doorward::base::time::{Clock, SystemClock, Timestamp, Ttl};
use doorward::config::Config;
use doorward::domain::client::Client;
use doorward::domain::email::Email;
use doorward::domain::event::Event;
use doorward::domain::hash::TokenHash;
use doorward::domain::session::{Recoveries, Session, Transport};
use doorward::domain::version::Version;
use doorward::ops::start::start;
use doorward::store::error::Error;
use doorward::store::op::Op;
use doorward::store::rows::{EventFilter, Rows};
use doorward::store::sqlite::beside::Beside;
use doorward::store::sqlite::handle::{Opened, Store};
use doorward::store::tx::Tx;
use tempfile::TempDir;

/// A folder of its own for each test.
pub(super) struct House {
    folder: TempDir,
    /// How often somebody signed in.
    sign_ins: Cell<i64>,
}

/// What a command said.
#[derive(Debug)]
pub(super) struct Said {
    /// Its exit status.
    pub(super) status: i32,
    /// Its standard output.
    pub(super) out: String,
    /// Its standard error.
    pub(super) err: String,
}

impl House {
    /// An empty folder, for its owner alone.
    pub(super) fn empty() -> Self {
        let folder = tempfile::Builder::new().permissions(Permissions::from_mode(0o700)).tempdir().unwrap();
        Self { folder, sign_ins: Cell::new(0) }
    }

    /// A database as the first start leaves it.
    pub(super) fn new() -> Self {
        let house = Self::empty();
        let config = Config { data_dir: house.path().to_owned(), ..Config::default() };
        let opened = Opened::new(house.path()).unwrap();
        start(&opened, &config, "http://localhost:8484", SystemClock.now(), &SystemEntropy::default()).unwrap();
        house
    }

    /// With these users, none of whom has a password yet.
    pub(super) fn with(users: &[(&str, &str)]) -> Self {
        let house = Self::new();
        for (email, role) in users {
            house.done(&["user", "add", email, "--role", role]);
        }
        house
    }

    /// The folder.
    pub(super) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Runs the binary in the folder, with nothing in the environment but a hash that is quick.
    pub(super) fn run(&self, args: &[&str]) -> Said {
        self.run_with(args, "", &[("DOORWARD_PASSWORDS__BCRYPT_COST", "10")])
    }

    /// Runs it with this on standard input.
    pub(super) fn typed(&self, args: &[&str], input: &str) -> Said {
        self.run_with(args, input, &[("DOORWARD_PASSWORDS__BCRYPT_COST", "10")])
    }

    /// Runs it with standard input and environment.
    pub(super) fn run_with(&self, args: &[&str], input: &str, env: &[(&str, &str)]) -> Said {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
        command.args(args).current_dir(self.path()).env_clear().envs(env.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that reads nothing may be gone already.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Said {
            status: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs it, expects that it is done, and gives its standard output.
    pub(super) fn done(&self, args: &[&str]) -> String {
        let said = self.run(args);
        assert_eq!(said.status, 0, "{args:?}: {said:?}");
        said.out
    }

    /// Runs it and expects that it fails with this text, and that it says nothing else.
    pub(super) fn fails(&self, args: &[&str], status: i32, error: &str) {
        let said = self.run(args);
        let database = self.path().join("doorward.db").display().to_string();
        assert_eq!((said.status, said.out.as_str()), (status, ""), "{args:?}: {said:?}");
        assert_eq!(said.err, format!("database: {database}\nerror: {error}\n"), "{args:?}");
    }

    /// The database of a running server, which answers for as long as it is kept.
    pub(super) fn serve(&self) -> Store {
        Opened::new(self.path()).unwrap().start(Arc::new(SystemClock)).unwrap()
    }

    /// Looks into the database.
    pub(super) fn read<T>(&self, read: impl FnOnce(&dyn Rows) -> Result<T, Error>) -> T {
        Beside::open(self.path()).unwrap().read(read).unwrap()
    }

    /// Signs a user in, with this browser; each time a little later.
    pub(super) fn sign_in(&self, email: &str, agent: &str) -> SessionId {
        self.sign_ins.update(|count| count + 1);
        let now = SystemClock.now() + Ttl::from_millis(self.sign_ins.get());
        let sign_in = SignIn { email: email.to_owned(), agent: agent.to_owned(), now };
        Beside::open(self.path()).unwrap().run(&sign_in).unwrap()
    }

    /// The kinds and details of the last events, newest first.
    pub(super) fn events(&self, count: u32) -> Vec<String> {
        let said = |Event { kind, detail, .. }| match detail {
            Some(detail) => format!("{kind} {detail}"),
            None => kind.to_string(),
        };
        let events = self.read(|rows| rows.events(EventFilter::default(), count));
        events.into_iter().map(|stored| said(stored.event)).collect()
    }
}

struct SignIn {
    email: String,
    agent: String,
    now: Timestamp,
}

impl Op for SignIn {
    type Out = SessionId;

    fn run(&self, tx: &mut dyn Tx) -> Result<SessionId, Error> {
        let now = self.now;
        let user = tx.user_by_email(Email::parse(&self.email).unwrap().key())?.unwrap();
        let id = SessionId::new(now, &SystemEntropy::default()).unwrap();
        tx.insert_session(&Session {
            id,
            user: user.id,
            ver: Version { epoch: tx.meta()?.epoch, number: user.version },
            transport: Transport::Cookie,
            device: None,
            generation: 0,
            chain_start: 0,
            hash: TokenHash::from_bytes([7; 32]),
            rotated_at: now,
            exp: now + Ttl::from_days(7),
            end: now + Ttl::from_days(30),
            created_at: now,
            auth_time: now,
            client: Client::new(Ipv4Addr::LOCALHOST.into(), &self.agent, String::new()),
            by_device: false,
            recoveries: Recoveries::default(),
            ended: None,
        })?;
        Ok(id)
    }
}

/// The same text with one blank between words, and with what differs from run to run named by its kind.
pub(super) fn plain(text: &str) -> String {
    let line = |line: &str| line.split_whitespace().map(word).collect::<Vec<_>>().join(" ");
    text.lines().map(line).collect::<Vec<_>>().join("\n")
}

fn word(word: &str) -> String {
    let bare = word.trim_matches(['"', ',', ';']);
    let name = match bare.split_once('#') {
        Some((url, secret)) if secret.len() == 43 => format!("{url}#SECRET"),
        _ if bare.len() == 36 && bare.matches('-').count() == 4 => "ID".to_owned(),
        _ if bare.starts_with("20") && bare.contains('T') && bare.ends_with('Z') => "TIME".to_owned(),
        _ => return word.to_owned(),
    };
    word.replace(bare, &name)
}
