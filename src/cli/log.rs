//! The server's log: to standard error, filtered by the setting.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::cli::error::Error;

/// Begins the log. Colours are for terminals, and for those who want them (no-color.org).
pub(super) fn begin(filter: &str) -> Result<(), Error> {
    let filter = EnvFilter::try_new(filter).map_err(|error| Error::Failed(format!("log: {error}")))?;
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(io::stderr().is_terminal() && !unwanted)
        .with_writer(io::stderr)
        // Else a log that can't be written would be told to standard error, and a panic come of it.
        .log_internal_errors(false)
        .try_init()
        .map_err(|error| Error::Failed(format!("the log could not be begun: {error}")))
}
