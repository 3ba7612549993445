//! The disk: whether it is a network's, how much is free, how long the WAL has grown.

use std::path::Path;

use crate::ops::doctor::Finding;
use crate::ops::doctor::files::quoted;
use crate::store::sqlite::{open, wal_file};

/// Less free space than this is told of, in bytes.
pub const LITTLE_SPACE: u64 = 512 << 20;

/// With less than this a busy server stops within minutes, in bytes.
const NO_SPACE: u64 = 32 << 20;

/// The writer moves the WAL into the file from 96 MiB on. Twice that: it can't.
const LONG_WAL: u64 = 192 << 20;

/// How many bytes are free for the server in a folder, where the system tells.
pub fn free(folder: &Path) -> Option<u64> {
    rustix::fs::statvfs(folder).ok().map(|fs| fs.f_bavail.saturating_mul(fs.f_frsize))
}

/// The kind of network file system that a folder lies on, if it does. The WAL's index is memory that processes
/// share (<https://sqlite.org/wal.html>, section 1), and locks over a network are not to be trusted.
#[cfg(target_os = "linux")]
#[expect(clippy::useless_conversion, reason = "the field is shorter on some machines")]
pub fn network(folder: &Path) -> Option<&'static str> {
    // Only the last 32 bits are of use: where the field is that long, it has a sign.
    let magic = i64::from(rustix::fs::statfs(folder).ok()?.f_type) & 0xffff_ffff;
    kind(u32::try_from(magic).ok()?)
}

/// Not told elsewhere.
#[cfg(not(target_os = "linux"))]
pub fn network(_: &Path) -> Option<&'static str> {
    None
}

/// By the numbers of statfs(2) and the kernel's `magic.h`.
#[cfg(target_os = "linux")]
const fn kind(magic: u32) -> Option<&'static str> {
    Some(match magic {
        0x6969 => "NFS",
        0x517b | 0xfe53_4d42 | 0xff53_4d42 => "SMB",
        0x0102_1997 => "9p",
        0x6573_5546 => "FUSE",
        0x5346_414f | 0x6b41_4653 => "AFS",
        0x00c3_6400 => "Ceph",
        0x7375_7245 => "Coda",
        0x0bd0_0bd0 => "Lustre",
        0x786f_4256 => "vboxsf",
        _ => return None,
    })
}

/// Looks at the disk that a folder is on.
pub(super) fn look(folder: &Path) -> Vec<Finding> {
    let mut found = Vec::new();
    let shown = folder.display();
    if let Some(kind) = network(folder) {
        let text =
            format!("{shown} is on {kind}: SQLite's locks and shared memory don't hold there, so data gets lost");
        found.push(Finding::problem(
            "network_disk",
            text,
            "data_dir = \"/var/lib/doorward\", on a disk of this machine",
        ));
    }
    if let Some(free) = free(folder) {
        let text = format!("{} MiB are free where the database is", free >> 20);
        let mend = format!("df -h {}; free some, or move data_dir to a larger disk", quoted(folder));
        found.push(if free < NO_SPACE {
            Finding::problem("disk_space", text, mend)
        } else if free < LITTLE_SPACE {
            Finding::warning("disk_space", text, mend)
        } else {
            Finding::ok("disk_space", text)
        });
    }
    found.extend(wal(folder));
    found
}

fn wal(folder: &Path) -> Option<Finding> {
    let db = folder.join(open::FILE);
    wal_file::reaches(&db, LONG_WAL).then(|| {
        let text = format!(
            "the WAL is over {} MiB long: some process reads on and on, and so nothing can be moved",
            LONG_WAL >> 20
        );
        Finding::warning("long_wal", text, format!("fuser -v {}; end the one that isn't doorward", quoted(&db)))
    })
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn file_systems_of_a_network_are_known_by_their_number() {
        let ext4_and_tmpfs = [0xef53, 0x0102_1994, 0x9123_683e, 0x5846_5342].map(kind);
        assert_eq!(ext4_and_tmpfs, [None; 4]);
        let known = [0x6969, 0xff53_4d42, 0x0102_1997, 0x6573_5546].map(kind);
        assert_eq!(known, [Some("NFS"), Some("SMB"), Some("9p"), Some("FUSE")]);
    }

    #[test]
    fn a_folder_that_is_not_there_has_nothing_to_tell() {
        assert!(look(Path::new("/nowhere/at/all")).is_empty());
    }
}
