//! What the system says of a server's process, and what this one may use.

use std::fs;

use rustix::process::{Pid, Resource, Rlimit, getrlimit, setrlimit};

/// The memory that a process holds now, in bytes (`VmRSS`, proc(5)).
pub(crate) fn memory(pid: Pid) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib << 10)
}

/// How many files and connections it has open.
pub(crate) fn open_files(pid: Pid) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// Lets this process open as many files as it may.
pub(crate) fn open_many(wanted: u64) {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    if current.is_none_or(|current| current >= wanted) {
        return;
    }
    assert!(maximum.is_none_or(|maximum| maximum >= wanted), "ulimit -Hn is {maximum:?}, and {wanted} are needed");
    setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).unwrap();
}
