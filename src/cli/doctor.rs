//! `doorward doctor`: says what is set up wrong, and the line that mends it.

use clap::Args;
use serde::Serialize;

use crate::base::time::SystemClock;
use crate::cli::error::Error;
use crate::cli::output;
use crate::cli::place::Place;
use crate::cli::table::{count, printable};
use crate::config::origin::Origin;
use crate::ops::doctor::{Finding, Level, examine, unusable};
use crate::store::sqlite::open;

#[derive(Args)]
pub(super) struct Doctor {
    /// Where browsers reach the server [default: public_url, if it is set]
    #[arg(long, value_name = "URL")]
    url: Option<Origin>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What was found.
#[derive(Serialize)]
struct Report {
    ok: bool,
    database: Option<String>,
    url: Option<String>,
    problems: usize,
    warnings: usize,
    findings: Vec<Finding>,
}

impl Doctor {
    pub(super) fn run(self, place: &Place) -> Result<(), Error> {
        let report = match place.load(None, None) {
            Ok(loaded) => {
                let path = loaded.config.data_dir.join(open::FILE).display().to_string();
                output::note(format_args!("database: {path}"));
                let url = self.url.or_else(|| loaded.config.public_url.clone());
                if let Some(url) = &url {
                    output::note(format_args!("url: {url}"));
                }
                Report::of(examine(&loaded, url.as_ref(), &SystemClock), Some(path), url)
            }
            Err(Error::Config(error)) => Report::of(unusable(&error), None, self.url),
            Err(error) => return Err(error),
        };
        if self.json {
            output::json(&report)?;
        } else {
            report.print()?;
        }
        if report.ok {
            Ok(())
        } else {
            Err(Error::Failed(format!("{} found", count(report.problems as u64, "problem"))))
        }
    }
}

impl Report {
    fn of(findings: Vec<Finding>, database: Option<String>, url: Option<Origin>) -> Self {
        let of = |level| findings.iter().filter(|finding| finding.level == level).count();
        let (problems, warnings) = (of(Level::Problem), of(Level::Warning));
        Self { ok: problems == 0, database, url: url.map(|url| url.to_string()), problems, warnings, findings }
    }

    fn print(&self) -> Result<(), Error> {
        for Finding { level, text, mend, .. } in &self.findings {
            output::line(format_args!("{:<7}  {}", level.word(), printable(text)))?;
            if let Some(mend) = mend {
                output::line(format_args!("{:<7}  -> {}", "", printable(mend)))?;
            }
        }
        let (problems, warnings) = (count(self.problems as u64, "problem"), count(self.warnings as u64, "warning"));
        output::line(format_args!("{problems}, {warnings}"))
    }
}
