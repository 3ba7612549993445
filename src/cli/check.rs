//! `doorward check [FILE]`: proves the database, or a backup.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use crate::base::time::{Clock, SystemClock, Timestamp};
use crate::cli::error::Error;
use crate::cli::place::Place;
use crate::cli::progress::Doing;
use crate::cli::table::{count, printable};
use crate::cli::{long_work, output};
use crate::config::Config;
use crate::ops::check::{self, Finding, Report, Which};
use crate::store::sqlite::check::Problem;
use crate::store::sqlite::open;
use crate::store::sqlite::source::{Source, Stop};

#[derive(Args)]
pub(super) struct Check {
    /// A backup [default: the database itself]
    file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Problems<'a> {
    code: &'a str,
    text: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View<'a> {
    file: &'a Path,
    ok: bool,
    problems: Vec<Problems<'a>>,
    schema: i64,
    made_at: Option<Timestamp>,
    users: u64,
    sessions: u64,
}

impl Check {
    pub(super) fn run(self, place: &Place) -> Result<(), Error> {
        let config = place.load(None, None)?.config;
        let live = config.data_dir.join(open::FILE);
        let file = match &self.file {
            None => live.clone(),
            Some(file) => absolute(file)?,
        };
        let which = if same_file(&file, &live) || self.file.is_none() { Which::Live } else { Which::Copy };
        let name = if which == Which::Live { "database" } else { "file" };
        output::note(format_args!("{name}: {}", file.display()));
        long_work::lower_priority();
        let report = report(&file, which, &config, &long_work::watch()?)?;
        if self.json {
            output::json(&view(&file, &report))?;
        } else {
            tell(&report)?;
        }
        if report.is_good() {
            return Ok(());
        }
        Err(Error::Failed(format!("{} found in {}", count(report.findings.len() as u64, "problem"), file.display())))
    }
}

/// Looks through a file.
pub(super) fn report(file: &Path, which: Which, config: &Config, stop: &Stop) -> Result<Report, Error> {
    let _doing = Doing::new("checking");
    let report = match Source::open(file, stop) {
        Ok(source) => check::check(&source, which, config, SystemClock.now()),
        Err(problem) => check::unopened(&problem, which),
    };
    let interrupted = Problem::Interrupted.code();
    if report.findings.iter().any(|finding| finding.code == interrupted) {
        return Err(Error::Failed("interrupted; nothing was changed".to_owned()));
    }
    Ok(report)
}

/// What was found, a line each, or what is in it.
fn tell(report: &Report) -> Result<(), Error> {
    for Finding { text, .. } in &report.findings {
        output::line(printable(text))?;
    }
    if report.is_good() {
        output::line(format_args!("good: {}", contents(report)))?;
    }
    Ok(())
}

/// What a good file holds, in words.
pub(super) fn contents(report: &Report) -> String {
    let made = report.made_at.map(|made| format!("a backup of {}, ", made.rfc3339())).unwrap_or_default();
    if report.is_older {
        return format!("{made}of the older schema {}; whoever opens it brings it to this version's", report.schema);
    }
    format!("{made}{} and {}", count(report.users, "user"), count(report.sessions, "live session"))
}

fn view<'a>(file: &'a Path, report: &'a Report) -> View<'a> {
    View {
        file,
        ok: report.is_good(),
        problems: report.findings.iter().map(|Finding { code, text }| Problems { code, text }).collect(),
        schema: report.schema,
        made_at: report.made_at,
        users: report.users,
        sessions: report.sessions,
    }
}

/// A path that holds wherever one is.
pub(super) fn absolute(path: &Path) -> Result<PathBuf, Error> {
    std::path::absolute(path).map_err(|error| Error::Failed(format!("{}: {error}", path.display())))
}

/// Whether two names lead to one file.
pub(super) fn same_file(one: &Path, other: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let id = |path: &Path| std::fs::metadata(path).map(|meta| (meta.dev(), meta.ino())).ok();
    id(one).is_some_and(|one| Some(one) == id(other))
}
