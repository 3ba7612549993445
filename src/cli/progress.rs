//! How far long work is: a bar on a terminal, nothing elsewhere.

use std::io::{self, IsTerminal, Write};

/// What is being done without saying how far it is; gone when dropped.
pub(super) struct Doing(bool);

impl Doing {
    /// Says it on a terminal.
    pub(super) fn new(what: &'static str) -> Self {
        let shows = io::stderr().is_terminal();
        if shows {
            let _ = write!(io::stderr().lock(), "{what} …");
        }
        Self(shows)
    }
}

impl Drop for Doing {
    fn drop(&mut self) {
        if self.0 {
            clear_line();
        }
    }
}

/// To the first column, and the rest of the line is gone (ECMA-48, EL).
fn clear_line() {
    let _ = write!(io::stderr().lock(), "\r\x1b[K");
}

/// How wide the bar is, in characters.
const WIDTH: u64 = 30;

/// A bar on standard error; gone when dropped.
pub(super) struct Bar {
    what: &'static str,
    /// The last per cent shown. None where there is no terminal.
    shown: Option<u64>,
}

impl Bar {
    /// Shows nothing yet.
    pub(super) fn new(what: &'static str) -> Self {
        // Past a hundred: whatever comes first is another.
        Self { what, shown: io::stderr().is_terminal().then_some(u64::MAX) }
    }

    /// So much of all is done.
    pub(super) fn at(&mut self, done: u64, all: u64) {
        let percent = percent(done, all);
        if self.shown.is_some_and(|shown| shown != percent) {
            self.shown = Some(percent);
            let _ = write!(io::stderr().lock(), "\r{}", line(self.what, percent));
        }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        if self.shown.is_some_and(|shown| shown <= 100) {
            clear_line();
        }
    }
}

fn percent(done: u64, all: u64) -> u64 {
    done.min(all).saturating_mul(100).checked_div(all).unwrap_or(100)
}

fn line(what: &str, percent: u64) -> String {
    let full = usize::try_from(percent * WIDTH / 100).unwrap_or(0);
    let rest = usize::try_from(WIDTH).unwrap_or(0).saturating_sub(full);
    format!("{what} [{}{}] {percent:>3} %", "#".repeat(full), ".".repeat(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_as_wide_at_its_begin_as_at_its_end() {
        assert_eq!(line("copying", 0), format!("copying [{}]   0 %", ".".repeat(30)));
        assert_eq!(line("copying", 50), format!("copying [{}{}]  50 %", "#".repeat(15), ".".repeat(15)));
        assert_eq!(line("copying", 100), format!("copying [{}] 100 %", "#".repeat(30)));
    }

    #[test]
    fn nothing_to_do_is_done() {
        assert_eq!((percent(0, 0), percent(1, 3), percent(9, 3)), (100, 33, 100));
    }
}
