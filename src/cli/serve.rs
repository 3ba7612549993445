//! `doorward serve`: runs the server until it is told to stop.

use std::net::SocketAddr;

use clap::Args;

use crate::cli::error::Error;
use crate::cli::place::Place;
use crate::cli::{log, output, stub};
use crate::ops::link::NewLink;
use crate::server::Server;
use crate::store::sqlite::open;

#[derive(Args)]
pub(super) struct Serve {
    /// The address and port to listen on [default: the setting, 127.0.0.1:8484]
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Be a stub for development and tests: known users and keys, calls under /dev, nothing kept
    /// unless --data names a folder
    #[arg(long)]
    dev: bool,
    /// Let the stub listen where other machines reach it, all of whom it then signs in
    #[arg(long, requires = "dev")]
    dev_unsafe_listen: bool,
    /// Let the stub end with standard input, and so with the program that started it
    #[arg(long, requires = "dev")]
    with_stdin: bool,
}

impl Serve {
    /// Whether anything but the defaults was asked for.
    pub(super) const fn is_set(&self) -> bool {
        self.listen.is_some() || self.dev
    }

    pub(super) fn run(self, place: &Place) -> Result<(), Error> {
        let loaded =
            place.load(self.listen.map(|addr| addr.to_string()), self.dev.then_some(self.dev_unsafe_listen))?;
        if let Some(file) = &loaded.file {
            output::note(format_args!("settings: {}", file.display()));
        }
        for warning in loaded.config.warnings() {
            output::note(format_args!("warning: {warning}"));
        }
        let config = loaded.config;
        log::begin(&config.log)?;
        open_many();
        if config.dev.is_some() {
            return stub::run(config, self.with_stdin);
        }
        output::line(format_args!("database: {}", config.data_dir.join(open::FILE).display()))?;
        let public = config.public_url.as_ref().map(ToString::to_string);
        let mut said = Ok(());
        Server::run(config, |running| {
            said = output::line(greeting(running.addr, running.setup_link.as_ref(), public.as_deref()));
        })?;
        said
    }
}

/// Lets the server hold as many connections as the system allows. The usual limit of 1,024 is there for
/// select(2), and less than a thousand idle connections would leave nobody else a place (setrlimit(2)).
fn open_many() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let maximum = getrlimit(Resource::Nofile).maximum;
    if let Err(error) = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}

/// Where the server is, and the way in for the first administrator.
fn greeting(addr: SocketAddr, setup: Option<&NewLink>, public: Option<&str>) -> String {
    let mut text = format!("listening on http://{addr}");
    if let Some(public) = public {
        text = format!("{text}, for browsers {public}");
    }
    if let Some(link) = setup {
        let until = link.expires_at.rfc3339();
        text = format!(
            "{text}\nnobody administers this server yet; until {until} this link makes the first who does:\n{}",
            link.url.expose()
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::secret::Secret;
    use crate::base::time::Timestamp;

    #[test]
    fn the_greeting_names_the_address_and_the_link_on_a_line_of_its_own() {
        let addr = "127.0.0.1:8484".parse().unwrap();
        let url = Secret::new("http://localhost:8484/setup#abc".to_owned());
        let link = NewLink { url, expires_at: Timestamp::from_secs(0) };
        assert_eq!(
            greeting(addr, Some(&link), None),
            "listening on http://127.0.0.1:8484\n\
             nobody administers this server yet; until 1970-01-01T00:00:00Z this link makes the first who does:\n\
             http://localhost:8484/setup#abc"
        );
        let public = Some("https://auth.example.com");
        assert_eq!(
            greeting(addr, None, public),
            "listening on http://127.0.0.1:8484, for browsers https://auth.example.com"
        );
    }
}
