//! `doorward serve --dev`: the stub for development and tests.

use std::io;

use rustix::process::{Signal, getpid, kill_process};
use serde::Serialize;

use crate::cli::error::Error;
use crate::cli::output;
use crate::config::Config;
use crate::server::{Running, Server};

/// What who started it reads, on one line of standard output.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    /// Where it is.
    url: String,
    /// `iss` of its access tokens.
    issuer: String,
    /// Where the keys are that check them.
    jwks: String,
    /// Ends it, by a signal.
    pid: u32,
}

/// Runs it until a signal comes, or until standard input ends where that is asked.
pub(super) fn run(config: Config, with_stdin: bool) -> Result<(), Error> {
    output::note("a stub for development: everybody knows its keys, and whoever reaches it may sign in as anybody");
    let mut said = Ok(());
    Server::run(config, |running| {
        if with_stdin {
            std::thread::spawn(end_with_stdin);
        }
        said = serde_json::to_string(&ready(running)).map_or_else(|_| Ok(()), output::line);
    })?;
    said
}

/// Who started it has gone.
fn end_with_stdin() {
    let _ = io::copy(&mut io::stdin().lock(), &mut io::sink());
    let _ = kill_process(getpid(), Signal::TERM);
}

fn ready(running: &Running) -> Ready {
    let url = running.url().to_owned();
    Ready {
        jwks: format!("{url}/.well-known/jwks.json"),
        issuer: running.issuer().to_owned(),
        pid: std::process::id(),
        url,
    }
}
