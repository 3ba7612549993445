//! Where a value came from, and what is wrong with it.

use std::fmt;
use std::path::PathBuf;

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// Nobody set it.
    Default,
    /// The file of settings.
    File {
        /// Its absolute path.
        path: PathBuf,
        /// Line and column of the key, from 1, where they are known.
        at: Option<(usize, usize)>,
    },
    /// A credential that systemd passes to the service.
    Credential(PathBuf),
    /// A variable of the environment.
    Variable(String),
    /// A file that a variable names.
    Twin {
        /// The variable, `DOORWARD_…_FILE`.
        variable: String,
        /// The file's absolute path.
        path: PathBuf,
    },
    /// An argument of the command line.
    Argument(&'static str),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File { path, at: None } | Self::Credential(path) => write!(f, "{}", path.display()),
            Self::File { path, at: Some((line, column)) } => write!(f, "{}:{line}:{column}", path.display()),
            // Unlike a setting's own, an unknown name may hold anything.
            Self::Variable(name) => write!(f, "{}", printable(name)),
            Self::Twin { variable, path } => write!(f, "{variable} ({})", path.display()),
            Self::Argument(name) => f.write_str(name),
        }
    }
}

/// One thing that is wrong with the settings. Holds no value that was given, since a secret may stand
/// where none belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands.
    pub source: Source,
    /// The key, where it is about one.
    pub key: Option<String>,
    /// What is wrong, and what would be right.
    pub what: String,
}

impl Problem {
    /// About one key.
    pub(crate) fn of(source: Source, key: &str, what: impl Into<String>) -> Self {
        Self { source, key: Some(key.to_owned()), what: what.into() }
    }

    /// About a whole file or variable.
    pub(crate) fn with(source: Source, what: impl Into<String>) -> Self {
        Self { source, key: None, what: what.into() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.key {
            // A key may be any text in quotes: no line break of its own gets into the log.
            Some(key) => write!(f, "{}: {}: {}", self.source, printable(key), self.what),
            None => write!(f, "{}: {}", self.source, self.what),
        }
    }
}

fn printable(name: &str) -> String {
    name.replace(char::is_control, "?")
}

/// Why the settings can't be used: everything that is wrong with them, a line each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Vec<Problem>);

impl Error {
    /// What was found: nothing wrong, or an error.
    pub(crate) fn unless_empty(problems: Vec<Problem>) -> Result<(), Self> {
        if problems.is_empty() { Ok(()) } else { Err(Self(problems)) }
    }

    /// Each of the things that are wrong; at least one.
    pub fn problems(&self) -> &[Problem] {
        &self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, problem) in self.0.iter().enumerate() {
            let end = if at == 0 { "" } else { "\n" };
            write!(f, "{end}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_problem_is_one_line_with_its_place_and_key() {
        let file = |at| Source::File { path: "/etc/doorward/config.toml".into(), at };
        let twin = Source::Twin { variable: "DOORWARD_NAME_FILE".into(), path: "/run/name".into() };
        let problems = vec![
            Problem::of(file(Some((3, 1))), "li\nsten", "no such setting"),
            Problem::with(file(None), "is not there"),
            Problem::of(twin, "name", "must not be empty"),
        ];
        assert_eq!(
            Error::unless_empty(problems).unwrap_err().to_string(),
            "/etc/doorward/config.toml:3:1: li?sten: no such setting\n\
             /etc/doorward/config.toml: is not there\n\
             DOORWARD_NAME_FILE (/run/name): name: must not be empty"
        );
        assert_eq!(Error::unless_empty(Vec::new()), Ok(()));
    }
}
