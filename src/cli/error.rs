//! Why a command was not done, and with which exit status it says so.

use std::io;
use std::process::ExitCode;

use crate::base::entropy::NoEntropy;
use crate::domain::password::BadPassword;
use crate::store::sqlite::open::OpenError;
use crate::{config, ops, server, store};

/// Why a command was not done. The text is for people, and says what to do.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    /// The current folder is gone or closed to us.
    #[error("the current folder can't be found: {0}")]
    NoFolder(io::Error),
    /// The settings, with everything that is wrong with them.
    #[error("the settings can't be used\n{0}")]
    Config(#[from] config::error::Error),
    /// The database can't be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// It can't be read or written.
    #[error(transparent)]
    Store(#[from] store::error::Error),
    /// A rule forbids it.
    #[error(transparent)]
    Ops(#[from] ops::error::Error),
    /// The keys can't be found or opened.
    #[error(transparent)]
    Start(#[from] ops::start::StartError),
    /// A key can't be made.
    #[error(transparent)]
    Key(#[from] ops::keys::KeyError),
    /// The server could not start, or fell.
    #[error(transparent)]
    Server(#[from] server::Error),
    /// No password came.
    #[error("the password could not be read: {0}")]
    NoPassword(io::Error),
    /// It may not be set.
    #[error(transparent)]
    BadPassword(#[from] BadPassword),
    /// No chance to be had.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
    /// What was done could not be told.
    #[error("could not write to standard output: {0}")]
    Output(io::Error),
    /// The running server was silent.
    #[error(
        "the change is on disk, but the running server has not said within 3 seconds that it has taken it up: it may \
         accept access tokens that this ended until they run out. Look at its log; a restart takes everything up"
    )]
    NoWord,
    /// Anything else that can't be done.
    #[error("{0}")]
    Failed(String),
    /// Something else must be asked for.
    #[error("{0}")]
    Usage(String),
}

impl Error {
    /// 2 where it was asked wrongly, else 1.
    pub(super) fn exit_code(&self) -> ExitCode {
        if matches!(self, Self::Usage(_)) { ExitCode::from(2) } else { ExitCode::FAILURE }
    }
}
