//! One subscriber for all servers of this process keeps every line, so that secrets can be looked for.

use std::io;
use std::sync::{Mutex, Once};

use tracing_subscriber::fmt::MakeWriter;

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Keep;

impl io::Write for Keep {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LINES.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Keep {
    type Writer = Keep;
    fn make_writer(&'a self) -> Keep {
        Keep
    }
}

/// Begins to keep what is logged, once.
pub fn capture() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let filter = tracing_subscriber::EnvFilter::new("info,doorward=trace");
        tracing_subscriber::fmt().with_env_filter(filter).with_ansi(false).with_writer(Keep).init();
    });
}

pub fn all() -> String {
    String::from_utf8_lossy(&LINES.lock().unwrap()).into_owned()
}

pub fn tail() -> String {
    let all = all();
    let lines: Vec<_> = all.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
