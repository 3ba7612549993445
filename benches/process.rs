//! Servers as processes of their own, and what the system says of them.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A server that runs until it is dropped.
pub struct Process {
    child: Child,
    /// Where it listens.
    pub addr: SocketAddr,
}

/// A server that hasn't yet said where it listens.
pub struct Starting(Child);

impl Starting {
    /// Starts it.
    pub fn new(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap())
    }

    /// Waits for a line that names its `http://ADDRESS`.
    pub fn ready(self) -> Process {
        let mut child = self.0;
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let greeting = lines.map_while(Result::ok).find_map(|line| Some(line.split_once("http://")?.1.to_owned()));
        let greeting = greeting.expect("the server listens");
        let addr = greeting.split([' ', ',', '"']).next().unwrap().replace("localhost", "127.0.0.1");
        Process { child, addr: addr.parse().unwrap() }
    }
}

impl Process {
    /// Starts it, and waits until it listens.
    pub fn start(command: &mut Command) -> Self {
        Starting::new(command).ready()
    }

    /// How long its processors were busy, in user and system mode (proc(5): in ticks of 10 ms).
    pub fn cpu(&self) -> Duration {
        cpu(self.child.id())
    }

    /// What it holds in memory, in bytes.
    pub fn memory(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most that it ever held, in bytes.
    pub fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    /// Its share of what is in memory, in bytes: a page that several hold counts in parts (`Pss` of proc(5)).
    pub fn share(&self) -> u64 {
        self.field("smaps_rollup", "Pss:")
    }

    fn status(&self, name: &str) -> u64 {
        self.field("status", name)
    }

    fn field(&self, file: &str, name: &str) -> u64 {
        let text = fs::read_to_string(format!("/proc/{}/{file}", self.child.id())).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
    }
}

/// The same of this process, which is the clients.
pub fn own_cpu() -> Duration {
    cpu(std::process::id())
}

fn cpu(process: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    let fields: Vec<&str> = stat.rsplit_once(") ").unwrap().1.split(' ').collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    Duration::from_millis(ticks * 10)
}

impl Drop for Process {
    fn drop(&mut self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
        let _ = self.child.wait();
    }
}
