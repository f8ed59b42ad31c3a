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

use countersign_domain::digest::Digest;
use countersign_ports::store::{Page, StoreError, Version, Versioned};
use tokio_postgres::Row;

use super::fault::{PgError, words};
use crate::document::{Document, FORMAT, decode, unreadable};

/// What `read` makes of every row.
fn all<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T, PgError>) -> Result<Vec<T>, StoreError> {
    rows.iter().map(|row| read(row).map_err(unfitting)).collect()
}

/// What `read` makes of the first row, if any.
fn one<T>(
    rows: &[Row],
    read: impl Fn(&Row) -> Result<T, PgError>,
) -> Result<Option<T>, StoreError> {
    rows.first().map(|row| read(row).map_err(unfitting)).transpose()
}

/// A row that is not of the types that the schema promises is no matter of the connection.
fn unfitting(error: PgError) -> StoreError {
    match error {
        PgError::Postgres(error) => unreadable("row".to_owned(), words(&error)),
        PgError::Store(error) => error,
        silent @ PgError::Silent(_) => silent.into(),
    }
}

/// The document in a row.
pub(super) fn document<T: Document>(row: &Row) -> Result<T, PgError> {
    Ok(decode(format(row, 1)?, row.try_get(2)?, row.try_get::<_, &str>(0)?)?)
}

fn versioned<T: Document>(row: &Row) -> Result<Versioned<T>, PgError> {
    Ok(Versioned { value: document(row)?, version: Version(count(row, 3)?) })
}

/// The format of a document. One that is no format is none that is known.
pub(super) fn format(row: &Row, column: usize) -> Result<u32, PgError> {
    let format: i64 = row.try_get(column)?;
    Ok(u32::try_from(format).unwrap_or(u32::MAX))
}

/// Whether `format` is the one that is written.
pub(super) const fn is_current(format: u32) -> bool {
    format == FORMAT
}

/// A column that is never negative.
pub(super) fn count(row: &Row, column: usize) -> Result<u64, PgError> {
    Ok(u64::try_from(row.try_get::<_, i64>(column)?).unwrap_or(0))
}

/// A hash in a column. One of another length is the hash of nothing.
pub(super) fn digest(row: &Row, column: usize) -> Result<Digest, PgError> {
    let bytes: &[u8] = row.try_get(column)?;
    Ok(Digest::from_bytes(bytes.try_into().unwrap_or([0; 32])))
}

/// A number as the database can compare it: beyond its range nothing changes any more.
pub(super) fn bound(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A limit as the database takes it.
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
    row: &Row,
    column: usize,
    what: &str,
) -> Result<T, PgError> {
    let text: &str = row.try_get(column)?;
    text.parse()
        .map_err(|error: T::Err| unreadable(format!("{what} `{text}`"), error.to_string()).into())
}
