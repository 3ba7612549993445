//! What a command does with the database, beside a running server or without one.

use std::cell::Cell;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::store::error::Error;
use crate::store::op::Op;
use crate::store::rows::Rows;
use crate::store::sqlite::open::{self, OpenError, Purpose, ServeLock};
use crate::store::sqlite::readers;
use crate::store::sqlite::turn::{Turn, pause};
use crate::store::sqlite::tx::{SqliteTx, begin, finish};

/// How long a command waits for the running server's word, in milliseconds.
const PATIENCE: u32 = 3_000;

/// The database as a command has it.
pub struct Beside {
    conn: Connection,
    folder: PathBuf,
    /// The last revocation that this command wrote.
    ended: Cell<i64>,
}

/// Whether the running server has taken up what a command ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakenUp {
    /// No server runs: nothing has to.
    NoServer,
    /// It refuses the tokens from now on.
    Yes,
    /// It said nothing for three seconds.
    NoWord,
}

impl Beside {
    /// Opens a database that is there.
    pub fn open(folder: &Path) -> Result<Self, OpenError> {
        let path = folder.join(open::FILE);
        if !path.exists() {
            return Err(OpenError::Missing(path));
        }
        Ok(Self { conn: open::writer(&path, Purpose::Production)?, folder: folder.to_owned(), ended: Cell::new(0) })
    }

    /// Looks.
    pub fn read<T>(&self, read: impl FnOnce(&dyn Rows) -> Result<T, Error>) -> Result<T, Error> {
        readers::in_snapshot(&self.conn, read)
    }

    /// Takes its turn and runs an operation.
    pub fn run<O: Op>(&self, op: &O) -> Result<O::Out, Error> {
        let _held = Turn::open(&self.folder).and_then(Turn::take).map_err(|error| {
            let hangs = error.kind() == ErrorKind::TimedOut;
            if hangs { Error::Locked } else { Error::Disk(error.to_string()) }
        })?;
        begin(&self.conn)?;
        let mut tx = SqliteTx::new(&self.conn);
        let out = op.run(&mut tx);
        let ended = tx.ended;
        finish(&self.conn, out.is_ok())?;
        if out.is_ok()
            && let Some(last) = ended.last()
        {
            self.ended.set(last.seq);
        }
        out
    }

    /// Whether a server runs on it.
    pub fn is_served(&self) -> bool {
        ServeLock::is_taken(&self.folder)
    }

    /// Waits until the running server refuses all that this command ended.
    pub fn await_server(&self) -> Result<TakenUp, Error> {
        for _ in 0..PATIENCE {
            if !self.is_served() {
                return Ok(TakenUp::NoServer);
            }
            if self.read(|rows| rows.meta())?.seen_seq >= self.ended.get() {
                return Ok(TakenUp::Yes);
            }
            pause();
        }
        Ok(TakenUp::NoWord)
    }
}
