//! Where a command works: the arguments that all of them take.

use std::path::PathBuf;

use clap::Args;

use crate::cli::error::Error;
use crate::config;
use crate::config::loaded::Loaded;

#[derive(Args)]
pub(super) struct Place {
    /// The file of settings [default: config.toml of the data folder, else of this one]
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// The folder of the database and its key
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) data: Option<PathBuf>,
}

impl Place {
    /// Loads the settings; those of the stub where `dev` says whether others may reach it.
    pub(super) fn load(&self, listen: Option<String>, dev: Option<bool>) -> Result<Loaded, Error> {
        let current_dir = std::env::current_dir().map_err(Error::NoFolder)?;
        let args = config::Args {
            file: self.config.clone(),
            data_dir: self.data.clone(),
            listen,
            dev,
            env: std::env::vars_os().collect(),
            current_dir,
        };
        Ok(config::load(&args)?)
    }
}
