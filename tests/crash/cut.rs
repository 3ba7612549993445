//! What a kill left on disk, looked at in a copy, so that the next start finds it untouched.

use rusqlite::Connection;
use tempfile::TempDir;

use crate::real::Site;

/// Opens a copy of what a server that is gone left behind, and expects that it is whole.
pub(crate) fn open(site: &Site) -> (TempDir, Connection) {
    let folder = TempDir::new().unwrap();
    for name in ["doorward.db", "doorward.db-wal"] {
        // A server that ended in order leaves no WAL.
        if site.file(name).exists() {
            std::fs::copy(site.file(name), folder.path().join(name)).unwrap();
        }
    }
    let conn = Connection::open(folder.path().join("doorward.db")).unwrap();
    let whole: String = conn.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(whole, "ok");
    let orphans: i64 = conn.query_row("SELECT count(*) FROM pragma_foreign_key_check", [], |row| row.get(0)).unwrap();
    assert_eq!(orphans, 0);
    (folder, conn)
}
