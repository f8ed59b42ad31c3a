//! Reading rows back as values.
//!
//! Statements that read documents select `id, v, doc` and, for values that change, `version`.

mod access;
mod approvals;
pub(super) mod audit;
mod chats;
mod events;
mod nodes;
mod retention;
mod runs;
mod service;

use countersign_ports::store::{Page, Version, Versioned};
use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::fault::SqlError;
use crate::document::{Document, decode, unreadable};

/// The one document that `sql` finds, if any.
pub(super) fn document<T: Document>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<Option<T>, SqlError> {
    one(connection, sql, params, value)
}

/// What `read` finds as it is at one moment. The file is locked once for all of it.
fn in_one_picture<T>(
    connection: &Connection,
    read: impl FnOnce(&Connection) -> Result<T, SqlError>,
) -> Result<T, SqlError> {
    connection.prepare_cached("BEGIN")?.execute([])?;
    let found = read(connection);
    let ended = connection.prepare_cached("COMMIT")?.execute([]);
    let found = found?;
    ended?;
    Ok(found)
}

/// Every document that `sql` finds.
fn documents<T: Document>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
) -> Result<Vec<T>, SqlError> {
    all(connection, sql, params, value)
}

/// What `read` makes of the first row that `sql` finds, if any.
pub(super) fn one<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Result<T, SqlError>,
) -> Result<Option<T>, SqlError> {
    let mut statement = connection.prepare_cached(sql)?;
    let row = statement.query_row(params, |row| Ok(read(row))).optional()?;
    row.transpose()
}

/// What `read` makes of every row that `sql` finds.
pub(super) fn all<T>(
    connection: &Connection,
    sql: &str,
    params: impl Params,
    read: impl Fn(&Row<'_>) -> Result<T, SqlError>,
) -> Result<Vec<T>, SqlError> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params)?;
    let mut values = Vec::new();
    while let Some(row) = rows.next()? {
        values.push(read(row)?);
    }
    Ok(values)
}

fn value<T: Document>(row: &Row<'_>) -> Result<T, SqlError> {
    Ok(decode(row.get(1)?, text(row, 2)?, text(row, 0)?)?)
}

fn versioned<T: Document>(row: &Row<'_>) -> Result<Versioned<T>, SqlError> {
    Ok(Versioned { value: value(row)?, version: Version(count(row, 3)?) })
}

/// The text of a column, without a copy.
pub(super) fn text<'r>(row: &'r Row<'_>, column: usize) -> Result<&'r str, SqlError> {
    let column = row.get_ref(column)?.as_str();
    Ok(column.map_err(rusqlite::Error::from)?)
}

/// A column that is never negative.
pub(super) fn count(row: &Row<'_>, column: usize) -> Result<u64, SqlError> {
    Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
}

/// A number as SQLite can compare it: beyond its range nothing changes any more.
pub(super) fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A limit as SQLite takes it.
pub(super) fn limit(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A page of at most `wanted` of `items`, of which one more was read to see whether more follow.
fn page<T, Id>(mut items: Vec<T>, wanted: usize, id: impl Fn(&T) -> Id) -> Page<T, Id> {
    let more = items.len() > wanted;
    items.truncate(wanted);
    let next = items.last().filter(|_| more).map(id);
    Page { items, next }
}

/// A value that a column holds as text.
fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    row: &Row<'_>,
    column: usize,
    what: &str,
) -> Result<T, SqlError> {
    let text = text(row, column)?;
    text.parse()
        .map_err(|error: T::Err| unreadable(format!("{what} `{text}`"), error.to_string()).into())
}
