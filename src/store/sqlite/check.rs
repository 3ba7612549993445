//! Whether a file is whole and ours.

use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension};

use crate::base::time::Timestamp;
use crate::store::error::Error;
use crate::store::sqlite::open::{self, MIGRATIONS};
use crate::store::sqlite::source::{Source, damaged};
use crate::store::sqlite::stamp;

/// How many findings of one kind are told apart.
const MANY: usize = 10;

/// What is wrong with a file, in words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// No file.
    #[error("there is no such file")]
    Missing,
    /// A folder, a device.
    #[error("it is not a file")]
    NotAFile,
    /// Nothing in it.
    #[error("the file is empty")]
    Empty,
    /// The system gives none of it.
    #[error("it can't be read: {0}")]
    Unreadable(String),
    /// Another program holds it.
    #[error("another program has locked it")]
    Locked,
    /// The look was broken off by a signal.
    #[error("interrupted")]
    Interrupted,
    /// Other bytes.
    #[error("it is not an SQLite database, or its first bytes are damaged")]
    NoDatabase,
    /// What lies beside it is another's.
    #[error("{} belongs to another database file: this one is a copy that was put in its place", .0.display())]
    StrayWal(PathBuf),
    /// Somebody else's.
    #[error("it is a database of another program")]
    Foreign,
    /// Of the development stub.
    #[error("it was made by `doorward serve --dev`, whose keys everybody knows")]
    Dev,
    /// From the future.
    #[error("it was written by a newer doorward (schema {found}, this one knows {known})")]
    Newer {
        /// Its schema.
        found: i64,
        /// Ours.
        known: usize,
    },
    /// Its tables were never made, or the first start never came to an end.
    #[error("its first start never came to an end")]
    Unfinished,
    /// What SQLite finds.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// Rows that point to rows that are not there.
    #[error("rows of `{table}` belong to rows of `{parent}` that are not there: {rows}")]
    Orphans {
        /// Whose rows.
        table: String,
        /// Whose are missing.
        parent: String,
        /// How many.
        rows: u64,
    },
    /// Tables or indices that are not those of its schema.
    #[error("its schema is not that of schema {schema}: {difference}")]
    Schema {
        /// Which it says it has.
        schema: i64,
        /// Where they differ.
        difference: String,
    },
}

impl Problem {
    /// A stable word for scripts.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::NotAFile => "not_a_file",
            Self::Empty => "empty",
            Self::Unreadable(_) => "unreadable",
            Self::Locked => "locked",
            Self::Interrupted => "interrupted",
            Self::NoDatabase => "no_database",
            Self::StrayWal(_) => "stray_wal",
            Self::Foreign => "foreign",
            Self::Dev => "dev",
            Self::Newer { .. } => "newer",
            Self::Unfinished => "unfinished",
            Self::Damaged(_) => "damaged",
            Self::Orphans { .. } => "orphans",
            Self::Schema { .. } => "schema",
        }
    }
}

/// What a file is, and what is wrong with it.
#[derive(Debug, Default)]
pub struct Examined {
    /// What is wrong. Where something is, its rows are better left alone.
    pub problems: Vec<Problem>,
    /// The number of its schema.
    pub schema: i64,
    /// Whether its rows are those that this version reads.
    pub is_current: bool,
    /// When it was copied as a backup.
    pub made_at: Option<Timestamp>,
}

/// Looks through a whole file, as it is at one moment.
pub fn examine(source: &Source) -> Examined {
    let mut out = Examined::default();
    let looked = source.conn.unchecked_transaction().map_err(damaged).and_then(|snapshot| {
        look(&source.conn, &mut out)?;
        snapshot.rollback().map_err(damaged)
    });
    out.problems.extend(looked.err());
    out
}

/// Whether a file is ours and of a version that this one knows, and the number of its schema.
pub fn identify(source: &Source) -> Result<i64, Problem> {
    schema_number(&source.conn)
}

/// Whether a schema is that of this version.
pub fn is_current(schema: i64) -> bool {
    usize::try_from(schema) == Ok(MIGRATIONS.len())
}

fn number(conn: &Connection, sql: &str) -> Result<i64, Problem> {
    conn.query_row(sql, [], |row| row.get(0)).map_err(damaged)
}

fn schema_number(conn: &Connection) -> Result<i64, Problem> {
    let objects = number(conn, "SELECT count(*) FROM sqlite_schema")?;
    match number(conn, "PRAGMA application_id")? {
        id if id == i64::from(open::APPLICATION_ID) => {}
        0 if objects == 0 => return Err(Problem::Unfinished),
        id if id == i64::from(open::DEV_APPLICATION_ID) => return Err(Problem::Dev),
        _ => return Err(Problem::Foreign),
    }
    let schema = number(conn, "PRAGMA user_version")?;
    if usize::try_from(schema).is_ok_and(|schema| schema > MIGRATIONS.len()) {
        return Err(Problem::Newer { found: schema, known: MIGRATIONS.len() });
    }
    Ok(schema)
}

fn look(conn: &Connection, out: &mut Examined) -> Result<(), Problem> {
    out.schema = schema_number(conn)?;
    // First of all: what is damaged is asked nothing else.
    integrity(conn, &mut out.problems)?;
    if !out.problems.is_empty() {
        return Ok(());
    }
    orphans(conn, &mut out.problems)?;
    if out.schema < 1 {
        return Err(Problem::Unfinished);
    }
    schema(conn, out.schema)?;
    out.is_current = is_current(out.schema);
    if out.is_current {
        out.made_at = stamp::read(conn).map_err(unread)?;
        if number(conn, "SELECT count(*) FROM meta")? == 0 {
            return Err(Problem::Unfinished);
        }
    }
    Ok(())
}

/// A row that should have been readable.
fn unread(error: Error) -> Problem {
    Problem::Damaged(error.to_string())
}

fn integrity(conn: &Connection, problems: &mut Vec<Problem>) -> Result<(), Problem> {
    let mut check = conn.prepare(&format!("PRAGMA integrity_check({MANY})")).map_err(damaged)?;
    let mut lines = check.query([]).map_err(damaged)?;
    while let Some(line) = lines.next().map_err(damaged)? {
        let line = line.get_ref(0).ok().and_then(|text| text.as_bytes().ok()).map(String::from_utf8_lossy);
        match line.as_deref() {
            Some("ok") => {}
            Some(text) => problems.push(Problem::Damaged(text.replace('\n', ": "))),
            None => problems.push(Problem::Damaged("integrity_check says nothing".to_owned())),
        }
    }
    Ok(())
}

fn orphans(conn: &Connection, problems: &mut Vec<Problem>) -> Result<(), Problem> {
    let sql = r#"SELECT "table", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2"#;
    let mut check = conn.prepare(sql).map_err(damaged)?;
    let orphans = |row: &rusqlite::Row<'_>| {
        Ok(Problem::Orphans { table: row.get(0)?, parent: row.get(1)?, rows: row.get::<_, i64>(2)?.unsigned_abs() })
    };
    for found in check.query_map([], orphans).map_err(damaged)? {
        problems.push(found.map_err(damaged)?);
    }
    Ok(())
}

/// Holds the file's tables and indices against those that its number stands for, made anew in memory.
fn schema(conn: &Connection, schema: i64) -> Result<(), Problem> {
    let fresh = Connection::open_in_memory().map_err(damaged)?;
    for sql in MIGRATIONS.iter().take(usize::try_from(schema).unwrap_or(0)) {
        fresh.execute_batch(sql).map_err(damaged)?;
    }
    let differs = |difference: String| Problem::Schema { schema, difference };
    let (found, wanted) = (objects(conn)?, objects(&fresh)?);
    for (name, sql) in &wanted {
        match found.iter().find(|(other, _)| other == name) {
            None => return Err(differs(format!("`{name}` is missing"))),
            Some((_, other)) if other != sql => return Err(differs(format!("`{name}` is another"))),
            Some(_) => {}
        }
    }
    let strange = found.iter().find(|(name, _)| name != stamp::TABLE && wanted.iter().all(|(other, _)| other != name));
    strange.map_or(Ok(()), |(name, _)| Err(differs(format!("`{name}` is not part of it"))))
}

/// Names and statements of all that the schema holds; what SQLite makes for itself has no statement.
fn objects(conn: &Connection) -> Result<Vec<(String, String)>, Problem> {
    let sql = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";
    let mut objects = conn.prepare(sql).map_err(damaged)?;
    let rows = objects.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).map_err(damaged)?;
    rows.collect::<rusqlite::Result<_>>().map_err(damaged)
}

/// The epoch and the longest access lifetime, as far as a file that may be of any version, or damaged,
/// still gives them.
pub(super) fn epoch_and_ttl(conn: &Connection) -> Option<(i64, i64)> {
    let sql = "SELECT epoch, longest_access_ttl FROM meta WHERE id = 1";
    conn.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).optional().ok().flatten()
}
