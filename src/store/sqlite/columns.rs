//! Reads columns into types; what can't be is an error that names table, column and row.

use rusqlite::Row;
use rusqlite::types::FromSql;

use crate::base::time::Timestamp;
use crate::store::error::Error;

/// A row and where it is from.
pub(super) struct Columns<'a> {
    row: &'a Row<'a>,
    table: &'static str,
    id: String,
}

impl<'a> Columns<'a> {
    /// Names the row for errors by its first column.
    pub(super) fn new(row: &'a Row<'a>, table: &'static str) -> Self {
        let id = match row.get_ref(0) {
            Ok(rusqlite::types::ValueRef::Integer(number)) => number.to_string(),
            Ok(rusqlite::types::ValueRef::Blob(bytes)) => {
                uuid::Uuid::from_slice(bytes.get(..16).unwrap_or_default()).unwrap_or_default().to_string()
            }
            _ => "?".to_owned(),
        };
        Self { row, table, id }
    }

    /// A column as SQLite types have it.
    pub(super) fn get<T: FromSql>(&self, column: &'static str) -> Result<T, Error> {
        self.row.get(column).map_err(|_| self.corrupt(column))
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
        self.get::<String>(column)?.parse().map_err(|_| self.corrupt(column))
    }

    /// A number that is not negative.
    pub(super) fn count(&self, column: &'static str) -> Result<u32, Error> {
        self.get(column)
    }

    /// The error of an impossible column.
    pub(super) fn corrupt(&self, column: &'static str) -> Error {
        Error::Corrupt { table: self.table, column, id: self.id.clone() }
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
