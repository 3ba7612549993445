//! `doorward backup FILE`: copies the database into one file, beside a running server.

use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use clap::Args;
use serde::Serialize;

use crate::base::entropy::{SystemEntropy, bytes};
use crate::base::time::{Clock, SystemClock, Timestamp};
use crate::cli::check::{absolute, contents, report};
use crate::cli::error::Error;
use crate::cli::place::Place;
use crate::cli::progress::Bar;
use crate::cli::{long_work, output};
use crate::config::Config;
use crate::ops::check::Which;
use crate::ops::start::{KEY_FILE, key_path};
use crate::store::sqlite::check::Problem;
use crate::store::sqlite::copy::{self, NoCopy};
use crate::store::sqlite::draft::{Draft, Overwrite};
use crate::store::sqlite::open::{self, OpenError};
use crate::store::sqlite::source::{Source, Stop};

#[derive(Args)]
#[command(after_help = "The copy is made beside a running server, checked, and only then gets its name. It holds no \
    master key: keep doorward.key too, elsewhere; who has both can sign in as anybody.")]
pub(super) struct Backup {
    /// Where the copy goes, best on another disk
    file: PathBuf,
    /// Replace a file that is there
    #[arg(long)]
    force: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View<'a> {
    file: &'a Path,
    bytes: u64,
    users: u64,
    sessions: u64,
    made_at: Timestamp,
    master_key: Option<PathBuf>,
}

impl Backup {
    pub(super) fn run(self, place: &Place) -> Result<(), Error> {
        let config = place.load(None, None)?.config;
        let db = config.data_dir.join(open::FILE);
        output::note(format_args!("database: {}", db.display()));
        let file = absolute(&self.file)?;
        let overwrite = if self.force { Overwrite::Yes } else { Overwrite::No };
        check_place(&file, &config, overwrite)?;
        let stop = long_work::watch()?;
        long_work::lower_priority();
        let source = Source::open(&db, &stop).map_err(|problem| unreadable(&db, problem))?;
        let draft = Draft::create(&file, draft_number()?).map_err(|error| unwritable(&file, error))?;
        let made_at = SystemClock.now();
        take(&source, &draft, &stop).and_then(|()| copy::stamp(&draft, made_at)).map_err(|no| no_copy(&file, &no))?;
        drop(source);
        let report = report(draft.path(), Which::Live, &config, &stop)?;
        if let Some(finding) = report.findings.first() {
            let text = "the copy did not stand its check and was not kept. The database itself is no better";
            return Err(Error::Failed(format!("{text}: {}", finding.text)));
        }
        let bytes = draft.size().map_err(|error| unwritable(&file, error))?;
        if stop.load(Ordering::Relaxed) {
            return Err(no_copy(&file, &NoCopy::Interrupted));
        }
        draft.place(&file, overwrite).map_err(|error| unwritable(&file, error))?;
        let key = config.master_key.is_none().then(|| key_path(&config.data_dir));
        if self.json {
            let (users, sessions) = (report.users, report.sessions);
            output::json(&View { file: &file, bytes, users, sessions, made_at, master_key: key.clone() })?;
        } else {
            output::line(format_args!("{}: {bytes} bytes, {}", file.display(), contents(&report)))?;
        }
        output::note(match key {
            Some(key) => format!("the master key is not in it: keep a copy of {}, but not beside it", key.display()),
            None => {
                "the master key is not in it: it comes from the settings; keep a copy of it, but not beside it".into()
            }
        });
        Ok(())
    }
}

/// Refuses what must not be overwritten. A name that is taken is refused again when the copy gets it; here
/// it costs no time.
fn check_place(file: &Path, config: &Config, overwrite: Overwrite) -> Result<(), Error> {
    let refuse = |why: &str| Err(Error::Usage(format!("{}: {why}", file.display())));
    let Some(name) = file.file_name().map(|name| name.to_string_lossy()) else {
        return refuse("name a file, not a folder");
    };
    let folder = |path: &Path| path.parent().and_then(|folder| folder.canonicalize().ok());
    let own =
        name.starts_with(open::FILE) || [KEY_FILE, "doorward.lock", "doorward.turn", "config.toml"].contains(&&*name);
    if own && folder(file).is_some_and(|folder| Some(folder) == config.data_dir.canonicalize().ok()) {
        return refuse("this name in the data folder is the server's own; choose another, best on another disk");
    }
    if file.is_dir() {
        return refuse("this is a folder; name a file in it");
    }
    if std::fs::metadata(file).is_ok_and(|meta| !meta.is_file()) {
        return refuse("this is not a file");
    }
    if overwrite == Overwrite::No && std::fs::symlink_metadata(file).is_ok() {
        return Err(taken(file));
    }
    Ok(())
}

/// Copies, and shows how far it is.
pub(super) fn take(source: &Source, draft: &Draft, stop: &Stop) -> Result<(), NoCopy> {
    let mut bar = Bar::new("copying");
    copy::copy(source, draft, &mut |progress| {
        bar.at(progress.done, progress.all);
        if stop.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })
}

/// Tells one draft from another.
pub(super) fn draft_number() -> Result<u32, Error> {
    Ok(u32::from_be_bytes(bytes(&SystemEntropy::default())?))
}

/// Why the database gives no copy.
fn unreadable(db: &Path, problem: Problem) -> Error {
    if problem == Problem::Missing {
        return OpenError::Missing(db.to_owned()).into();
    }
    Error::Failed(format!("{}: {problem}; `doorward check` tells more", db.display()))
}

/// Why there is no copy, in words.
pub(super) fn no_copy(file: &Path, no: &NoCopy) -> Error {
    Error::Failed(match no {
        NoCopy::Interrupted => "interrupted; nothing was left behind".to_owned(),
        NoCopy::Target { why, .. } => {
            format!("{} can't be written: {why}; is there room for it? Nothing was left behind", file.display())
        }
        NoCopy::Source(error) => format!("the database can't be read: {error}"),
        NoCopy::Migration(_) => format!("{}: {no}", file.display()),
    })
}

fn taken(file: &Path) -> Error {
    Error::Failed(format!("{} is there already; choose another name, or say --force to replace it", file.display()))
}

fn unwritable(file: &Path, error: std::io::Error) -> Error {
    if error.kind() == ErrorKind::AlreadyExists {
        return taken(file);
    }
    let why = if error.kind() == ErrorKind::NotFound {
        "there is no such folder; make it first".to_owned()
    } else {
        format!("it can't be written: {error}; nothing was left behind")
    };
    Error::Failed(format!("{}: {why}", file.display()))
}
