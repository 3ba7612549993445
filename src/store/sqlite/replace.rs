//! Puts another file in the place of the database, so that whenever it breaks off either the old one
//! stands there whole or the new one does.
//!
//! 1. The old database moves its WAL into the file and leaves WAL mode: it is one file, without companions.
//! 2. It gets a second name, under which it stays.
//! 3. The new file, whole and on disk, takes the first name in one step.
//!
//! An old file that SQLite can't read gets its companions' second names too, and they are gone from beside
//! the first before the new file is: SQLite would read them as its own.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::{MetadataExt, lchown};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags};

use crate::base::time::Ttl;
use crate::store::error::Error;
use crate::store::sqlite::check::epoch_and_ttl;
use crate::store::sqlite::draft::{COMPANIONS, Draft, Overwrite, beside, sync_folder_of};
use crate::store::sqlite::open::{self, OpenError, ServeLock};
use crate::store::sqlite::source::refuse_stray_wal;
use crate::store::sqlite::turn::{Held, Turn, pause};

/// How many names are tried for a file that is kept.
const NAMES: u32 = 100;

/// How often a database that others have open is asked for, and how long each time.
const TRIES: u32 = 20;
const BUSY: Duration = Duration::from_millis(100);

/// How long commands get to do what they wait for, in milliseconds.
const PAUSE: u32 = 50;

/// The right to put another file in the place of the database: no server runs and no command writes.
pub struct Seat {
    path: PathBuf,
    /// Whose the database is.
    owner: (u32, u32),
    /// Keeps the old database closed to everybody, once it was looked at.
    closed: Option<Connection>,
    /// Where turns are taken.
    folder: PathBuf,
    turn: Option<Held>,
    _lock: ServeLock,
}

/// What stands in the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Present {
    /// Nothing.
    Missing,
    /// A database of ours, now one file; what it knew where that could be read.
    Ours(Option<Known>),
    /// What SQLite can't read, and why.
    Damaged(String),
}

/// What a file that is replaced knew, and what comes after it must know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its epoch.
    pub epoch: i64,
    /// The longest lifetime of an access token that it ever ran with.
    pub longest_access_ttl: Ttl,
}

impl Seat {
    /// Takes it, and clears away what a restore left that was killed.
    pub fn take(folder: &Path) -> Result<Self, OpenError> {
        let io = |source| OpenError::Io { path: folder.to_owned(), source };
        // Where a link leads: SQLite has a file's companions beside the file itself.
        let path = folder.join(open::FILE);
        let path = path.canonicalize().unwrap_or(path);
        let meta = fs::metadata(&path).or_else(|_| fs::metadata(folder)).map_err(io)?;
        let owner = (meta.uid(), meta.gid());
        let new = ["doorward.lock", "doorward.turn"].map(|name| folder.join(name));
        let new: Vec<_> = new.into_iter().filter(|path| fs::symlink_metadata(path).is_err()).collect();
        let lock = ServeLock::take(folder)?;
        let turn = Turn::open(folder)
            .and_then(Turn::take)
            .map_err(|error| if error.kind() == ErrorKind::TimedOut { Error::Locked.into() } else { io(error) })?;
        for path in new {
            // Where it may not, it is the server's owner already, or a stranger who can't serve it.
            let _ = lchown(path, Some(owner.0), Some(owner.1));
        }
        clear_away(&path).map_err(io)?;
        Ok(Self { path, owner, closed: None, folder: folder.to_owned(), turn: Some(turn), _lock: lock })
    }

    /// A draft beside the database, and its owner's.
    pub fn draft(&self, number: u32) -> io::Result<Draft> {
        let draft = Draft::create(&self.path, number)?;
        draft.give_to(self.owner);
        Ok(draft)
    }

    /// Where the database is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Looks at what is to be replaced, and makes one file of it. Refuses what is not ours, and what
    /// another program has open.
    pub fn close_present(&mut self) -> Result<Present, OpenError> {
        match fs::metadata(&self.path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Present::Missing),
            Err(source) => return Err(OpenError::Io { path: self.path.clone(), source }),
            Ok(_) => {}
        }
        if let Err(OpenError::StrayWal { wal, .. }) = refuse_stray_wal(&self.path) {
            return Ok(Present::Damaged(format!("{} belongs to another file", wal.display())));
        }
        let mut tries = TRIES;
        loop {
            match self.fold() {
                Ok(Some((known, closed))) => {
                    self.closed = Some(closed);
                    return Ok(Present::Ours(known));
                }
                Ok(None) => return Err(OpenError::Foreign(self.path.clone())),
                Err(error) => match error.sqlite_error_code() {
                    Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
                        return Ok(Present::Damaged(error.to_string()));
                    }
                    Some(ErrorCode::DatabaseBusy) if tries > 0 => tries -= 1,
                    _ => return Err(Error::from(error).into()),
                },
            }
            self.let_others()?;
        }
    }

    /// Commands that wait for their turn have the database open already: it is theirs for a moment.
    fn let_others(&mut self) -> Result<(), OpenError> {
        self.turn = None;
        for _ in 0..PAUSE {
            pause();
        }
        self.turn = Some(take_turn(&self.folder)?);
        Ok(())
    }

    /// Nothing where the file is another program's; else what it knew, and what keeps everybody out of it:
    /// who opened it in between would make a WAL of it beside the new one.
    fn fold(&self) -> rusqlite::Result<Option<(Option<Known>, Connection)>> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let conn = Connection::open_with_flags(&self.path, flags)?;
        // What is damaged stays as it is, and what lies beside it too.
        let has_wal = fs::metadata(beside(&self.path, "-wal")).is_ok_and(|wal| wal.len() > 0);
        conn.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, has_wal)?;
        conn.busy_timeout(BUSY)?;
        let number = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, i64>(0));
        let (id, objects) = (number("PRAGMA application_id")?, number("SELECT count(*) FROM sqlite_schema")?);
        if id != i64::from(open::APPLICATION_ID) && (id, objects) != (0, 0) {
            return Ok(None);
        }
        let known = epoch_and_ttl(&conn).map(|(epoch, ttl)| Known { epoch, longest_access_ttl: Ttl::from_millis(ttl) });
        // Only where nobody else has it open; SQLite waits for those who are about to leave.
        let mode = |sql: &str| conn.query_row(sql, [], |row| row.get::<_, String>(0));
        mode("PRAGMA journal_mode = DELETE")?;
        conn.execute_batch("BEGIN EXCLUSIVE")?;
        if mode("PRAGMA journal_mode")? == "delete" {
            Ok(Some((known, conn)))
        } else {
            Err(rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY), None))
        }
    }

    /// Puts the draft in place. What stood there is kept under another name, which is given; `time` is part
    /// of it. After [`Seat::close_present`].
    pub fn replace(&self, draft: Draft, time: &str) -> io::Result<Option<PathBuf>> {
        let kept = self.keep(time)?;
        let companions = COMPANIONS.map(|companion| beside(&self.path, companion));
        let strays: Vec<_> = companions.iter().filter(|path| fs::symlink_metadata(path).is_ok()).collect();
        if kept.is_some() || !strays.is_empty() {
            sync_folder_of(&self.path)?;
        }
        for stray in &strays {
            fs::remove_file(stray)?;
        }
        if !strays.is_empty() {
            sync_folder_of(&self.path)?;
        }
        draft.place(&self.path, Overwrite::Yes)?;
        Ok(kept)
    }

    /// Gives what stands there a second name, and its companions with it.
    fn keep(&self, time: &str) -> io::Result<Option<PathBuf>> {
        let there = |path: &Path| fs::symlink_metadata(path).is_ok();
        // What SQLite shares between processes is worth nothing without them.
        let parts = [""].into_iter().chain(COMPANIONS).filter(|part| *part != "-shm");
        let all = parts.map(|part| (part, beside(&self.path, part)));
        let all: Vec<_> = all.filter(|(_, path)| there(path)).collect();
        if all.is_empty() {
            return Ok(None);
        }
        let names = (1..NAMES).map(|number| {
            let more = if number == 1 { String::new() } else { format!("-{number}") };
            beside(&self.path, &format!(".before-restore-{time}{more}"))
        });
        let free = |name: &PathBuf| [""].into_iter().chain(COMPANIONS).all(|part| !there(&beside(name, part)));
        let kept = names.into_iter().find(free).ok_or(ErrorKind::AlreadyExists)?;
        for (part, path) in &all {
            second_name(path, &beside(&kept, part))?;
        }
        Ok(Some(kept))
    }
}

fn take_turn(folder: &Path) -> Result<Held, OpenError> {
    Turn::open(folder).and_then(Turn::take).map_err(|source| {
        let hangs = source.kind() == ErrorKind::TimedOut;
        if hangs { Error::Locked.into() } else { OpenError::Io { path: folder.to_owned(), source } }
    })
}

/// Removes drafts of restores that were killed. No other can be at work.
fn clear_away(path: &Path) -> io::Result<()> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
    let begins = format!(".{}.", name.to_string_lossy());
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(&begins) && name.contains(".part") {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A link where the file system has them, else a copy.
fn second_name(path: &Path, name: &Path) -> io::Result<()> {
    if fs::hard_link(path, name).is_ok() {
        return Ok(());
    }
    let draft = Draft::create(name, 0)?;
    fs::copy(path, draft.path())?;
    draft.place(name, Overwrite::No)
}
