//! The server's log: to standard error, filtered by the setting.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::cli::error::Error;

/// Begins the log. Colours are for terminals, and for those who want them (no-color.org).
pub(super) fn begin(filter: &str) -> Result<(), Error> {
    let filter = read(filter)?;
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

/// actix calls each request that can't be read an error of the server, so that anybody could fill the log
/// with errors: it is heard where the setting names it.
fn read(filter: &str) -> Result<EnvFilter, Error> {
    EnvFilter::try_new(format!("actix_http=off,{filter}")).map_err(|error| Error::Failed(format!("log: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_clients_send_is_no_error_of_the_server_unless_it_is_asked_for() {
        let filter = |text: &str| read(text).unwrap_or_default().to_string();
        for text in ["info", "trace", "warn,doorward=debug"] {
            assert!(filter(text).contains("actix_http=off"), "{text}");
        }
        let asked = filter("info,actix_http=debug");
        assert!(asked.contains("actix_http=debug") && !asked.contains("off"), "{asked}");
    }
}
