//! `doorward restore FILE`: puts a backup in the place of the database.

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use clap::Args;
use serde::Serialize;

use crate::base::entropy::SystemEntropy;
use crate::base::time::{Clock, SystemClock, Timestamp};
use crate::cli::backup::{draft_number, no_copy, take};
use crate::cli::check::{absolute, contents, report, same_file};
use crate::cli::error::Error;
use crate::cli::place::Place;
use crate::cli::{long_work, output};
use crate::config::Config;
use crate::ops::check::{Report, Which, unopened};
use crate::ops::restored::begin_anew_in_draft;
use crate::store;
use crate::store::sqlite::check::{Problem, identify};
use crate::store::sqlite::copy;
use crate::store::sqlite::draft::Draft;
use crate::store::sqlite::open::{self, OpenError};
use crate::store::sqlite::replace::{Present, Seat};
use crate::store::sqlite::source::{Source, Stop};

/// How often it is looked whether a signal came while an answer is awaited.
const LOOK: Duration = Duration::from_millis(50);

#[derive(Args)]
#[command(after_help = "The server must be stopped, and the master key of the backup be there. The old database is \
    kept beside the new one. Everybody is signed out, all links are void, and new signing keys begin.")]
pub(super) struct Restore {
    /// What `doorward backup` made, or a database that a restore kept
    file: PathBuf,
    /// Don't ask
    #[arg(long)]
    yes: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct View<'a> {
    database: &'a Path,
    file: &'a Path,
    made_at: Option<Timestamp>,
    users: u64,
    kept: Option<&'a Path>,
}

impl Restore {
    pub(super) fn run(self, place: &Place) -> Result<(), Error> {
        let config = place.load(None, None)?.config;
        let db = config.data_dir.join(open::FILE);
        output::note(format_args!("database: {}", db.display()));
        if !self.yes && !io::stdin().is_terminal() {
            let text = "a restore replaces the database, and there is nobody to ask; say --yes if you mean it";
            return Err(Error::Usage(text.to_owned()));
        }
        let file = absolute(&self.file)?;
        if same_file(&file, &db) {
            return Err(Error::Usage(format!("{} is the database itself; name a backup", file.display())));
        }
        let stop = long_work::watch()?;
        let mut seat = seat(&config)?;
        let draft = seat.draft(draft_number()?).map_err(|error| failed(&db, &error))?;
        let report = prove(&file, &draft, &config, &stop)?;
        if !self.yes {
            ask(&question(&file, &db, &report), &stop)?;
        }
        let kept = swap(&mut seat, draft, &report, &config)?;
        if self.json {
            let (made_at, users) = (report.made_at, report.users);
            output::json(&View { database: &db, file: &file, made_at, users, kept: kept.as_deref() })?;
        } else {
            output::line(format_args!("{} is now {}: {}", db.display(), file.display(), contents(&report)))?;
        }
        output::note("everybody is signed out, all links are void, and new keys sign");
        if let Some(kept) = kept {
            let kept = kept.display();
            output::note(format_args!("the old database is kept; `doorward restore {kept}` goes back to it"));
        }
        Ok(())
    }
}

/// Nobody else works on the database from now on.
fn seat(config: &Config) -> Result<Seat, Error> {
    let folder = &config.data_dir;
    if !folder.is_dir() {
        let text = "there is no such folder; make it, and put the master key into it";
        return Err(Error::Failed(format!("{}: {text}", folder.display())));
    }
    match Seat::take(folder) {
        Err(OpenError::Served(db)) => Err(Error::Failed(format!(
            "a doorward serves {}; stop it first: a restore replaces what it has open. Nothing was changed",
            db.display()
        ))),
        seat => Ok(seat?),
    }
}

/// Copies the backup beside the database, and proves the copy: what is proved is what is used.
fn prove(file: &Path, draft: &Draft, config: &Config, stop: &Stop) -> Result<Report, Error> {
    let refused = |report: &Report| {
        let found: Vec<_> = report.findings.iter().map(|finding| finding.text.as_str()).collect();
        Error::Failed(format!("{}: {}. Nothing was changed", file.display(), found.join("\n")))
    };
    let problem = |problem: Problem| refused(&unopened(&problem, Which::Copy));
    let source = Source::open(file, stop).map_err(problem)?;
    let schema = identify(&source).map_err(problem)?;
    take(&source, draft, stop).map_err(|no| no_copy(draft.path(), &no))?;
    drop(source);
    let prove = || report(draft.path(), Which::Copy, config, stop);
    let mut proved = prove()?;
    if proved.is_good() && proved.is_older {
        output::note(format_args!("its schema {schema} is an older one, and is brought to this version's"));
        copy::migrate(draft).map_err(|no| no_copy(file, &no))?;
        proved = prove()?;
    }
    if proved.is_good() { Ok(proved) } else { Err(refused(&proved)) }
}

/// The draft takes the place of the database. Gives where that is kept.
fn swap(seat: &mut Seat, draft: Draft, report: &Report, config: &Config) -> Result<Option<PathBuf>, Error> {
    let db = seat.path().to_owned();
    let present = seat.close_present().map_err(|error| cant_close(&db, error))?;
    let known = match &present {
        Present::Ours(known) => *known,
        Present::Missing => None,
        Present::Damaged(why) => {
            output::note(format_args!("the old database is damaged ({why}); it is kept as it is"));
            None
        }
    };
    let Some((master, database)) = report.master.as_ref().zip(report.database) else {
        return Err(Error::Failed("the master key is not proved; nothing was changed".to_owned()));
    };
    let (now, entropy) = (SystemClock.now(), SystemEntropy::default());
    begin_anew_in_draft(&draft, (master, database), known, config.tokens.algorithm, (now, &entropy))?;
    // 2026-11-24T23:51:24.123Z without what a shell or another system would mind.
    let time: String = now.rfc3339().chars().take(19).filter(|c| !matches!(c, '-' | ':')).collect();
    let kept = seat.replace(draft, &format!("{time}Z")).map_err(|error| failed(&db, &error))?;
    Ok(kept.filter(|_| present != Present::Missing))
}

/// Another program has it open, or the disk refuses.
fn cant_close(db: &Path, error: OpenError) -> Error {
    let OpenError::Store(error) = error else { return error.into() };
    if matches!(error, store::error::Error::Locked) {
        let text = "another program has it open; end that, and restore again. Nothing was changed";
        return Error::Failed(format!("{}: {text}", db.display()));
    }
    let way = "If it can't be helped, move this file, its -wal and its -shm away, and restore again";
    Error::Failed(format!("{}: {error}; nothing was changed. {way}", db.display()))
}

fn failed(db: &Path, error: &io::Error) -> Error {
    Error::Failed(format!("{}: {error}; the old database is where it was", db.display()))
}

fn question(file: &Path, db: &Path, report: &Report) -> String {
    format!(
        "{} is {}.\nIt takes the place of {}, which is kept beside it. Everybody is signed out, and all links are void.\n\
         Go on? [y/N] ",
        file.display(),
        contents(report),
        db.display()
    )
}

/// Asks on the terminal. Anything but a yes is a no.
fn ask(question: &str, stop: &Stop) -> Result<(), Error> {
    let _ = write!(io::stderr().lock(), "{question}");
    let (tell, told) = channel();
    // On a thread of its own: a signal doesn't break off a read.
    std::thread::spawn(move || {
        let mut line = String::new();
        let _ = io::stdin().read_line(&mut line);
        let _ = tell.send(line);
    });
    let answer = loop {
        match told.recv_timeout(LOOK) {
            Ok(line) => break line,
            Err(RecvTimeoutError::Timeout) if !stop.load(Ordering::Relaxed) => {}
            Err(_) => break String::new(),
        }
    };
    if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        Ok(())
    } else {
        Err(Error::Failed("nothing was changed".to_owned()))
    }
}
