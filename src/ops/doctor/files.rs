//! Modes and owners: what the server keeps is for its owner alone.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::config::error::Source;
use crate::config::loaded::Loaded;
use crate::ops::doctor::Finding;
use crate::ops::start::KEY_FILE;
use crate::store::sqlite::open;

/// What everybody else may do: read, write, execute; the group's bits and the others'.
const OTHERS: u32 = 0o077;
/// Of these, what changes something.
const WRITE: u32 = 0o022;

/// A file or folder that others can get at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    /// Which.
    pub path: PathBuf,
    /// Its mode.
    pub mode: u32,
    /// What it should be at most.
    pub wanted: u32,
}

impl Exposed {
    fn of(path: &Path, wanted: u32) -> Option<Self> {
        let mode = fs::metadata(path).ok()?.mode() & 0o777;
        (mode & OTHERS != 0).then(|| Self { path: path.to_owned(), mode, wanted })
    }

    /// Whether others can change it.
    pub const fn is_writable(&self) -> bool {
        self.mode & WRITE != 0
    }

    /// The command that mends it.
    pub fn mend(&self) -> String {
        format!("chmod {:o} {}", self.wanted, quoted(&self.path))
    }

    /// What it is, in words.
    pub fn text(&self) -> String {
        let what = if self.is_writable() { "changed" } else { "read" };
        format!("{} can be {what} by others (mode {:04o})", self.path.display(), self.mode)
    }
}

/// The server's own files in a folder, where they are.
fn own(folder: &Path) -> impl Iterator<Item = PathBuf> {
    let db = open::FILE;
    let companions = [String::new(), "-wal".to_owned(), "-shm".to_owned()].map(|end| format!("{db}{end}"));
    let others = [KEY_FILE, "doorward.lock", "doorward.turn"].map(str::to_owned);
    companions.into_iter().chain(others).map(|name| folder.join(name)).filter(|path| path.exists())
}

/// The server's own files that others can get at, and the folder where they can change what lies in it.
pub fn exposed(folder: &Path) -> Vec<Exposed> {
    let files = own(folder).filter_map(|path| Exposed::of(&path, 0o600));
    Exposed::of(folder, 0o700).filter(Exposed::is_writable).into_iter().chain(files).collect()
}

/// Looks at the folder, the server's files in it, and the files that hold its settings.
pub(super) fn look(loaded: &Loaded) -> Vec<Finding> {
    let folder = &loaded.config.data_dir;
    let exposed = exposed(folder).into_iter();
    let mut found: Vec<_> = exposed.map(|it| Finding::problem("mode", it.text(), it.mend())).collect();
    if let Some(seen) = Exposed::of(folder, 0o700).filter(|folder| !folder.is_writable()) {
        let text = format!("{} is a folder whose files others can list (mode {:04o})", folder.display(), seen.mode);
        found.push(Finding::warning("mode", text, seen.mend()));
    }
    found.extend(settings(loaded));
    found.extend(owners(folder));
    if found.is_empty() && own(folder).next().is_some() {
        found.push(Finding::ok("mode", format!("what lies in {} is for its owner alone", folder.display())));
    }
    found
}

/// The file of settings, where others can change it or read secrets in it; and files that hold one secret.
fn settings(loaded: &Loaded) -> Vec<Finding> {
    let mut found = Vec::new();
    let secret_here = loaded.secrets().any(|(_, source)| matches!(source, Source::File { .. }));
    if let Some(seen) = loaded.file.as_deref().and_then(|file| Exposed::of(file, 0o600)) {
        if secret_here {
            found.push(Finding::problem("mode", format!("{}; it holds secrets", seen.text()), seen.mend()));
        } else if seen.is_writable() {
            let mend = format!("chmod go-w {}", quoted(&seen.path));
            found.push(Finding::problem("mode", seen.text(), mend));
        }
    }
    for (key, source) in loaded.secrets() {
        let Source::Twin { path, .. } = source else { continue };
        if let Some(seen) = Exposed::of(path, 0o600) {
            found.push(Finding::warning("mode", format!("{}; it holds {key}", seen.text()), seen.mend()));
        }
    }
    found
}

/// Files of one who isn't the database's owner, and a folder of one who is neither that nor root.
fn owners(folder: &Path) -> Vec<Finding> {
    let Ok(owner) = fs::metadata(folder.join(open::FILE)).map(|file| file.uid()) else { return Vec::new() };
    let strange = |path: &Path, seen: &Metadata, also: u32| {
        let text = format!("{} is of user {}, the database of user {owner}", path.display(), seen.uid());
        let mend = || format!("chown {owner} {}", quoted(path));
        (seen.uid() != owner && seen.uid() != also).then(|| Finding::problem("owner", text, mend()))
    };
    let of = |path: &Path, also| fs::metadata(path).ok().and_then(|seen| strange(path, &seen, also));
    of(folder, 0).into_iter().chain(own(folder).filter_map(|path| of(&path, owner))).collect()
}

/// A path as a shell reads it.
pub(super) fn quoted(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/._-+:@".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_one_word_to_a_shell() {
        assert_eq!(quoted(Path::new("/var/lib/doorward.db-wal")), "/var/lib/doorward.db-wal");
        assert_eq!(quoted(Path::new("/a b/it's")), r"'/a b/it'\''s'");
        assert_eq!(quoted(Path::new("/a;b")), "'/a;b'");
    }
}
