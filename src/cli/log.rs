//! The server's log: to standard error, filtered by the setting.

use std::io::{self, IsTerminal};

use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::cli::error::Error;

/// Begins the log. Colours are for terminals, and for those who want them (no-color.org).
pub(super) fn begin(filter: &str) -> Result<(), Error> {
    let targets = read(filter)?;
    let unwanted = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let lines = tracing_subscriber::fmt::layer()
        .with_ansi(io::stderr().is_terminal() && !unwanted)
        .with_writer(io::stderr)
        // Else a log that can't be written would be told to standard error, and a panic come of it.
        .log_internal_errors(false);
    tracing_subscriber::registry()
        .with(lines)
        .with(targets)
        .try_init()
        .map_err(|error| Error::Failed(format!("the log could not be begun: {error}")))
}

/// actix calls each request that can't be read an error of the server, so that anybody could fill the log
/// with errors, and tells of its workers where one looks for the address and the first link: it is heard where the
/// setting names it.
fn read(filter: &str) -> Result<Targets, Error> {
    let filter = format!("actix_http=off,actix_server=warn,{filter}");
    filter.parse().map_err(|error| Error::Failed(format!("log: {error}")))
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
