//! `doorward doctor`: each finding made to happen on the real binary, and a healthy set-up without any.

mod behind;
mod here;
mod there;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::cli::house::{House, Said};

/// What a run found, but for what is well: level, code, text and mend.
#[derive(Debug)]
struct Found {
    status: i32,
    rest: Vec<[String; 4]>,
    all: Value,
}

/// Reads what `--json` printed.
fn read(said: &Said) -> Found {
    let all: Value = serde_json::from_str(&said.out).unwrap_or_else(|_| panic!("{said:?}"));
    let word = |finding: &Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    let findings = all["findings"].as_array().unwrap().iter().filter(|finding| finding["level"] != "ok");
    let rest = findings.map(|finding| ["level", "code", "text", "mend"].map(|key| word(finding, key))).collect();
    Found { status: said.status, rest, all }
}

/// Runs it in a house, in the settings of `config.toml` alone.
fn doctor(house: &House, args: &[&str]) -> Found {
    let args: Vec<_> = ["doctor", "--json"].iter().chain(args).copied().collect();
    read(&house.run_with(&args, "", &[("PATH", "/usr/bin:/bin")]))
}

impl Found {
    /// Expects one finding, with these words in its text, and this mend; a problem is status 1.
    #[track_caller]
    fn is(&self, level: &str, code: &str, text: &str, mend: &str) {
        let [[found_level, found_code, found_text, found_mend]] = self.rest.as_slice() else { panic!("{self:#?}") };
        assert_eq!((found_level.as_str(), found_code.as_str(), found_mend.as_str()), (level, code, mend), "{self:#?}");
        assert!(found_text.contains(text), "{found_text}");
        let problems = u64::from(level == "problem");
        assert_eq!((self.status, &self.all["problems"]), (i32::from(level == "problem"), &problems.into()));
        assert_eq!((&self.all["ok"], &self.all["warnings"]), (&(problems == 0).into(), &(1 - problems).into()));
    }

    /// Expects nothing.
    #[track_caller]
    fn is_well(&self) {
        assert!(self.rest.is_empty() && self.status == 0 && self.all["ok"] == true, "{self:#?}");
    }

    /// Whether something is told to be well.
    fn well(&self, code: &str) -> bool {
        let findings = self.all["findings"].as_array().unwrap();
        findings.iter().any(|finding| finding["level"] == "ok" && finding["code"] == code)
    }
}

fn chmod(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
