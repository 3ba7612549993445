//! The layers only look down, SQL and foreign crates stay where they belong, and files stay small.

use std::fs;
use std::path::{Path, PathBuf};

/// Each module of the crate and the modules that it may use.
const LAYERS: &[(&str, &[&str])] = &[
    ("base", &[]),
    ("domain", &["base"]),
    ("config", &["base", "domain"]),
    ("crypto", &["base", "domain"]),
    ("store", &["base", "domain"]),
    ("ops", &["base", "domain", "config", "crypto", "store"]),
    ("http", &["base", "domain", "config", "crypto", "store", "ops"]),
    ("jobs", &["base", "domain", "config", "crypto", "store", "ops", "http"]),
    ("server", &["base", "domain", "config", "crypto", "store", "ops", "http", "jobs"]),
    ("cli", &["base", "domain", "config", "crypto", "store", "ops", "server"]),
    ("testing", &["base", "domain", "config", "ops", "server"]),
    ("main", &["cli"]),
    ("lib", &[]),
];

/// A word that code may hold only under these paths, and why.
const ONLY: &[(&str, &[&str], &str)] = &[
    ("rusqlite", &["src/store/"], "SQL lives under store/"),
    ("SELECT ", &["src/store/"], "SQL lives under store/"),
    ("actix_web", &["src/http/", "src/server.rs"], "actix stays in http/ and server.rs"),
    ("actix_http::", &["src/http/line/"], "one place puts actix together"),
    ("jsonwebtoken::", &["src/crypto/jwt.rs"], "one file signs and verifies"),
    ("bcrypt::", &["src/crypto/password.rs"], "one file hashes passwords"),
    (
        "crypto::forge",
        &["src/crypto/forge", "src/cli/vectors.rs", "src/ops/dev", "src/http/dev"],
        "only who tests verifiers makes tokens that lie",
    ),
    ("figment", &["src/config/"], "settings are read in config/"),
    (
        "clock.now()",
        &["src/ops/", "src/jobs/", "src/server.rs", "src/store/revocations.rs"],
        "time is a value below ops",
    ),
    ("super::super", &[], "name things by their path from the crate"),
];

const MAX_LINES: usize = 400;

fn sources() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("src")];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path.strip_prefix(root).unwrap().display().to_string();
                found.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    assert!(found.len() > 50, "the sources were not found");
    found
}

/// Code without comments and without the tests at a file's foot.
fn code(text: &str) -> String {
    let body = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines = body.lines().map(|line| if line.trim_start().starts_with("//") { "" } else { line });
    lines.collect::<Vec<_>>().join("\n")
}

fn module(path: &str) -> &str {
    path.trim_start_matches("src/").split(['/', '.']).next().unwrap()
}

#[test]
fn layers_only_look_down() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let own = module(&path);
        let (_, allowed) =
            LAYERS.iter().find(|(name, _)| *name == own).unwrap_or_else(|| panic!("{path} is in no layer"));
        for used in code(&text).split("crate::").skip(1) {
            let group = used.strip_prefix('{').map(|rest| rest.split('}').next().unwrap());
            for used in group.unwrap_or(used).split(", ").take(if group.is_some() { usize::MAX } else { 1 }) {
                let used = used.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap();
                if used != own && !allowed.contains(&used) {
                    wrong.push(format!("{path} uses crate::{used}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_belongs_in_one_place_stays_there() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        let code = code(&text);
        for (word, places, why) in ONLY {
            if code.contains(word) && !places.iter().any(|place| path.starts_with(place)) {
                wrong.push(format!("{path} holds `{word}`: {why}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn files_stay_small() {
    let long = sources().into_iter().filter(|(_, text)| text.lines().count() > MAX_LINES);
    let long: Vec<_> = long.map(|(path, text)| format!("{path}: {} lines", text.lines().count())).collect();
    assert!(long.is_empty(), "{long:#?}");
}

#[test]
fn nothing_is_silenced_without_a_reason() {
    let mut wrong = Vec::new();
    for (path, text) in sources() {
        for (number, line) in text.lines().enumerate() {
            let silenced = line.contains("#[allow(") || line.contains("todo!(") || line.contains("unimplemented!(");
            if silenced || line.trim() == "#[ignore]" {
                wrong.push(format!("{path}:{}: {line}", number + 1));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
