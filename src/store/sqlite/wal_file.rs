//! The WAL's file, by its format (sqlite.org/fileformat.html, section 4).

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;

use crate::store::sqlite::draft::beside;

/// In bytes: what stands before its frames, and before each page in its frame.
const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// How many pages of 4 KiB fit into so many bytes of it.
pub(super) const fn pages(len: u64) -> u64 {
    len.saturating_sub(HEADER as u64) / (4_096 + FRAME_HEADER as u64)
}

/// Whether the WAL of a database is so long, in bytes, and has not begun anew since. One that has keeps its file, with
/// frames of older salts behind its own (sections 4.1 and 4.2).
pub fn reaches(db: &Path, len: u64) -> bool {
    // SQLite locks nothing in this file, so a server loses nothing when it is closed (fcntl(2)).
    let Ok(file) = File::open(beside(db, "-wal")) else { return false };
    let (mut header, mut frame) = ([0; HEADER], [0; FRAME_HEADER]);
    if file.read_exact_at(&mut header, 0).is_err() {
        return false;
    }
    // The magic number's last bit tells the byte order of the checksums.
    let [[0x37, 0x7f, 0x06, _], _, page, _, salts @ ..] = header.as_chunks::<4>().0 else { return false };
    let size = u64::from(u32::from_be_bytes(*page)) + FRAME_HEADER as u64;
    let at = HEADER as u64 + len / size * size;
    let salts = salts.as_flattened().get(..8);
    file.read_exact_at(&mut frame, at).is_ok() && frame.get(8..16) == salts
}
