//! Passwords: asked for on the terminal, or read from standard input; never an argument.

use std::io::{self, ErrorKind};

use zeroize::Zeroizing;

use crate::base::entropy::{SystemEntropy, bytes};
use crate::base::secret::Secret;
use crate::cli::error::Error;
use crate::config::Config;
use crate::crypto::password;
use crate::domain::email::Email;
use crate::domain::password::{MAX_BYTES, NewPassword};
use crate::ops::settings;

/// The longest line that is read: what decomposes into three times its length in NFC, and its end.
const MAX_LINE: usize = 3 * MAX_BYTES + 2;

/// Asks twice on the terminal, without showing what is typed.
pub(super) fn ask() -> Result<Secret<String>, Error> {
    let ask = |text| rpassword::prompt_password(text).map(Secret::new);
    let first = ask("New password: ").map_err(no_terminal)?;
    let second = ask("The same again: ").map_err(no_terminal)?;
    if first.expose() == second.expose() {
        Ok(first)
    } else {
        Err(Error::Failed("the two differ; nothing was changed".to_owned()))
    }
}

fn no_terminal(error: io::Error) -> Error {
    Error::Failed(format!("there is no terminal to ask on ({error}); give the password by --password-stdin"))
}

/// Reads one line of standard input.
pub(super) fn from_stdin() -> Result<Secret<String>, Error> {
    // Not by `io::stdin()`, whose buffer would keep a copy.
    let stdin = io::stdin();
    let line = line(|buffer| match rustix::io::read(&stdin, buffer) {
        Err(rustix::io::Errno::INTR) => Err(ErrorKind::Interrupted.into()),
        other => other.map_err(io::Error::from),
    });
    line.map_err(Error::NoPassword)
}

/// The first line, without its end.
fn line(mut read: impl FnMut(&mut [u8]) -> io::Result<usize>) -> io::Result<Secret<String>> {
    let bad = |what| io::Error::new(ErrorKind::InvalidData, what);
    let mut buffer = Zeroizing::new(vec![0; MAX_LINE]);
    let mut filled = 0;
    let line = loop {
        let (held, free) = buffer.split_at_mut(filled);
        if let Some(end) = held.iter().position(|byte| *byte == b'\n') {
            break held.get(..end).unwrap_or_default();
        }
        if free.is_empty() {
            return Err(bad("the line is too long"));
        }
        match read(free) {
            Ok(0) => break buffer.get(..filled).unwrap_or_default(),
            Ok(more) => filled += more,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    };
    if line.is_empty() {
        return Err(bad("standard input holds no line"));
    }
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    std::str::from_utf8(line).map(|text| Secret::new(text.to_owned())).map_err(|_| bad("not UTF-8"))
}

/// Holds a password against the rules and hashes it. This keeps a core busy for a moment.
pub(super) fn hash(password: &Secret<String>, email: &Email, config: &Config) -> Result<(String, u32), Error> {
    let new = NewPassword::parse(password.expose(), &settings::password_rules(config), Some(email))?;
    let cost = settings::cost(config);
    let salt = bytes(&SystemEntropy::default())?;
    Ok((password::hash(&new, cost, salt).as_str().to_owned(), cost.get().into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a text that comes `step` bytes at a time.
    fn read(text: &[u8], step: usize) -> Result<String, String> {
        let mut rest = text;
        let read = |buffer: &mut [u8]| {
            let count = step.min(rest.len()).min(buffer.len());
            buffer[..count].copy_from_slice(&rest[..count]);
            rest = &rest[count..];
            Ok(count)
        };
        line(read).map(Secret::reveal).map_err(|error| error.to_string())
    }

    #[test]
    fn the_first_line_is_the_password_and_its_end_is_not() {
        for text in ["pass word", "pass word\n", "pass word\r\n", "pass word\nmore\n"] {
            for step in [1, 4, 100] {
                assert_eq!(read(text.as_bytes(), step).unwrap(), "pass word", "{text:?} by {step}");
            }
        }
        assert_eq!(read(" a \r b \n".as_bytes(), 3).unwrap(), " a \r b ");
    }

    #[test]
    fn what_is_no_line_of_text_is_refused() {
        for text in ["", "\n", "\nsecond\n"] {
            assert_eq!(read(text.as_bytes(), 9).unwrap_err(), "standard input holds no line", "{text:?}");
        }
        assert_eq!(read(b"\xff\xfe\n", 9).unwrap_err(), "not UTF-8");
        assert_eq!(read(&[b'a'; MAX_LINE + 1], 1000).unwrap_err(), "the line is too long");
    }
}
