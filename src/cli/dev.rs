//! `doorward dev …`: what goes with the development stub.

use clap::{Args, Subcommand, ValueEnum};

use crate::cli::error::Error;
use crate::cli::output;

#[derive(Subcommand)]
pub(super) enum Dev {
    /// Print a file that starts the stub in your tests; it belongs to this version
    Helper(Helper),
}

#[derive(Args)]
pub(super) struct Helper {
    /// For which tests
    language: Language,
}

#[derive(Clone, Copy, ValueEnum)]
enum Language {
    /// doorward-stub.mjs, for any tests in Node
    Node,
    /// `doorward_stub.py`, with fixtures for pytest
    Python,
    /// doorward-playwright.mjs, with fixtures for Playwright Test; it needs that of Node beside it
    Playwright,
}

impl Dev {
    pub(super) fn run(self) -> Result<(), Error> {
        let Self::Helper(Helper { language }) = self;
        let text = match language {
            Language::Node => include_str!("../../assets/helpers/doorward-stub.mjs"),
            Language::Python => include_str!("../../assets/helpers/doorward_stub.py"),
            Language::Playwright => include_str!("../../assets/helpers/doorward-playwright.mjs"),
        };
        output::text(text.as_bytes())
    }
}
