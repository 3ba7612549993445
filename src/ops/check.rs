//! Whether a database or a backup is good: whole, ours, and opened by the master key that is here.

use crate::base::id::DatabaseId;
use crate::base::time::Timestamp;
use crate::config::Config;
use crate::crypto::seal::MasterKey;
use crate::ops::start::{StartError, key_path, proven_master};
use crate::store::rows::{Rows, UserCounts};
use crate::store::sqlite::check::{Examined, Problem, examine};
use crate::store::sqlite::source::Source;

/// Which file it is: that decides what leads back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The database itself.
    Live,
    /// A backup, or any other copy.
    Copy,
}

/// Something that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A stable word.
    pub code: &'static str,
    /// What is wrong and what leads back, on one line.
    pub text: String,
}

/// What a look through a file gave.
#[derive(Debug, Default)]
pub struct Report {
    /// What is wrong; nothing where it is good.
    pub findings: Vec<Finding>,
    /// The number of its schema.
    pub schema: i64,
    /// When it was copied, where it is a backup.
    pub made_at: Option<Timestamp>,
    /// How many users are in it.
    pub users: u64,
    /// How many sessions are live in it.
    pub sessions: u64,
    /// Its rows are not looked at: an older schema, which is brought to this version's where it is opened.
    pub is_older: bool,
    /// Its name.
    pub database: Option<DatabaseId>,
    /// The master key, where it opens the file's sealed rows.
    pub master: Option<MasterKey>,
}

impl Report {
    /// Whether nothing is wrong.
    pub fn is_good(&self) -> bool {
        self.findings.is_empty()
    }
}

/// What is wrong with a file that could not even be opened.
pub fn unopened(problem: &Problem, which: Which) -> Report {
    Report { findings: vec![finding(problem, which)], ..Report::default() }
}

/// Looks through a whole file.
pub fn check(source: &Source, which: Which, config: &Config, now: Timestamp) -> Report {
    let Examined { problems, schema, is_current, made_at } = examine(source);
    let mut report = Report { schema, made_at, is_older: !is_current, ..Report::default() };
    report.findings = problems.iter().map(|problem| finding(problem, which)).collect();
    if !report.is_good() || !is_current {
        return report;
    }
    let read = |rows: &dyn Rows| {
        let meta = rows.meta()?;
        let UserCounts { all, .. } = rows.count_users()?;
        Ok((meta.database, rows.keys()?, all, rows.count_live(meta.epoch, now)?))
    };
    match source.read(read) {
        Err(error) => report.findings.push(finding(&Problem::Damaged(error.to_string()), which)),
        Ok((database, keys, users, sessions)) => {
            (report.users, report.sessions, report.database) = (users, sessions, Some(database));
            match proven_master(config, database, &keys) {
                Ok(master) => report.master = Some(master),
                Err(error) => report.findings.push(key_finding(&error, config)),
            }
        }
    }
    report
}

fn finding(problem: &Problem, which: Which) -> Finding {
    Finding { code: problem.code(), text: format!("{problem}; {}", way_back(problem, which)) }
}

/// What leads back.
pub(super) fn way_back(problem: &Problem, which: Which) -> &'static str {
    match (problem, which) {
        (Problem::Missing, Which::Live) => "`doorward serve` makes one, or name its folder with --data",
        (Problem::Unreadable(_), _) => "see to its mode, its owner and its disk",
        (Problem::Locked | Problem::Interrupted, _) => "try again",
        (Problem::StrayWal(_), Which::Live) => "move it away, or restore the backup with `doorward restore`",
        (Problem::StrayWal(_), Which::Copy) => "move it away",
        (Problem::Newer { .. }, _) => "run that version",
        (Problem::Foreign, Which::Live) => "move it away, or name another folder with --data",
        (Problem::Dev, Which::Live) => "name another folder with --data; `doorward serve --dev` alone opens this one",
        (Problem::Unfinished | Problem::Empty, Which::Live) => "`doorward serve` finishes it",
        (Problem::Missing | Problem::NotAFile | Problem::Foreign | Problem::Dev, Which::Copy) => {
            "name a file that `doorward backup` made"
        }
        (Problem::Unfinished | Problem::Empty, Which::Copy) => {
            "there is nothing in it to go back to; use another backup"
        }
        (
            Problem::NotAFile
            | Problem::NoDatabase
            | Problem::Damaged(_)
            | Problem::Orphans { .. }
            | Problem::Schema { .. },
            Which::Live,
        ) => "stop the server and go back to the last good backup with `doorward restore FILE`",
        (Problem::NoDatabase | Problem::Damaged(_) | Problem::Orphans { .. } | Problem::Schema { .. }, Which::Copy) => {
            "use another backup, or another copy of this one"
        }
    }
}

/// The master key is missing, unreadable or another's.
fn key_finding(error: &StartError, config: &Config) -> Finding {
    let key = key_path(&config.data_dir);
    let put_back = "put back the file that belongs to it, or give it by DOORWARD_MASTER_KEY";
    let (code, text) = match error {
        StartError::KeyMissing { .. } => {
            let text = format!("its keys can't be opened: there is no master key at {}; {put_back}", key.display());
            ("key_missing", text)
        }
        StartError::NoMasterKey(error) => ("key_unreadable", format!("its keys can't be opened: {error}; {put_back}")),
        StartError::Keys(error) => {
            ("key_wrong", format!("its keys can't be opened: {error}; the master key must be the one it was made with"))
        }
        StartError::Other(error) => ("key_unreadable", format!("its keys can't be opened: {error}; try again")),
    };
    Finding { code, text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_finding_is_one_line_and_says_what_leads_back() {
        let problems = [
            Problem::Missing,
            Problem::Empty,
            Problem::NoDatabase,
            Problem::Foreign,
            Problem::Dev,
            Problem::Newer { found: 9, known: 1 },
            Problem::Damaged("row 1 missing from index".to_owned()),
            Problem::StrayWal("/d/doorward.db-wal".into()),
        ];
        for problem in problems {
            for which in [Which::Live, Which::Copy] {
                let Finding { code, text } = finding(&problem, which);
                assert!(text.starts_with(&problem.to_string()) && !text.contains('\n'), "{code}: {text}");
                assert!(text.rsplit_once("; ").is_some_and(|(_, way)| !way.is_empty()), "{text}");
            }
        }
    }
}
