//! `doorward config`: checks the settings, shows them, prints an example.

use clap::{Args, Subcommand};
use serde::Serialize;

use crate::cli::error::Error;
use crate::cli::output;
use crate::cli::place::Place;
use crate::config;
use crate::config::loaded::{Loaded, Row};

#[derive(Subcommand)]
pub(super) enum Config {
    /// Say what is wrong with the settings, and what is seldom meant
    Check(Form),
    /// Print every setting and where it came from; secrets are hidden
    Show(Form),
    /// Print all settings with their defaults and a line of comment each
    Example,
}

#[derive(Args)]
pub(super) struct Form {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What a check found.
#[derive(Serialize)]
struct Checked {
    ok: bool,
    file: Option<String>,
    problems: Vec<String>,
    warnings: Vec<String>,
}

/// A setting as JSON has it.
#[derive(Serialize)]
struct Setting {
    key: &'static str,
    value: Option<serde_json::Value>,
    source: String,
}

impl Config {
    pub(super) fn run(self, place: &Place) -> Result<(), Error> {
        match self {
            Self::Check(form) => check(place, &form),
            Self::Show(form) => show(place, &form),
            Self::Example => output::text(config::example()),
        }
    }
}

fn check(place: &Place, form: &Form) -> Result<(), Error> {
    let loaded = match place.load(None, None) {
        Err(Error::Config(error)) if form.json => {
            let problems = error.problems().iter().map(ToString::to_string).collect();
            output::json(&Checked { ok: false, file: None, problems, warnings: Vec::new() })?;
            return Err(Error::Config(error));
        }
        other => other?,
    };
    name_file(&loaded);
    let warnings: Vec<_> = loaded.config.warnings().iter().map(ToString::to_string).collect();
    if form.json {
        let file = loaded.file.map(|file| file.display().to_string());
        return output::json(&Checked { ok: true, file, problems: Vec::new(), warnings });
    }
    for warning in &warnings {
        output::line(format_args!("warning: {warning}"))?;
    }
    let rest = if warnings.is_empty() { "the settings are good" } else { "the settings can be used" };
    output::line(rest)
}

fn show(place: &Place, form: &Form) -> Result<(), Error> {
    let loaded = place.load(None, None)?;
    name_file(&loaded);
    if form.json { output::json(&loaded.rows().map(setting).collect::<Vec<_>>()) } else { output::text(loaded.show()) }
}

fn name_file(loaded: &Loaded) {
    match &loaded.file {
        Some(file) => output::note(format_args!("settings: {}", file.display())),
        None => output::note("settings: no config.toml; defaults, environment and arguments alone"),
    }
}

/// The values are numbers, texts and lists of texts, which TOML and JSON write alike; what is none of
/// them, as the words in place of a secret, is a text.
fn setting(Row { key, value, source }: Row) -> Setting {
    let value = value.map(|text| serde_json::from_str(&text).unwrap_or(serde_json::Value::String(text)));
    Setting { key, value, source: source.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::error::Source;

    #[test]
    fn values_are_json_of_their_own_kind() {
        let json = |text: &str| {
            let row = Row { key: "key", value: Some(text.to_owned()), source: Source::Default };
            serde_json::to_string(&setting(row).value).unwrap()
        };
        for text in ["\"15m\"", "12", "[\"10.0.0.1\",\"::1\"]"] {
            assert_eq!(json(text), text);
        }
        assert_eq!(json("[redacted]"), "\"[redacted]\"");
    }
}
