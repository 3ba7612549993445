//! The README says what is so: its tables are those of the code, and its Rust works.
//!
//! `UPDATE_README=1 cargo test readme` writes the blocks anew.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "what helps a test may fail it")]

#[expect(unreachable_pub, reason = "as people paste it")]
mod check;
mod tokens;
mod vectors;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::process::Command;

use doorward::http::code::markdown_table;
use doorward::http::openapi::description;
use doorward::http::routes::{DEV_ROUTES, Needs, ROUTES};
use serde_json::Value;

const README: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/README.md");

/// Holds a block of the README against what it must be, or writes it.
fn block(name: &str, wanted: &str) {
    let readme = fs::read_to_string(README).unwrap();
    let (before, rest) = readme.split_once(&format!("<!-- {name} -->\n")).unwrap();
    let (found, after) = rest.split_once(&format!("<!-- /{name} -->\n")).unwrap();
    let wanted = format!("\n{wanted}\n");
    if found == wanted {
        return;
    }
    let update = std::env::var_os("UPDATE_README").is_some();
    assert!(update, "the block {name} of README.md is old: UPDATE_README=1 cargo test readme\n{wanted}");
    // In one step: another test may read it.
    let new = format!("{README}.new");
    fs::write(&new, format!("{before}<!-- {name} -->\n{wanted}<!-- /{name} -->\n{after}")).unwrap();
    fs::rename(new, README).unwrap();
}

/// What a caller needs, in words.
const fn needs(needs: Needs) -> &'static str {
    match needs {
        Needs::Page | Needs::Nothing => "",
        Needs::Origin => "refresh token",
        Needs::Guess => "counts as an attempt",
        Needs::Bearer => "access token",
        Needs::BearerGuess => "access token; counts as an attempt",
        Needs::Admin => "access token of an administrator",
        Needs::Dev => "the development stub",
    }
}

/// What a call does: its summary in the description.
fn summary(api: &Value, method: &str, path: &str) -> String {
    api["paths"][path][method.to_lowercase()]["summary"].as_str().unwrap().to_owned()
}

fn routes() -> String {
    let api = serde_json::from_str(description(false)).unwrap();
    let mut table = "| call | what it does | needs |\n| --- | --- | --- |\n".to_owned();
    for route in ROUTES.iter().filter(|route| route.needs != Needs::Page) {
        let (method, path) = (route.method, route.path);
        let what = summary(&api, method, path);
        writeln!(table, "| `{method} {path}` | {what} | {} |", needs(route.needs)).unwrap();
    }
    table
}

fn dev_routes() -> String {
    let api = serde_json::from_str(description(true)).unwrap();
    let mut table = "| call | what it does |\n| --- | --- |\n".to_owned();
    for route in DEV_ROUTES.iter().filter(|route| route.needs != Needs::Page) {
        writeln!(table, "| `{} {}` | {} |", route.method, route.path, summary(&api, route.method, route.path)).unwrap();
    }
    table
}

// One test: two would write the one file at once.
#[test]
fn the_tables_and_the_rust_of_the_readme_are_those_of_the_code() {
    block("routes", &routes());
    block("dev-routes", &dev_routes());
    for (name, language, text) in [
        ("recipe-retry", "js", include_str!("../stub/retry.spec.mjs")),
        ("recipe-form", "js", include_str!("../stub/form.spec.mjs")),
        ("recipe-tabs", "js", include_str!("../stub/tabs.spec.mjs")),
        ("recipe-elsewhere", "js", include_str!("../stub/elsewhere.spec.mjs")),
        ("recipe-verifier-node", "js", include_str!("../stub/verifier.test.mjs")),
        ("recipe-verifier-python", "python", include_str!("../stub/test_verifier.py")),
    ] {
        block(name, &format!("```{language}\n{text}```\n"));
    }
    block("codes", &markdown_table());
    block("react", &format!("```jsx\n{}```\n", include_str!("../browser/react/App.jsx")));
    block("check-rust", &format!("```rust\n{}```\n", include_str!("readme/check.rs")));
}

#[test]
fn systemd_takes_the_unit() {
    let readme = fs::read_to_string(README).unwrap();
    let unit = readme.split_once("<!-- systemd -->").unwrap().1.split_once("<!-- /systemd -->").unwrap().0;
    let unit = unit.replace("```ini", "").replace("```", "");
    let served = "ExecStart=/usr/local/bin/doorward serve --data /var/lib/doorward\n";
    assert!(unit.contains(served) && unit.contains("StateDirectory=doorward\n"), "{unit}");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("doorward.service");
    fs::write(&file, unit.replace("/usr/local/bin/doorward", env!("CARGO_BIN_EXE_doorward"))).unwrap();
    match Command::new("systemd-analyze").arg("verify").arg(&file).output() {
        // A machine without systemd's own folders has more to say, but nothing of this file.
        Ok(said) => assert!(!String::from_utf8_lossy(&said.stderr).contains("doorward.service"), "{said:?}"),
        Err(missing) => eprintln!("SKIPPED: systemd-analyze is not here ({missing})"),
    }
}

#[test]
fn the_readme_names_every_command_and_no_other() {
    let readme = fs::read_to_string(README).unwrap();
    let named = readme.split_once("<!-- commands -->").unwrap().1.split_once("<!-- /commands -->").unwrap().0;
    let rows = named.lines().filter_map(|row| row.strip_prefix("| `doorward")?.split_once("` |"));
    // The first row names the program alone, too.
    let named = rows.map(|(command, _)| command.rsplit(' ').next().unwrap().to_owned());
    let named: BTreeSet<String> = named.collect();
    let help = Command::new(env!("CARGO_BIN_EXE_doorward")).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let commands = help.split_once("Commands:\n").unwrap().1.split_once("\n\n").unwrap().0;
    let commands = commands.lines().filter_map(|line| line.split_whitespace().next());
    let commands: BTreeSet<String> = commands.filter(|name| *name != "help").map(str::to_owned).collect();
    assert_eq!(named, commands);
}
