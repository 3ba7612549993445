//! Stubs by others, in Node: each a small script in `benches/peers`, its packages by npm.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where they are.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers");

/// One of them.
pub struct Peer {
    /// What it is called, with its version.
    pub name: String,
    script: PathBuf,
}

impl Peer {
    /// What starts it.
    pub fn command(&self) -> Command {
        let mut command = Command::new("node");
        command.arg(&self.script).current_dir(FOLDER).stderr(Stdio::null());
        command
    }
}

/// All of them, installed; else why there are none.
pub fn all() -> Result<Vec<Peer>, String> {
    let node = said(Command::new("node").arg("--version"))?;
    let folder = Path::new(FOLDER);
    if !is_installed(folder) {
        let quick = ["--fetch-retries=0", "--fetch-timeout=20000", "--prefer-offline"];
        let quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
        said(Command::new("npm").arg("ci").args(quick).args(quiet).current_dir(folder))?;
    }
    let peer = |name: &str| {
        let package = fs::read(folder.join("node_modules").join(name).join("package.json")).unwrap();
        let package: serde_json::Value = serde_json::from_slice(&package).unwrap();
        let version = package["version"].as_str().unwrap_or_default();
        Peer { name: format!("{name} {version}, Node {node}"), script: folder.join(name).with_extension("mjs") }
    };
    Ok(["oauth2-mock-server", "oidc-provider"].map(peer).into())
}

/// Whether what npm has installed is as new as what it is to install.
fn is_installed(folder: &Path) -> bool {
    let changed = |file: &str| fs::metadata(folder.join(file)).and_then(|data| data.modified()).ok();
    changed("node_modules/.package-lock.json") >= changed("package-lock.json")
}

/// What a command says; else the first line of why it failed.
fn said(command: &mut Command) -> Result<String, String> {
    let name = command.get_program().display().to_string();
    let done = command.stdin(Stdio::null()).output().map_err(|bad| format!("no {name}: {bad}"))?;
    let complaint = String::from_utf8_lossy(&done.stderr).lines().next().unwrap_or_default().to_owned();
    if done.status.success() {
        Ok(String::from_utf8_lossy(&done.stdout).trim().to_owned())
    } else {
        Err(format!("{name}: {complaint}"))
    }
}
