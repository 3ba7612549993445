//! The real binary as a stub: how it starts, what it says, and that it is never taken for the other.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use reqwest::Client;
use rusqlite::Connection;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::real::Site;
use crate::real::wait::until;

/// A stub that runs until it is dropped.
pub struct Stub {
    pub child: Child,
    ready: Value,
}

impl Stub {
    pub fn start(folder: &Path, args: &[&str]) -> Self {
        let addr: &[_] = if args.contains(&"--listen") { &[] } else { &["--listen", "127.0.0.1:0"] };
        let mut child = command(folder).args(addr).args(args).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let ready = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line:?} {:?}", child.wait()));
        Self { child, ready }
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.ready["url"].as_str().unwrap())
    }

    async fn session(&self, user: &str) -> (u16, Value) {
        let asked = client().post(self.url("/dev/session")).json(&json!({ "user": user }));
        let answer = asked.send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }

    fn stop(mut self) -> Option<i32> {
        kill_process(Pid::from_child(&self.child), Signal::TERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Stub {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The binary in a folder, which is its folder for what passes too.
fn command(folder: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
    command.args(["serve", "--dev"]).env_clear().env("TMPDIR", folder).current_dir(folder);
    command.stdin(Stdio::null()).stderr(Stdio::null());
    command
}

fn client() -> Client {
    Client::builder().no_proxy().build().unwrap()
}

fn ends(mut command: Command) -> (Option<i32>, String) {
    let Output { status, stderr, .. } = command.stderr(Stdio::piped()).stdout(Stdio::null()).output().unwrap();
    (status.code(), String::from_utf8(stderr).unwrap())
}

fn entries(folder: &Path) -> usize {
    std::fs::read_dir(folder).unwrap().count()
}

#[tokio::test]
async fn it_says_where_it_is_and_leaves_nothing() {
    let folder = TempDir::new().unwrap();
    let stub = Stub::start(folder.path(), &[]);
    let url = stub.ready["url"].as_str().unwrap().to_owned();
    assert_eq!(stub.ready["issuer"], format!("{url}/dev"));
    assert_eq!(stub.ready["pid"], stub.child.id());
    let keys: Value = client().get(stub.ready["jwks"].as_str().unwrap()).send().await.unwrap().json().await.unwrap();
    assert_eq!(keys["keys"][0]["kid"], "dev-es256");
    let (status, session) = stub.session("bob@example.com").await;
    assert_eq!((status, session["user"]["email"].as_str()), (200, Some("bob@example.com")));
    // `localhost` is the one or the other, as programs choose.
    let port = url.rsplit_once(':').unwrap().1;
    for host in ["127.0.0.1", "[::1]"] {
        let answer = client().get(format!("http://{host}:{port}/healthz")).send().await;
        assert!(answer.is_ok_and(|answer| answer.status() == 200) || host == "[::1]" && !has_ipv6(), "{host}");
    }
    assert_eq!((entries(folder.path()), stub.stop()), (1, Some(0)));
    assert_eq!(entries(folder.path()), 0, "its folder is gone");
}

fn has_ipv6() -> bool {
    std::net::TcpListener::bind("[::1]:0").is_ok()
}

#[test]
fn it_ends_with_who_started_it_where_that_is_asked() {
    let folder = TempDir::new().unwrap();
    let mut command = command(folder.path());
    command.args(["--listen", "127.0.0.1:0", "--with-stdin"]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    assert!(child.try_wait().unwrap().is_none());
    drop(child.stdin.take());
    assert_eq!((child.wait().unwrap().code(), entries(folder.path())), (Some(0), 0));
}

#[test]
fn only_an_argument_makes_a_stub() {
    let site = Site::new();
    let folder = site.around();
    for settings in ["dev = true\n", "[dev]\nenabled = true\n", "[serve]\ndev = true\n"] {
        std::fs::write(folder.join("other.toml"), settings).unwrap();
        let refused = site.run(&["serve", "--config", "other.toml"]);
        assert_eq!(refused.status.code(), Some(1), "{settings}");
    }
    for variable in ["DOORWARD_DEV", "DOORWARD_SERVE__DEV", "DOORWARD_DEV__ENABLED"] {
        let status = site.starter().env(variable, "true").spawn().listening_or_ended();
        assert_eq!(status.err().and_then(|status| status.code()), Some(1), "{variable}");
    }
    assert!(!site.file("doorward.db").exists());
}

#[test]
fn it_listens_where_nobody_else_is() {
    let folder = TempDir::new().unwrap();
    for addr in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let mut command = command(folder.path());
        command.args(["--listen", addr]);
        let (status, err) = ends(command);
        assert!(status == Some(1) && err.contains("say --dev-unsafe-listen"), "{addr}: {err}");
    }
    // Not by a setting of the folder either.
    std::fs::write(folder.path().join("config.toml"), "listen = \"0.0.0.0:0\"\n").unwrap();
    assert_eq!(ends(command(folder.path())).0, Some(1));
    std::fs::remove_file(folder.path().join("config.toml")).unwrap();
    Stub::start(folder.path(), &["--listen", "0.0.0.0:0", "--dev-unsafe-listen"]);
}

#[tokio::test]
async fn its_users_are_those_of_the_settings() {
    let folder = TempDir::new().unwrap();
    let settings = "[[dev.users]]\nemail = \"Zoe@example.com\"\nrole = \"editor\"\n\
                    [[dev.users]]\nemail = \"max@example.com\"\npassword = \"x\"\ndisabled = true\n";
    std::fs::write(folder.path().join("config.toml"), settings).unwrap();
    let stub = Stub::start(folder.path(), &[]);
    let (status, zoe) = stub.session("zoe@example.com").await;
    assert_eq!((status, zoe["user"]["role"].as_str()), (200, Some("editor")));
    assert_eq!((stub.session("max@example.com").await.0, stub.session("ann@example.com").await.0), (401, 404));
    let login = json!({"email": "zoe@example.com", "password": "Zoe"});
    assert_eq!(client().post(stub.url("/auth/login")).json(&login).send().await.unwrap().status(), 200);
    for (bad, what) in [
        ("[[dev.users]]\nname = \"zoe\"\n", "entry 1: name is none of email, password, role and disabled"),
        ("[[dev.users]]\nemail = \"zoe\"\n", "entry 1: email: "),
        ("[[dev.users]]\npassword = \"x\"\n", "entry 1: email is missing"),
        (
            "[dev]\nusers = [{ email = \"a@b.example\" }, { email = \"A@b.example\" }]\n",
            "entry 2: the address is there",
        ),
        ("[dev]\nusers = \"ann\"\n", "must be a list such as"),
    ] {
        std::fs::write(folder.path().join("config.toml"), bad).unwrap();
        let (status, err) = ends(command(folder.path()));
        assert!(status == Some(1) && err.contains("dev.users") && err.contains(what), "{bad}: {err}");
    }
}

#[tokio::test]
async fn what_it_keeps_is_there_again() {
    let folder = TempDir::new().unwrap();
    let stub = Stub::start(folder.path(), &["--data", "kept"]);
    let body = json!({"user": "bob@example.com", "transport": "body"});
    let answer = client().post(stub.url("/dev/session")).json(&body).send().await.unwrap();
    let session: Value = answer.json().await.unwrap();
    assert_eq!(stub.stop(), Some(0));
    let stub = Stub::start(folder.path(), &["--data", "kept"]);
    let refresh = json!({"refreshToken": session["refreshToken"]});
    let again = client().post(stub.url("/auth/refresh")).json(&refresh).send().await.unwrap();
    assert_eq!(again.status(), 200);
    assert_eq!(entries(folder.path()), 1, "and no other folder is made");
}

#[tokio::test]
async fn a_database_is_for_the_one_or_the_other() {
    let (site, folder) = (Site::new(), TempDir::new().unwrap());
    site.start().stop();
    drop(Stub::start(folder.path(), &["--data", "stub"]));
    let stub = folder.path().join("stub");
    // The stub's is served, read and copied by nothing else.
    let at = stub.to_str().unwrap();
    for args in [
        &["serve", "--data", at, "--listen", "127.0.0.1:0"][..],
        &["user", "list", "--data", at],
        &["keys", "rotate", "--data", at],
    ] {
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
        let (status, err) = ends({
            command.args(args).env_clear().current_dir(folder.path());
            command
        });
        assert!(status == Some(1) && err.contains("was made by `doorward serve --dev`"), "{args:?}: {err}");
    }
    let mut backup = Command::new(env!("CARGO_BIN_EXE_doorward"));
    backup.args(["backup", "copy.db", "--data", at]).env_clear().current_dir(folder.path());
    assert_eq!(ends(backup).0, Some(1));
    // Nor is a copy of it taken for a backup, put in its place or restored.
    let copy = site.around().join("copy.db");
    let conn = Connection::open(stub.join("doorward.db")).unwrap();
    conn.execute("VACUUM INTO ?", [copy.to_str().unwrap()]).unwrap();
    for args in [&["check", "copy.db"][..], &["restore", "--yes", "copy.db"]] {
        let refused = site.run(args);
        let err = String::from_utf8(refused.stderr).unwrap() + &String::from_utf8(refused.stdout).unwrap();
        assert!(refused.status.code() == Some(1) && err.contains("was made by `doorward serve --dev`"), "{err}");
    }
    let original = std::fs::read(site.file("doorward.db")).unwrap();
    std::fs::copy(&copy, site.file("doorward.db")).unwrap();
    assert_eq!(site.starter().spawn().listening_or_ended().err().and_then(|status| status.code()), Some(1));
    // What it said goes to the log by a thread.
    let said = || site.log().contains("was made by `doorward serve --dev`").then_some(());
    until("the log says why", Duration::from_secs(20), said);
    // And the other way round.
    std::fs::write(site.file("doorward.db"), &original).unwrap();
    let mut stub = command(folder.path());
    stub.args(["--data", site.data().to_str().unwrap()]);
    let (status, err) = ends(stub);
    assert!(status == Some(1) && err.contains("is a database in earnest"), "{err}");
    assert_eq!(std::fs::read(site.file("doorward.db")).unwrap(), original);
}
