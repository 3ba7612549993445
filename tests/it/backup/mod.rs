//! `backup`, `restore` and `check`: the real binary, beside servers and in the face of faults.

mod checked;
mod faults;
mod killed;
mod load;
mod restored;

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Output;

use rusqlite::{Connection, OpenFlags};

use crate::real::Site;
use crate::real::api::Tokens;

const ANN: &str = "ann@example.com";

/// Where backups go: outside the data folder.
const COPY: &str = "copy.db";

/// A site on which Ann was made, stopped in order, and her tokens.
async fn with_ann() -> (Site, Tokens) {
    let site = Site::new();
    let server = site.start();
    let ann = server.api().setup(&server.setup_secret(), ANN).await;
    server.stop();
    (site, ann)
}

/// The same with a backup, after which Bob came.
async fn with_copy() -> (Site, Tokens) {
    let (site, ann) = with_ann().await;
    done(&site, &["backup", COPY]);
    let server = site.start();
    server.api().register("bob@example.com").await;
    server.stop();
    (site, ann)
}

/// The exit status, standard output and standard error without its first line, which names the file.
fn said(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let err = text(&output.stderr);
    let rest = err.split_once('\n').map_or(err.as_str(), |(_, rest)| rest).to_owned();
    (output.status.code(), text(&output.stdout), rest)
}

/// Runs a command, expects that it is done, and gives its standard output.
#[track_caller]
fn done(site: &Site, args: &[&str]) -> String {
    let (status, out, err) = said(&site.run(args));
    assert_eq!(status, Some(0), "{args:?}: {out}{err}");
    out
}

/// Runs a command, expects that it fails, and gives what it says.
#[track_caller]
fn failed(site: &Site, args: &[&str], wanted: i32) -> String {
    let (status, out, err) = said(&site.run(args));
    assert_eq!((status, out.as_str()), (Some(wanted), ""), "{args:?}: {err}");
    err
}

/// The names in a folder, sorted.
fn names(folder: &Path) -> Vec<OsString> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    names
}

/// The addresses of the users in a file that nobody has open.
fn users(file: &Path) -> Vec<String> {
    let conn = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_WRITE).unwrap();
    let mut query = conn.prepare("SELECT email FROM users ORDER BY email").unwrap();
    query.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// What the restore kept.
fn kept(site: &Site) -> Vec<String> {
    let names = names(&site.data()).into_iter().map(|name| name.into_string().unwrap());
    names.filter(|name| name.contains("before-restore")).collect()
}
