//! The server: opens the database and starts it.

use std::net::SocketAddr;

use crate::base::entropy::SystemEntropy;
use crate::base::time::{Clock, SystemClock};
use crate::config::Config;
use crate::ops::link::NewLink;
use crate::ops::start::{StartError, start};
use crate::store::sqlite::handle::Opened;
use crate::store::sqlite::open::OpenError;

/// Why the server could not run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The start.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// The server.
pub struct Server;

/// A server that runs.
pub struct Running {
    /// Where it listens.
    pub addr: SocketAddr,
    /// The set-up link, where there is no administrator.
    pub setup_link: Option<NewLink>,
}

impl Server {
    /// Starts it.
    pub fn run(config: Config, on_ready: impl FnOnce(&Running)) -> Result<(), Error> {
        let opened = Opened::new(&config.data_dir)?;
        let base_url = config.base_url(config.listen.port());
        let started = start(&opened, &config, &base_url, SystemClock.now(), &SystemEntropy::default())?;
        on_ready(&Running { addr: config.listen, setup_link: started.setup });
        Ok(())
    }
}
