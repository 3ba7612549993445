//! A file that is only looked at: the database beside a running server, a backup, or whatever else a
//! command was given. Nothing is written to it.

use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::store::error::Error;
use crate::store::rows::Rows;
use crate::store::sqlite::check::Problem;
use crate::store::sqlite::draft::beside;
use crate::store::sqlite::open::{self, OpenError};
use crate::store::sqlite::readers;

/// The first bytes of every SQLite database (sqlite.org/fileformat2.html, section 1.3).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// How many steps of SQLite's machine go by between two looks at whether to stop.
const STEPS: i32 = 20_000;

/// Told to stop by a signal.
pub type Stop = Arc<AtomicBool>;

/// A file that is open for reading.
pub struct Source {
    pub(super) conn: Connection,
    path: PathBuf,
}

/// What the header says, and what lies beside the file.
struct Outside {
    /// Whether the file is in WAL mode: a database that was once opened by a server is, a backup is not.
    is_wal: bool,
    /// Whether a WAL with something in it lies beside it.
    has_wal: bool,
}

impl Source {
    /// Opens a file. It must not be open in this process: a descriptor that is closed would drop its locks.
    pub fn open(path: &Path, stop: &Stop) -> Result<Self, Problem> {
        let outside = look_outside(path)?;
        let conn = connect(path, &outside)?;
        let stop = Arc::clone(stop);
        conn.progress_handler(STEPS, Some(move || stop.load(Ordering::Relaxed))).map_err(damaged)?;
        Ok(Self { conn, path: path.to_owned() })
    }

    /// Which file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Looks.
    pub fn read<T>(&self, read: impl FnOnce(&dyn Rows) -> Result<T, Error>) -> Result<T, Error> {
        readers::in_snapshot(&self.conn, read)
    }
}

/// Refuses a WAL that belongs to another file: a backup that was copied over a database whose server had
/// not ended in order lies beside that one's WAL, and SQLite would read the two as one. A file that has a
/// WAL of its own says so in its header; a backup doesn't. Not while the file is open in this process.
pub fn refuse_stray_wal(path: &Path) -> Result<(), OpenError> {
    match look_outside(path) {
        Err(Problem::StrayWal(wal)) => Err(OpenError::StrayWal { path: path.to_owned(), wal }),
        Ok(_) | Err(_) => Ok(()),
    }
}

fn look_outside(path: &Path) -> Result<Outside, Problem> {
    let unreadable = |error: std::io::Error| {
        if error.kind() == ErrorKind::NotFound { Problem::Missing } else { Problem::Unreadable(error.to_string()) }
    };
    let meta = fs::metadata(path).map_err(unreadable)?;
    if !meta.is_file() {
        return Err(Problem::NotAFile);
    }
    let mut header = Vec::with_capacity(100);
    File::open(path).and_then(|file| file.take(100).read_to_end(&mut header)).map_err(unreadable)?;
    if header.is_empty() {
        return Err(Problem::Empty);
    }
    let (Some(&[write_version, read_version]), true) = (header.get(18..20), header.starts_with(MAGIC)) else {
        return Err(Problem::NoDatabase);
    };
    // Where a link leads: SQLite has a file's companions beside the file itself.
    let wal = beside(&path.canonicalize().map_err(unreadable)?, "-wal");
    let outside = Outside {
        is_wal: write_version == 2 || read_version == 2,
        has_wal: fs::metadata(&wal).is_ok_and(|wal| wal.len() > 0),
    };
    if outside.has_wal && !outside.is_wal {
        return Err(Problem::StrayWal(wal));
    }
    Ok(outside)
}

/// A file in WAL mode needs companions even for reading: they are made, and gone when it is closed. Where
/// none can be made and none is there, it is read as it lies.
fn connect(path: &Path, outside: &Outside) -> Result<Connection, Problem> {
    let read_only = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if !outside.is_wal {
        return ready(Connection::open_with_flags(path, read_only));
    }
    let read_write = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, read_write).and_then(|conn| {
        // What a crash left in the WAL stays there.
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, outside.has_wal)?;
        Ok(conn)
    });
    match ready(conn) {
        Err(Problem::Unreadable(_)) if outside.has_wal => ready(Connection::open_with_flags(path, read_only)),
        Err(Problem::Unreadable(_)) => {
            ready(Connection::open_with_flags(unchanging(path), read_only | OpenFlags::SQLITE_OPEN_URI))
        }
        other => other,
    }
}

/// The file as a URI by which SQLite takes no lock and looks for no companion
/// (sqlite.org/uri.html, section 3.3).
fn unchanging(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let escaped = absolute.as_os_str().as_bytes().iter().map(|byte| match byte {
        b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => char::from(*byte).to_string(),
        other => format!("%{other:02X}"),
    });
    format!("file://{}?immutable=1", escaped.collect::<String>())
}

/// Sets a connection up, and reads once: only then does SQLite open what it needs.
fn ready(conn: rusqlite::Result<Connection>) -> Result<Connection, Problem> {
    let conn = conn.and_then(|conn| {
        open::wait_where_busy(&conn)?;
        conn.execute_batch("PRAGMA query_only = ON; PRAGMA temp_store = MEMORY;")?;
        open::harden(&conn)?;
        conn.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
        Ok(conn)
    });
    conn.map_err(damaged)
}

/// Not every failure is damage.
pub(super) fn damaged(error: rusqlite::Error) -> Problem {
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Problem::Locked,
        Some(ErrorCode::OperationInterrupted) => Problem::Interrupted,
        Some(
            ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::SystemIoFailure | ErrorCode::PermissionDenied,
        ) => Problem::Unreadable(error.to_string()),
        Some(ErrorCode::NotADatabase) => Problem::NoDatabase,
        _ => Problem::Damaged(error.to_string()),
    }
}
