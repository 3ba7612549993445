//! Opens the file: checks whose it is, sets SQLite up, migrates.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use rusqlite::{Connection, OpenFlags};
use rusqlite_migration::{M, Migrations};

use crate::store::error::Error;
use crate::store::sqlite::turn::pause;

/// The name of the database in its folder.
pub const FILE: &str = "doorward.db";

/// "door", in the header of the file.
pub(super) const APPLICATION_ID: i32 = 0x646f_6f72;

/// "dood", in that of the development stub: its copies say so too, however they are made.
pub(super) const DEV_APPLICATION_ID: i32 = 0x646f_6f64;

/// What a database is for. Its file says which, and neither opens as the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// For those who sign in in earnest.
    Production,
    /// For the development stub: on disk, or gone when it stops, so that nothing need be synced.
    Dev { keeps: bool },
}

impl Purpose {
    const fn application_id(self) -> i32 {
        match self {
            Self::Production => APPLICATION_ID,
            Self::Dev { .. } => DEV_APPLICATION_ID,
        }
    }

    /// Whether what is written has to be there after a power cut.
    pub(super) const fn keeps(self) -> bool {
        matches!(self, Self::Production | Self::Dev { keeps: true })
    }

    /// What `PRAGMA synchronous` is set to.
    const fn synchronous(self) -> &'static str {
        if self.keeps() { "FULL" } else { "OFF" }
    }
}

/// How often a busy database is asked again, once a millisecond, before it counts as locked.
const BUSY_TRIES: i32 = 2_000;

/// How often the right to serve is asked for, once a millisecond: a command that only asks whether a
/// server runs has the lock for a moment.
const LOCK_TRIES: u32 = 100;

/// In order; only ever appended to.
pub(super) const MIGRATIONS: &[&str] = &[
    include_str!("migrations/0001_core.sql"),
    include_str!("migrations/0002_hours.sql"),
    include_str!("migrations/0003_address.sql"),
];

static ALL: LazyLock<Migrations<'static>> = LazyLock::new(|| MIGRATIONS.iter().map(|sql| M::up(sql)).collect());

/// Why a database can't be opened; says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is none, and only `serve` makes one.
    #[error("there is no database at {0}; `doorward serve` makes one, or name its folder with --data")]
    Missing(PathBuf),
    /// A file or folder could not be used.
    #[error("{path}: {source}")]
    Io {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Another server has it.
    #[error("another doorward already serves {0}; stop it first, or give this one a folder of its own with --data")]
    Served(PathBuf),
    /// Somebody else's.
    #[error("{0} is a database of another program; move it away, or name another folder with --data")]
    Foreign(PathBuf),
    /// Of the development stub.
    #[error(
        "{0} was made by `doorward serve --dev`, whose keys everybody knows, and is good for nothing else; start that \
         again with this --data, or name another folder"
    )]
    Dev(PathBuf),
    /// Not of the development stub, which was to open it.
    #[error(
        "{0} is a database in earnest, and `serve --dev` would sign anybody in; name another folder with --data, or none"
    )]
    NotDev(PathBuf),
    /// From the future.
    #[error("{path} was written by a newer doorward (schema {found}, this one knows {known}); run that version")]
    Newer {
        /// Which.
        path: PathBuf,
        /// Its schema.
        found: i32,
        /// Ours.
        known: usize,
    },
    /// Another program holds it for longer than anybody waits.
    #[error("{0} is locked by another program; wait until that is done with it, or end it")]
    Locked(PathBuf),
    /// It may be read and not written.
    #[error("{0} is read-only; give the user who runs doorward the right to write it and its folder")]
    ReadOnly(PathBuf),
    /// A full or failing disk, or a file that can't be reached. Nothing of the database is known to be wrong.
    #[error("{path} can't be read or written: {source}; look at the disk, its free space and the modes of the folder")]
    Disk {
        /// Which.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// No WAL can be had, and with it no commit that readers don't hold up.
    #[error(
        "{path} can't be kept with a write-ahead log (SQLite stays with `{mode}`): its folder must be on a local disk \
         and no network drive; move it, or name another folder with --data"
    )]
    NoWal {
        /// Which.
        path: PathBuf,
        /// The journal that SQLite keeps instead.
        mode: String,
    },
    /// Not whole.
    #[error("{path} is damaged or no database: {source}")]
    Damaged {
        /// Which.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// A backup was copied over a database that was not closed.
    #[error(
        "{wal} belongs to another database file than {path}, which is a copy that was put in its place; move {wal} \
         away and try again, or use `doorward restore`, which minds that"
    )]
    StrayWal {
        /// The database.
        path: PathBuf,
        /// What lies beside it.
        wal: PathBuf,
    },
    /// A migration failed; nothing was changed.
    #[error("{path} could not be brought to this version's schema: {source}")]
    Migration {
        /// Which.
        path: PathBuf,
        /// Why.
        source: rusqlite_migration::Error,
    },
    /// What it holds can't be.
    #[error(transparent)]
    Store(#[from] Error),
}

impl OpenError {
    /// What SQLite's word on a file that is being opened means.
    fn of(path: &Path, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(Code::DatabaseBusy | Code::DatabaseLocked) => Self::Locked(path),
            Some(Code::ReadOnly) => Self::ReadOnly(path),
            _ if is_outside(&source) => Self::Disk { path, source },
            _ => Self::Damaged { path, source },
        }
    }

    /// The same of a migration, which may have found nothing wrong but the disk.
    fn of_migration(path: &Path, source: rusqlite_migration::Error) -> Self {
        let failed = |source| Self::Migration { path: path.to_owned(), source };
        let rusqlite_migration::Error::RusqliteError { query, err } = source else { return failed(source) };
        if is_outside(&err) {
            Self::of(path, err)
        } else {
            failed(rusqlite_migration::Error::RusqliteError { query, err })
        }
    }
}

/// Whether an error comes from the world around the file, and tells nothing of what is in it.
fn is_outside(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode as Code;
    let outside = [
        Code::DatabaseBusy,
        Code::DatabaseLocked,
        Code::ReadOnly,
        Code::DiskFull,
        Code::SystemIoFailure,
        Code::CannotOpen,
        Code::PermissionDenied,
    ];
    error.sqlite_error_code().is_some_and(|code| outside.contains(&code))
}

/// The right to serve a folder; given up when dropped.
pub struct ServeLock(#[expect(dead_code, reason = "holds the lock until dropped")] File);

impl ServeLock {
    /// Takes it, or says that another has it.
    pub fn take(folder: &Path) -> Result<Self, OpenError> {
        let path = folder.join("doorward.lock");
        let io = |source| OpenError::Io { path: path.clone(), source };
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(false).write(true).mode(0o600).open(&path).map_err(io)?;
        for _ in 0..LOCK_TRIES {
            match file.try_lock() {
                Ok(()) => return Ok(Self(file)),
                Err(TryLockError::WouldBlock) => pause(),
                Err(TryLockError::Error(source)) => return Err(io(source)),
            }
        }
        Err(OpenError::Served(folder.join(FILE)))
    }

    /// Whether somebody serves this folder now.
    pub fn is_taken(folder: &Path) -> bool {
        let Ok(file) = File::open(folder.join("doorward.lock")) else { return false };
        matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

/// Makes an empty file of mode 0600 where there is none. SQLite gives its companions the same mode.
pub(super) fn create_file(path: &Path) -> Result<(), OpenError> {
    match OpenOptions::new().create_new(true).write(true).mode(0o600).open(path) {
        Ok(_) => Ok(()),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(source) => Err(OpenError::Io { path: path.to_owned(), source }),
    }
}

/// Opens the writing connection, checks whose file it is and migrates it.
pub(super) fn writer(path: &Path, purpose: Purpose) -> Result<Connection, OpenError> {
    let failed = |source| OpenError::of(path, source);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut conn = Connection::open_with_flags(path, flags).map_err(failed)?;
    wait_where_busy(&conn).map_err(failed)?;
    let schema: i32 = conn.query_row("PRAGMA user_version", [], |row| row.get(0)).map_err(failed)?;
    check_owner(&conn, path, purpose)?;
    if usize::try_from(schema).is_ok_and(|schema| schema > MIGRATIONS.len()) {
        return Err(OpenError::Newer { path: path.to_owned(), found: schema, known: MIGRATIONS.len() });
    }
    keep_wal(&conn, path)?;
    let setup = format!(
        "PRAGMA synchronous = {}; PRAGMA wal_autocheckpoint = 0; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -3500;",
        purpose.synchronous()
    );
    conn.execute_batch(&setup).and_then(|()| harden(&conn)).map_err(failed)?;
    migrate(&mut conn).map_err(|source| OpenError::of_migration(path, source))?;
    Ok(conn)
}

/// Whether the file, or the disk that it is on, may only be read.
pub(super) fn is_read_only(conn: &Connection) -> bool {
    conn.is_readonly(rusqlite::MAIN_DB).unwrap_or(false)
}

/// Opens a connection that only reads.
pub(super) fn reader(path: &Path) -> Result<Connection, OpenError> {
    let failed = |source| OpenError::of(path, source);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(failed)?;
    wait_where_busy(&conn)
        .and_then(|()| conn.execute_batch("PRAGMA query_only = ON; PRAGMA temp_store = MEMORY;"))
        .and_then(|()| harden(&conn))
        .map_err(failed)?;
    Ok(conn)
}

/// Opens a connection that moves the WAL into the file.
pub(super) fn checkpointer(path: &Path, purpose: Purpose) -> Result<Connection, OpenError> {
    let failed = |source| OpenError::of(path, source);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(path, flags).map_err(failed)?;
    conn.pragma_update(None, "synchronous", purpose.synchronous()).map_err(failed)?;
    Ok(conn)
}

/// Asks for the WAL. Where it can't be had SQLite fails not: it says what it keeps instead
/// (sqlite.org/pragma.html, `journal_mode`).
fn keep_wal(conn: &Connection, path: &Path) -> Result<(), OpenError> {
    let mode: String = conn
        .query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))
        .map_err(|source| OpenError::of(path, source))?;
    if mode == "wal" { Ok(()) } else { Err(OpenError::NoWal { path: path.to_owned(), mode }) }
}

/// A new file gets our mark; a file of others is left as it is.
fn check_owner(conn: &Connection, path: &Path, purpose: Purpose) -> Result<(), OpenError> {
    let failed = |source| OpenError::of(path, source);
    let id: i32 = conn.query_row("PRAGMA application_id", [], |row| row.get(0)).map_err(failed)?;
    let objects: i64 = conn.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(failed)?;
    match (id, objects) {
        (id, _) if id == purpose.application_id() => Ok(()),
        (0, 0) => conn.pragma_update(None, "application_id", purpose.application_id()).map_err(failed),
        (APPLICATION_ID, _) => Err(OpenError::NotDev(path.to_owned())),
        (DEV_APPLICATION_ID, _) => Err(OpenError::Dev(path.to_owned())),
        _ => Err(OpenError::Foreign(path.to_owned())),
    }
}

pub(super) fn harden(conn: &Connection) -> rusqlite::Result<()> {
    conn.set_prepared_statement_cache_capacity(64);
    conn.execute_batch("PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;")
}

/// Brings a database to this version's schema.
pub(super) fn migrate(conn: &mut Connection) -> Result<(), rusqlite_migration::Error> {
    ALL.to_latest(conn)
}

/// Waits where another process writes.
pub(super) fn wait_where_busy(conn: &Connection) -> rusqlite::Result<()> {
    conn.busy_handler(Some(wait_for_lock))
}

/// Another process writes: asks again every millisecond, for two seconds.
fn wait_for_lock(tries: i32) -> bool {
    if tries >= BUSY_TRIES {
        return false;
    }
    pause();
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_sqlite_has_the_fix_for_lost_commits() {
        // Commits could be lost when a checkpoint raced a writer, before 3.51.3.
        assert!(rusqlite::version_number() >= 3_051_003, "{}", rusqlite::version());
    }

    #[test]
    fn a_file_that_can_have_no_wal_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(FILE);
        // Without locks there is no memory to share either, as on many a network drive.
        let conn = Connection::open_with_flags_and_vfs(&path, OpenFlags::default(), c"unix-none").unwrap();
        let text = keep_wal(&conn, &path).unwrap_err().to_string();
        assert!(
            text.contains("doorward.db can't be kept with a write-ahead log (SQLite stays with `delete`)"),
            "{text}"
        );
        keep_wal(&Connection::open(&path).unwrap(), &path).unwrap();
    }

    #[test]
    fn migrations_are_whole() {
        ALL.validate().unwrap();
    }

    #[test]
    fn migrations_are_only_appended_to() {
        use sha2::{Digest as _, Sha256};
        let known = [
            "5c8df88dc40e346b9987afa8240a8784cdd52c7c5d11d4bf351bab2979ed51c2",
            "e55da83121a0240657fb9f4760f1780b0ad67c3a283138cb9c1cf6579a24c448",
            "15c328c9872831e8a98f1d0e69196efbca9b82eac64c2e592392164bb110cbbc",
        ];
        let digit = |half: u8| char::from_digit(half.into(), 16).unwrap();
        let hash =
            |sql: &&str| Sha256::digest(sql).iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
        let now: Vec<String> = MIGRATIONS.iter().map(hash).collect();
        assert_eq!(now, known, "databases were made with these: add another instead");
    }
}
