//! What can go wrong with the store.

use std::fmt::Debug;

/// Why nothing was read or written. Nothing happened, but for [`Error::Commit`].
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Too much is queued already; come again.
    #[error("the queue to the database is full")]
    Busy,
    /// Another process holds the database.
    #[error("the database is locked by another process")]
    Locked,
    /// No room, a failing or a read-only disk.
    #[error("the disk refused: {0}")]
    Disk(String),
    /// Nobody knows whether it is on disk: the commit itself failed.
    #[error("the commit failed, its outcome is unknown: {0}")]
    Commit(String),
    /// A row that can't be.
    #[error("the row {id} of `{table}` has an impossible `{column}`")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
        /// The row, as far as it is known.
        id: String,
    },
    /// A change that expected another state; the rules and the rows disagree.
    #[error("no row of `{table}` was in the state that the change expected")]
    Unexpected {
        /// The table.
        table: &'static str,
    },
    /// Anything else that SQLite says.
    #[error("database: {0}")]
    Sqlite(String),
    /// The work panicked; only it is lost.
    #[error("the work panicked")]
    Panicked,
    /// The server is stopping.
    #[error("the store is stopping")]
    Stopped,
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let Some(code) = error.sqlite_error_code() else {
            return Self::Sqlite(error.to_string());
        };
        if matches!(code, Code::DatabaseBusy | Code::DatabaseLocked) {
            Self::Locked
        } else if matches!(code, Code::DiskFull | Code::SystemIoFailure | Code::ReadOnly | Code::CannotOpen) {
            Self::Disk(error.to_string())
        } else {
            Self::Sqlite(error.to_string())
        }
    }
}
