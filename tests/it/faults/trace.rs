//! What strace wrote of a server (Debian: `apt install strace`): which calls it made, in which order.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::time::Duration;

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
pub(super) fn calls(trace: &str) -> Vec<Call> {
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
/// the answer begin. Gives how many answers there were.
#[track_caller]
pub(super) fn assert_durable(calls: &[Call], request: &str, status: &str) -> usize {
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
        // Any sync will do: one of the checkpointer's, begun before this was written, may be the last to end.
        let wrote = calls.iter().find(|call| call.writes_wal() && call.began > asked.began);
        let is_durable = wrote.is_some_and(|wrote| {
            calls.iter().any(|call| call.syncs_wal() && call.began > wrote.ended && call.ended < answer.began)
        });
        assert!(is_durable, "nothing was written and synced between {} and {}", asked.text, answer.text);
        answers += 1;
    }
    answers
}

/// How often whoever writes the WAL put it on disk; the checkpointer does, too, before each step.
pub(super) fn commits(calls: &[Call]) -> usize {
    let writers: HashSet<&str> = calls.iter().filter(|call| call.writes_wal()).map(|call| &*call.thread).collect();
    calls.iter().filter(|call| call.syncs_wal() && writers.contains(&*call.thread)).count()
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
    calls(&crate::real::wait::until("the trace is whole", Duration::from_secs(20), whole))
}

/// A request that came, what the lines between it and its answer say, and the answer.
fn answered_after(between: &[&str]) -> Vec<Call> {
    let asked = r#"1 read(12<TCP:[server->client]>, "POST /auth/refresh HTTP/1.1", 32768) = 27"#;
    let answer = r#"1 writev(12<TCP:[server->client]>, [{iov_base="HTTP/1.1 200 OK", iov_len=15}], 1) = 15"#;
    calls(&[&[asked], between, &[answer]].concat().join("\n"))
}

const WRITTEN: &str = r#"2 pwrite64(9</data/doorward.db-wal>, "frame", 4120, 32) = 4120"#;
const BEGINS: &str = "2 fdatasync(9</data/doorward.db-wal> <unfinished ...>";
const ENDS: &str = "2 <... fdatasync resumed>) = 0 (DELAYED)";
const CHECKPOINTER_BEGINS: &str = "3 fdatasync(17</data/doorward.db-wal> <unfinished ...>";
const CHECKPOINTER_ENDS: &str = "3 <... fdatasync resumed>) = 0 (DELAYED)";

#[test]
fn what_was_synced_after_it_was_written_is_durable_whoever_else_syncs() {
    for between in [
        &[WRITTEN, BEGINS, ENDS][..],
        &[CHECKPOINTER_BEGINS, WRITTEN, BEGINS, ENDS, CHECKPOINTER_ENDS],
        &[CHECKPOINTER_BEGINS, WRITTEN, BEGINS, CHECKPOINTER_ENDS, ENDS],
    ] {
        assert_eq!(assert_durable(&answered_after(between), "POST /auth/refresh", "200"), 1);
    }
}

#[test]
fn what_was_written_too_late_or_not_synced_is_not() {
    for between in [
        &[][..],
        &[WRITTEN],
        &[BEGINS, ENDS, WRITTEN],
        &[BEGINS, WRITTEN, ENDS],
        &[WRITTEN, BEGINS],
        &[CHECKPOINTER_BEGINS, WRITTEN, BEGINS, CHECKPOINTER_ENDS],
        &[WRITTEN, BEGINS, "2 <... fdatasync resumed>) = -1 EIO (Input/output error)"],
    ] {
        let calls = answered_after(between);
        let held = std::panic::catch_unwind(|| assert_durable(&calls, "POST /auth/refresh", "200"));
        assert!(held.is_err(), "{between:?}");
    }
}
