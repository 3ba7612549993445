//! One subscriber for all servers of this process keeps every line, so that secrets can be looked for.

use std::io;
use std::sync::{Mutex, Once};

use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

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
        let targets = Targets::new().with_default(Level::INFO).with_target("doorward", Level::TRACE);
        let lines = tracing_subscriber::fmt::layer().with_ansi(false).with_writer(Keep);
        tracing_subscriber::registry().with(lines).with(targets).init();
    });
}

/// How much there is so far, in bytes.
pub fn len() -> usize {
    LINES.lock().unwrap().len()
}

/// What came after the first `start` bytes.
pub fn since(start: usize) -> Vec<u8> {
    LINES.lock().unwrap()[start..].to_vec()
}

pub fn tail() -> String {
    let all = since(0);
    let all = String::from_utf8_lossy(&all);
    let lines: Vec<_> = all.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
