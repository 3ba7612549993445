//! Says things: what was asked for on standard output, all else on standard error.

use std::fmt::Display;
use std::io::{self, ErrorKind, Write};

use serde::Serialize;

use crate::cli::error::Error;

/// A line on standard output. Whoever reads no further (`| head`) has what they wanted.
pub(super) fn line(text: impl Display) -> Result<(), Error> {
    write(format!("{text}\n").as_bytes())
}

/// A text on standard output, as it is.
pub(super) fn text(text: impl AsRef<[u8]>) -> Result<(), Error> {
    write(text.as_ref())
}

/// A value on standard output as JSON, for scripts.
pub(super) fn json(value: &impl Serialize) -> Result<(), Error> {
    let text = serde_json::to_string_pretty(value).map_err(|error| Error::Output(error.into()))?;
    line(text)
}

/// A line on standard error. Where that is gone, nobody is there to be told.
pub(super) fn note(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

fn write(bytes: &[u8]) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Error::Output(error)),
        Ok(()) | Err(_) => Ok(()),
    }
}
