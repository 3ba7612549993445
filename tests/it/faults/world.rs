//! What makes the world around a server fail: mounts of its own, and system calls that go wrong.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::real::Real;

const STRACE: &str = "/usr/bin/strace";

/// Words that start a program in mounts of its own, after these commands on them (`$0` is the path). None
/// where nobody may mount, in a container without the right: then the caller says that it skips.
pub(super) fn mounted(commands: &str, path: &Path) -> Option<Vec<String>> {
    let may = |flags: &str| {
        let probe = "mount -t tmpfs none /mnt";
        let done =
            Command::new("/usr/bin/unshare").args([flags, "/bin/sh", "-c", probe]).stderr(Stdio::null()).status();
        done.is_ok_and(|status| status.success())
    };
    let flags = ["-m", "-rm"].into_iter().find(|flags| may(flags));
    if flags.is_none() {
        eprintln!("SKIPPED: this process may not mount, so that {} can't be made small or read-only", path.display());
    }
    let script = format!("{commands} && exec \"$@\"");
    Some(["/usr/bin/unshare", flags?, "/bin/sh", "-c", &script, path.to_str().unwrap()].map(str::to_owned).to_vec())
}

/// The path of a file as a server in mounts of its own has it.
pub(super) fn inside(server: &Real, path: &Path) -> std::path::PathBuf {
    Path::new("/proc").join(server.pid().to_string()).join("root").join(path.strip_prefix("/").unwrap())
}

/// Calls of a running server that fail until this is dropped.
pub(super) struct Failing {
    strace: Child,
}

impl Failing {
    /// From now on these calls fail with this error. None where the system lets nobody but root look into a
    /// process: then it says that it skips.
    pub(super) fn new(server: &Real, calls: &str, error: &str) -> Option<Self> {
        assert!(Path::new(STRACE).exists(), "this test needs strace: apt install strace");
        let (only, inject) = (format!("trace={calls}"), format!("inject={calls}:error={error}"));
        let pid = server.pid().to_string();
        let args = ["-f", "-o", "/dev/null", "-e", &only, "-e", &inject, "-p", &pid];
        let mut strace = Command::new(STRACE).args(args).stderr(Stdio::piped()).spawn().unwrap();
        let mut said = BufReader::new(strace.stderr.take().unwrap());
        let mut line = String::new();
        said.read_line(&mut line).unwrap();
        // "strace: Process 7 attached with 9 threads"
        if !line.contains(" attached") {
            assert!(!rustix::process::geteuid().is_root(), "strace can't attach: {line}");
            eprintln!("SKIPPED: strace may not attach (kernel.yama.ptrace_scope), so that no call can fail: {line}");
            let _ = strace.wait();
            return None;
        }
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        Some(Self { strace })
    }
}

impl Drop for Failing {
    fn drop(&mut self) {
        // It lets the server go on as it was.
        let pid = Pid::from_raw(i32::try_from(self.strace.id()).unwrap()).unwrap();
        let _ = kill_process(pid, Signal::INT);
        let _ = self.strace.wait();
    }
}
