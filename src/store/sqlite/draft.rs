//! A file to be: written beside the place where it shall stand, and put there once it is whole and on
//! disk. Dropped before, it leaves nothing.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{OpenOptionsExt, fchown};
use std::path::{Path, PathBuf};

/// What SQLite puts beside a file.
pub(super) const COMPANIONS: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A file that only its owner may read, under a name of its own.
#[derive(Debug)]
pub struct Draft {
    path: PathBuf,
    file: File,
    /// Whether it has its place: then nothing is left to remove.
    placed: bool,
}

/// Whether what stands in a draft's place may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// It stays, and the draft gets no place.
    No,
    /// It goes.
    Yes,
}

impl Draft {
    /// Makes one in the folder of `place`; `number` tells it from others.
    pub fn create(place: &Path, number: u32) -> io::Result<Self> {
        let name = place.file_name().ok_or(ErrorKind::InvalidInput)?;
        let mut hidden = OsString::from(".");
        hidden.push(name);
        hidden.push(format!(".{number:08x}.part"));
        let path = place.with_file_name(hidden);
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Self { path, file, placed: false })
    }

    /// Makes it another's, where this process may: the superuser's restore is the server's to open.
    pub(super) fn give_to(&self, (user, group): (u32, u32)) {
        let _ = fchown(&self.file, Some(user), Some(group));
    }

    /// Where it is now.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What was written so far is on disk when this returns.
    pub(super) fn sync_data(&self) -> io::Result<()> {
        self.file.sync_data()
    }

    /// How large it is, in bytes.
    pub fn size(&self) -> io::Result<u64> {
        Ok(self.file.metadata()?.len())
    }

    /// Puts it, whole and on disk, where it shall stand; its name is on disk too when this returns.
    pub fn place(mut self, place: &Path, overwrite: Overwrite) -> io::Result<()> {
        self.file.sync_all()?;
        match overwrite {
            Overwrite::Yes => fs::rename(&self.path, place)?,
            Overwrite::No => rename_onto_nothing(&self.path, place)?,
        }
        self.placed = true;
        sync_folder_of(place)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.placed {
            return;
        }
        let _ = fs::remove_file(&self.path);
        for companion in COMPANIONS {
            let _ = fs::remove_file(beside(&self.path, companion));
        }
    }
}

/// The name of a companion.
pub(super) fn beside(path: &Path, companion: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(companion);
    name.into()
}

/// A folder's names are on disk when this returns.
pub(super) fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

/// Renames, unless the new name is taken: by the system, else by a look before.
fn rename_onto_nothing(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android", target_vendor = "apple"))]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // A file system that can't.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            done => return done.map_err(io::Error::from),
        }
    }
    // Not `exists`: a link that leads nowhere is somebody's too.
    if fs::symlink_metadata(to).is_ok() {
        return Err(ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn names(folder: &Path) -> Vec<OsString> {
        let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_draft_that_is_dropped_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let draft = Draft::create(&folder.path().join("copy"), 7).unwrap();
        for companion in COMPANIONS {
            fs::write(beside(draft.path(), companion), "x").unwrap();
        }
        assert_eq!(fs::metadata(draft.path()).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(names(folder.path()).len(), 4);
        drop(draft);
        assert!(names(folder.path()).is_empty());
    }

    #[test]
    fn what_is_there_goes_only_where_it_may() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("copy");
        symlink("nowhere", &place).unwrap();
        let refused = Draft::create(&place, 1).unwrap().place(&place, Overwrite::No).unwrap_err();
        assert_eq!((refused.kind(), names(folder.path()).len()), (ErrorKind::AlreadyExists, 1));
        Draft::create(&place, 1).unwrap().place(&place, Overwrite::Yes).unwrap();
        assert!(fs::symlink_metadata(&place).unwrap().is_file());
        assert_eq!(names(folder.path()), ["copy"]);
        fs::remove_file(&place).unwrap();
        Draft::create(&place, 1).unwrap().place(&place, Overwrite::No).unwrap();
        assert_eq!(names(folder.path()), ["copy"]);
    }
}
