//! The file of the master key: 32 raw bytes that only their owner may read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use zeroize::Zeroize;

use crate::base::entropy::{Entropy, NoEntropy, bytes};
use crate::base::secret::Secret;
use crate::crypto::seal::MasterKey;

const LEN: usize = 32;

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum NoMasterKey {
    /// The file can't be read.
    #[error("can't read the master key {}: {cause}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// The file holds something else.
    #[error("{} is not a master key: it must be exactly 32 raw bytes without a line end, and holds {held}", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// How much it holds, in words.
        held: String,
    },
    /// The file can't be made. What stood there before is untouched.
    #[error("can't make the master key {}: {cause}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: io::Error,
    },
    /// There is no key to be had.
    #[error(transparent)]
    NoEntropy(#[from] NoEntropy),
}

/// Reads the master key: exactly 32 raw bytes.
pub fn read(path: &Path) -> Result<MasterKey, NoMasterKey> {
    let unreadable = |cause| NoMasterKey::Unreadable { path: path.to_owned(), cause };
    // One byte more than a key has, to see whether the file ends where it should.
    let mut raw = Vec::with_capacity(LEN + 1);
    let read = File::open(path).and_then(|file| file.take(LEN as u64 + 1).read_to_end(&mut raw));
    let key = <[u8; LEN]>::try_from(raw.as_slice());
    raw.zeroize();
    let held = match read.map_err(unreadable)? {
        0 => "nothing".to_owned(),
        few @ ..LEN => format!("{few}"),
        _ => "more".to_owned(),
    };
    key.map(|key| MasterKey::new(Secret::new(key))).map_err(|_| NoMasterKey::Length { path: path.to_owned(), held })
}

/// Makes a new master key where no file is yet, for its owner alone; it is on disk, and so is its name,
/// when this returns. A file that is there already is never touched. A crash leaves a whole key or none:
/// half a key would stop every later start.
pub fn create(path: &Path, entropy: &dyn Entropy) -> Result<MasterKey, NoMasterKey> {
    let unwritable = |cause| NoMasterKey::Unwritable { path: path.to_owned(), cause };
    let key = Secret::new(bytes::<LEN>(entropy)?);
    // Not `exists`: a link that leads nowhere is somebody's too.
    if fs::symlink_metadata(path).is_ok() {
        return Err(unwritable(io::ErrorKind::AlreadyExists.into()));
    }
    let draft = path.with_added_extension("new");
    let written = write_durably(&draft, path, key.expose());
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written.map_err(unwritable)?;
    Ok(MasterKey::new(key))
}

/// Writes a draft, which gets its name once it is whole and on disk.
fn write_durably(draft: &Path, path: &Path, key: &[u8; LEN]) -> io::Result<()> {
    // What a crash left behind.
    if fs::symlink_metadata(draft).is_ok() {
        fs::remove_file(draft)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft)?;
    file.write_all(key)?;
    file.sync_all()?;
    fs::rename(draft, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;
    use crate::base::entropy::SystemEntropy;
    use crate::base::id::DatabaseId;
    use crate::crypto::seal::Label;

    const LABEL: Label<'_> = Label { purpose: "access", kid: "one", database: DatabaseId::from_bytes([7; 16]) };

    #[test]
    fn what_is_created_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doorward.key");
        let made = create(&path, &SystemEntropy::default()).unwrap();
        let sealed = made.seal(LABEL, b"secret", &SystemEntropy::default()).unwrap();
        assert_eq!(read(&path).unwrap().open(LABEL, &sealed).unwrap().expose(), b"secret");
        let meta = fs::metadata(&path).unwrap();
        assert_eq!((meta.len(), meta.permissions().mode() & 0o777), (32, 0o600));
    }

    #[test]
    fn a_file_that_is_there_is_never_touched() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doorward.key");
        fs::write(&path, b"something").unwrap();
        assert!(matches!(create(&path, &SystemEntropy::default()), Err(NoMasterKey::Unwritable { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"something");
        let dangling = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &dangling).unwrap();
        assert!(matches!(create(&dangling, &SystemEntropy::default()), Err(NoMasterKey::Unwritable { .. })));
        assert!(!folder.path().join("elsewhere").exists());
    }

    #[test]
    fn what_a_crash_left_is_in_nobodys_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doorward.key");
        fs::write(folder.path().join("doorward.key.new"), b"half").unwrap();
        create(&path, &SystemEntropy::default()).unwrap();
        assert!(read(&path).is_ok());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn only_32_bytes_are_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("doorward.key");
        for (len, held) in [(0, "holds nothing"), (31, "holds 31"), (33, "holds more"), (64, "holds more")] {
            fs::write(&path, vec![b'k'; len]).unwrap();
            let said = read(&path).unwrap_err().to_string();
            assert!(said.contains(path.to_str().unwrap()) && said.ends_with(held), "{said}");
        }
        fs::write(&path, [b'k'; 32]).unwrap();
        assert!(read(&path).is_ok());
    }

    #[test]
    fn what_cannot_be_read_says_which_file() {
        let folder = tempfile::tempdir().unwrap();
        for path in [folder.path().join("missing"), folder.path().to_owned()] {
            let said = read(&path).unwrap_err();
            assert!(matches!(said, NoMasterKey::Unreadable { .. }), "{said}");
            assert!(said.to_string().contains(path.to_str().unwrap()), "{said}");
        }
    }
}
