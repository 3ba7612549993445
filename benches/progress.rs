//! How far it is: a bar on a terminal, a line a section elsewhere.

use std::io::{IsTerminal, Write};
use std::time::Instant;

const WIDTH: u32 = 30;

/// Seconds done of those expected.
pub struct Progress {
    whole: u32,
    done: u32,
    begun: Instant,
    terminal: bool,
}

impl Progress {
    /// Of so many seconds.
    pub fn new(whole: u32) -> Self {
        Self { whole: whole.max(1), done: 0, begun: Instant::now(), terminal: std::io::stderr().is_terminal() }
    }

    /// A section begins.
    pub fn begin(&self, name: &str) {
        self.say(name);
    }

    /// What a section is at.
    pub fn say(&self, what: &str) {
        let took = self.begun.elapsed().as_secs();
        if self.terminal {
            let full = (self.done * WIDTH / self.whole).min(WIDTH) as usize;
            let bar = format!("{}{}", "█".repeat(full), "░".repeat(WIDTH as usize - full));
            eprint!("\r\x1b[K{bar} {took:>3} s of about {} s  {what}", self.whole);
            let _ = std::io::stderr().flush();
        } else {
            eprintln!("{took:>3} s  {what}");
        }
    }

    /// A section is over.
    pub fn end(&mut self, seconds: u32) {
        self.done += seconds;
    }

    /// Makes room for the result.
    pub fn clear(&self) {
        if self.terminal {
            eprint!("\r\x1b[K");
        }
    }
}
