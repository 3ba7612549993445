//! The order of system calls: what an answer says is on disk before its first byte goes out. A kill can't
//! show that, since the kernel keeps what was written; strace can (Debian: `apt install strace`).

use std::collections::HashMap;
use std::path::Path;

use serde_json::json;

use crate::faults::ANN;
use crate::real::api::{Api, PASSWORD, Tokens};
use crate::real::{Real, Site};

/// A system call, by the lines of the trace on which it began and ended.
pub(super) struct Call {
    /// Of the kernel's numbers.
    pub(super) thread: String,
    pub(super) name: String,
    pub(super) text: String,
    began: usize,
    ended: usize,
}

impl Call {
    /// Whether it hands the WAL something to write.
    pub(super) fn writes_wal(&self) -> bool {
        self.name == "pwrite64" && self.text.contains("doorward.db-wal>")
    }

    /// Whether it puts the WAL on disk.
    fn syncs_wal(&self) -> bool {
        self.syncs() && self.text.contains("doorward.db-wal>")
    }

    /// Whether it puts a file on disk.
    pub(super) fn syncs(&self) -> bool {
        matches!(self.name.as_str(), "fdatasync" | "fsync")
            && self.text.rsplit_once(" = ").is_some_and(|(_, result)| result == "0" || result == "0 (DELAYED)")
    }

    /// The connection on which it reads a request for this path, or writes an answer.
    fn on_connection(&self, begins: &str) -> Option<&str> {
        let (_, rest) = self.text.split_once("<TCP:[")?;
        let (connection, rest) = rest.split_once("]>")?;
        let quoted = rest.split('"').nth(1)?;
        quoted.starts_with(begins).then_some(connection)
    }

    /// Whether it reads the head of a request, on this connection.
    fn asks_on(&self, connection: &str) -> bool {
        ["GET ", "POST ", "PATCH ", "DELETE "].iter().any(|method| self.on_connection(method) == Some(connection))
    }
}

/// Reads a trace. A call that another interrupted stands on two lines: they are put together.
fn calls(trace: &str) -> Vec<Call> {
    let mut open: HashMap<&str, (String, usize)> = HashMap::new();
    let mut calls = Vec::new();
    for (ended, line) in trace.lines().enumerate() {
        let Some((pid, rest)) = line.split_once(' ') else { continue };
        let rest = rest.trim();
        if let Some(head) = rest.strip_suffix(" <unfinished ...>") {
            open.insert(pid, (head.to_owned(), ended));
            continue;
        }
        let (text, began) = match rest.strip_prefix("<... ").and_then(|resumed| resumed.split_once(" resumed>")) {
            Some((_, tail)) => {
                let (head, began) = open.remove(pid).unwrap();
                (head + tail, began)
            }
            None => (rest.to_owned(), ended),
        };
        if let Some((name, _)) = text.split_once('(') {
            calls.push(Call { thread: pid.to_owned(), name: name.to_owned(), began, ended, text });
        }
    }
    calls
}

/// Expects for each answer: after its request came, the WAL was written, then synced, and only then did
/// the answer begin. Gives how many answers and how many syncs there were.
#[track_caller]
fn assert_durable(calls: &[Call], request: &str, status: &str) -> (usize, usize) {
    let mut answers = 0;
    for answer in calls {
        let Some(connection) = answer.on_connection(&format!("HTTP/1.1 {status}")) else { continue };
        let mut asked = calls.iter().filter(|call| call.ended < answer.began);
        let Some(asked) = asked.rfind(|call| call.asks_on(connection)) else {
            continue;
        };
        if asked.on_connection(request).is_none() {
            continue;
        }
        let sync = calls.iter().rfind(|call| call.syncs_wal() && call.ended < answer.began);
        let sync = sync.unwrap_or_else(|| panic!("nothing was synced before {}", answer.text));
        let wrote = |call: &&Call| call.writes_wal() && call.began > asked.began && call.ended < sync.began;
        assert!(calls.iter().any(|call| wrote(&call)), "{request}: nothing was written and synced before the answer");
        answers += 1;
    }
    (answers, calls.iter().filter(|call| call.syncs_wal()).count())
}

/// A server whose calls are traced, with its trace and what each sync is made to take.
pub(super) fn traced(site: &Site, trace: &Path, slow: &[&str]) -> Real {
    assert!(Path::new("/usr/bin/strace").exists(), "this test needs strace: apt install strace");
    let only = "trace=read,recvfrom,recvmsg,write,writev,sendto,sendmsg,pwrite64,fdatasync,fsync";
    // With -D the server stays our child: signals reach it and not strace.
    let mut words = vec!["/usr/bin/strace", "-D", "-f", "-yy", "-s", "96", "-o", trace.to_str().unwrap(), "-e", only];
    words.extend(slow);
    words.push("--");
    site.starter().env("DOORWARD_REFRESH__GRACE", "0s").through(&words).start()
}

/// So many users who are signed in, the first of them an administrator.
pub(super) async fn people(server: &Real, count: u32) -> Vec<Tokens> {
    let api = server.api();
    let mut people = vec![api.setup(&server.setup_secret(), ANN).await];
    for number in 1..count {
        people.push(api.register(&format!("user{number}@example.com")).await);
    }
    people
}

/// What was traced, once the server is gone.
pub(super) fn stop(server: Real, trace: &Path) -> Vec<Call> {
    let pid = server.pid();
    server.stop();
    // strace writes its last lines after the server's end.
    let is_last = |line: &str| {
        line.split_once(' ').is_some_and(|(of, rest)| of == pid.to_string() && rest.trim() == "+++ exited with 0 +++")
    };
    let whole = || {
        let text = std::fs::read_to_string(trace).unwrap();
        text.lines().any(is_last).then_some(text)
    };
    calls(&crate::real::wait::until("the trace is whole", std::time::Duration::from_secs(20), whole))
}

#[tokio::test]
async fn what_an_answer_says_is_on_disk_before_its_first_byte() {
    let (site, trace) = (Site::new(), tempfile::NamedTempFile::new().unwrap());
    let server = traced(&site, trace.path(), &[]);
    let api = server.api();
    let first = api.setup(&server.setup_secret(), ANN).await;
    let mut tokens = api.login(ANN).await.unwrap().tokens();
    for _ in 0..3 {
        tokens = api.refresh(&tokens.refresh).await.unwrap().tokens();
    }
    assert_eq!(api.logout(&tokens.refresh).await.unwrap().status, 204);
    assert_eq!(api.logout_all(&first.access).await.unwrap().status, 200);
    let calls = stop(server, trace.path());
    for (request, status, count) in [
        ("POST /auth/setup", "201", 1),
        ("POST /auth/login", "200", 1),
        ("POST /auth/refresh", "200", 3),
        ("POST /auth/logout HTTP", "204", 1),
        ("POST /auth/logout-all", "200", 1),
    ] {
        assert_eq!(assert_durable(&calls, request, status).0, count, "{request}");
    }
}

#[tokio::test]
async fn what_is_done_to_an_account_is_on_disk_before_its_answer() {
    let (site, trace) = (Site::new(), tempfile::NamedTempFile::new().unwrap());
    let server = traced(&site, trace.path(), &[]);
    let api = server.api();
    let admin = api.setup(&server.setup_secret(), ANN).await.access;
    let bob = api.register("bob@example.com").await;
    let body = json!({ "currentPassword": PASSWORD, "newPassword": "another horse battery" });
    let bob = api.act("POST", "/auth/password", &bob.access, &body).await.unwrap().tokens();
    let me = api.me(&bob.access).await.unwrap().json;
    let text = |name: &str| me[name].as_str().unwrap().to_owned();
    let (user, session) = (format!("/auth/admin/users/{}", text("id")), text("sessionId"));
    let rows = [
        ("DELETE", format!("/auth/admin/sessions/{session}"), json!({}), 204),
        ("PATCH", user.clone(), json!({ "role": "editor" }), 200),
        ("POST", format!("{user}/logout-all"), json!({}), 200),
        ("POST", format!("{user}/disable"), json!({}), 200),
        ("POST", format!("{user}/enable"), json!({}), 200),
        ("POST", format!("{user}/links"), json!({}), 201),
        ("DELETE", user, json!({}), 204),
        ("POST", "/auth/admin/users".to_owned(), json!({ "email": "kim@example.com" }), 201),
        ("POST", "/auth/admin/logout-all".to_owned(), json!({}), 200),
    ];
    for (method, path, body, status) in &rows {
        let answer = api.act(method, path, &admin, body).await.unwrap();
        assert_eq!(answer.status, *status, "{method} {path}: {answer:?}");
    }
    let calls = stop(server, trace.path());
    assert_eq!(assert_durable(&calls, "POST /auth/register", "201").0, 1);
    assert_eq!(assert_durable(&calls, "POST /auth/password", "200").0, 1);
    for (method, path, _, status) in &rows {
        let request = format!("{method} {path} HTTP");
        assert_eq!(assert_durable(&calls, &request, &status.to_string()).0, 1, "{request}");
    }
}

#[tokio::test]
async fn each_of_a_batch_is_on_disk_before_its_answer() {
    let (site, trace) = (Site::new(), tempfile::NamedTempFile::new().unwrap());
    // Each sync takes 50 ms, so that the next batch fills meanwhile.
    let server = traced(&site, trace.path(), &["-e", "inject=fdatasync,fsync:delay_enter=50000"]);
    let api = server.api();
    let users = people(&server, 8).await;
    let refresh = |api: Api, token: String| async move {
        let second = api.refresh(&token).await.unwrap().tokens();
        api.refresh(&second.refresh).await.unwrap().tokens()
    };
    let before = calls(&std::fs::read_to_string(trace.path()).unwrap()).iter().filter(|call| call.syncs_wal()).count();
    let all = users.into_iter().map(|user| refresh(api.clone(), user.refresh));
    futures_util::future::join_all(all).await;
    let calls = stop(server, trace.path());
    let (answers, syncs) = assert_durable(&calls, "POST /auth/refresh", "200");
    assert_eq!(answers, 16);
    assert!(syncs - before < answers, "{} syncs for {answers} refreshes: they shared none", syncs - before);
}
