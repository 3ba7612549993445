//! `doorward man [COMMAND …]`.

use clap::{Args, CommandFactory};
use clap_mangen::Man as Page;

use crate::cli::error::Error;
use crate::cli::{Cli, output};

#[derive(Args)]
pub(super) struct Man {
    /// Of which command, such as `user add` [default: of doorward itself]
    command: Vec<String>,
}

impl Man {
    pub(super) fn run(self) -> Result<(), Error> {
        let mut all = Cli::command();
        all.build();
        let mut command = &all;
        for name in &self.command {
            let none = || Error::Usage(format!("`{name}` is no command; `doorward help` lists them"));
            command = command.find_subcommand(name).ok_or_else(none)?;
        }
        let mut page = Vec::new();
        let name = command.get_display_name().unwrap_or("doorward").to_owned();
        Page::new(command.clone()).title(name).render(&mut page).map_err(Error::Output)?;
        output::text(page)
    }
}
