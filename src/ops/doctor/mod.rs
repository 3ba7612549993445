//! What is set up wrong, and the line that mends it: files, disk, settings, database, and what a browser meets at
//! the server's URL. Changes nothing, but for three attempts of the own address at `limits.login_address`.
//!
//! Each check is a small function that gives findings; the overview makes warnings of some of them.

mod ask;
pub mod clients;
mod cookie;
mod curl;
mod data;
pub mod disk;
pub mod files;
mod proxy;
mod settings;
mod url;

use serde::Serialize;

use crate::base::time::Clock;
use crate::config::loaded::Loaded;
use crate::config::origin::Origin;
use crate::ops::doctor::url::Site;
use crate::store::sqlite::open::ServeLock;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// It is as it should be.
    Ok,
    /// It works, and somebody should look at it.
    Warning,
    /// It does not work, or it is not safe.
    Problem,
}

/// What a check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What it is: a stable word.
    pub code: &'static str,
    /// For people.
    pub text: String,
    /// The line that mends it: a command, a setting, or what to do.
    pub mend: Option<String>,
}

impl Level {
    /// As it is printed.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Warning => "warning",
            Self::Problem => "problem",
        }
    }
}

impl Finding {
    fn ok(code: &'static str, text: impl Into<String>) -> Self {
        Self { level: Level::Ok, code, text: text.into(), mend: None }
    }

    fn warning(code: &'static str, text: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { level: Level::Warning, code, text: text.into(), mend: Some(mend.into()) }
    }

    fn problem(code: &'static str, text: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { level: Level::Problem, code, text: text.into(), mend: Some(mend.into()) }
    }
}

/// Settings that can't be used, as findings: nothing else can be looked at.
pub fn unusable(error: &crate::config::error::Error) -> Vec<Finding> {
    let finding = |problem: &crate::config::error::Problem| {
        Finding::problem("settings", problem.to_string(), "`doorward config example` shows how each is written")
    };
    error.problems().iter().map(finding).collect()
}

/// Looks at everything. The URL is where browsers reach the server; without one nothing is asked there.
pub fn examine(loaded: &Loaded, url: Option<&Origin>, clock: &dyn Clock) -> Vec<Finding> {
    let config = &loaded.config;
    let mut found = settings::look(config);
    found.extend(files::look(loaded));
    found.extend(disk::look(&config.data_dir));
    found.push(served(loaded));
    let (data, kids) = data::look(config, url, clock.now());
    found.extend(data);
    if let Some(url) = url {
        found.extend(Site { url, config, kids: &kids, clock }.look());
    } else {
        let text = "nothing was asked over the network: there is no public_url, and --url was not given";
        found.push(Finding::ok("url", text));
    }
    found
}

fn served(loaded: &Loaded) -> Finding {
    let served = ServeLock::is_taken(&loaded.config.data_dir);
    Finding::ok("server", if served { "a server runs on this folder" } else { "no server runs on this folder" })
}
