//! Reads columns into types; what can't be is an error that names table, column and row.

use std::cell::Cell;

use rusqlite::types::{FromSql, ValueRef};
use rusqlite::{Row, Statement};

use crate::base::time::Timestamp;
use crate::store::error::Error;

/// A row and where it is from.
pub(super) struct Columns<'a> {
    row: &'a Row<'a>,
    table: &'static str,
    /// Where the next column is looked for first. Rows that are read often are read in the order of their
    /// table: to look through all names for each column takes longer than the rest.
    next: Cell<usize>,
}

impl<'a> Columns<'a> {
    /// A row of this table.
    pub(super) const fn new(row: &'a Row<'a>, table: &'static str) -> Self {
        Self { row, table, next: Cell::new(0) }
    }

    /// A column as SQLite types have it.
    pub(super) fn get<T: FromSql>(&self, column: &'static str) -> Result<T, Error> {
        self.row.get(self.find(column)?).map_err(|_| self.corrupt(column))
    }

    fn find(&self, column: &'static str) -> Result<usize, Error> {
        let statement: &Statement<'_> = self.row.as_ref();
        let is_it = |at: &usize| statement.column_name(*at).is_ok_and(|name| name == column);
        let (next, count) = (self.next.get(), statement.column_count());
        let at = (next..count).chain(0..next).find(is_it).ok_or_else(|| self.corrupt(column))?;
        self.next.set(at + 1);
        Ok(at)
    }

    /// A time.
    pub(super) fn time(&self, column: &'static str) -> Result<Timestamp, Error> {
        self.get(column).map(Timestamp::from_millis)
    }

    /// A time that may be missing.
    pub(super) fn time_or_null(&self, column: &'static str) -> Result<Option<Timestamp>, Error> {
        Ok(self.get::<Option<i64>>(column)?.map(Timestamp::from_millis))
    }

    /// A text that parses into a type.
    pub(super) fn parse<T: std::str::FromStr>(&self, column: &'static str) -> Result<T, Error> {
        let text = self.row.get_ref(self.find(column)?).ok().and_then(|value| value.as_str().ok());
        text.and_then(|text| text.parse().ok()).ok_or_else(|| self.corrupt(column))
    }

    /// A number that is not negative.
    pub(super) fn count(&self, column: &'static str) -> Result<u32, Error> {
        self.get(column)
    }

    /// The error of an impossible column. Names the row by its first one.
    pub(super) fn corrupt(&self, column: &'static str) -> Error {
        let id = match self.row.get_ref(0) {
            Ok(ValueRef::Integer(number)) => number.to_string(),
            Ok(ValueRef::Blob(bytes)) => {
                uuid::Uuid::from_slice(bytes.get(..16).unwrap_or_default()).unwrap_or_default().to_string()
            }
            _ => "?".to_owned(),
        };
        Error::Corrupt { table: self.table, column, id }
    }
}

/// All rows of a prepared query.
pub(super) fn all<T>(
    mut rows: rusqlite::Rows<'_>,
    read: impl Fn(&Row<'_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(read(row)?);
    }
    Ok(out)
}

/// The first row of a prepared query.
pub(super) fn first<T>(
    mut rows: rusqlite::Rows<'_>,
    read: impl Fn(&Row<'_>) -> Result<T, Error>,
) -> Result<Option<T>, Error> {
    rows.next()?.map(read).transpose()
}

/// A change that must have touched one row.
pub(super) fn one(changed: usize, table: &'static str) -> Result<(), Error> {
    if changed == 1 { Ok(()) } else { Err(Error::Unexpected { table }) }
}

/// Whether an insert or update ran; false where a unique index refused it.
pub(super) fn unless_taken(result: rusqlite::Result<usize>, table: &'static str) -> Result<bool, Error> {
    match result {
        Ok(changed) => one(changed, table).map(|()| true),
        Err(rusqlite::Error::SqliteFailure(error, _))
            if error.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE =>
        {
            Ok(false)
        }
        Err(error) => Err(error.into()),
    }
}
