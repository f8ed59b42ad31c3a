//! The audit log of a database, only read: beside a running gateway, or without one.

use std::path::Path;

use countersign_domain::audit::SealedRecord;
use countersign_domain::audit::chain::{self, Malformed};
use countersign_domain::audit::verify::{Broken, Columns, Verifier};
use countersign_domain::digest::Digest;
use countersign_ports::store::{AuditFilter, Fault, StoreError};
use rusqlite::{Connection, ErrorCode, OpenFlags, Row};

use super::chaining::head;
use super::fault::SqlError;
use super::reads::audit::part;
use super::reads::{bound, count, text};
use super::{migrate, open};
use crate::catalogue::log::{self as sql, Order};

/// The audit log of a file.
#[derive(Debug)]
pub struct LogFile(Connection);

/// Why a log cannot be read to its end.
#[derive(Debug, thiserror::Error)]
pub enum LogFileError {
    /// The file cannot be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record in it is bad.
    #[error(transparent)]
    Broken(#[from] Broken),
    /// A record cannot be written out.
    #[error("record {0}: {1}")]
    Malformed(u64, #[source] Malformed),
    /// Whoever takes the records will not.
    #[error(transparent)]
    Taking(#[from] std::io::Error),
}

impl From<SqlError> for LogFileError {
    fn from(error: SqlError) -> Self {
        Self::Store(error.into())
    }
}

impl From<rusqlite::Error> for LogFileError {
    fn from(error: rusqlite::Error) -> Self {
        SqlError::from(error).into()
    }
}

impl LogFile {
    /// Opens the file at `path`, which is not changed.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = only_reading(path)?;
        migrate::refuse_what_is_not_ours(&connection)?;
        if !migrate::is_newest(&connection)? {
            let message = "it was last used by an older version: start the gateway once, which \
                           brings it up to date"
                .to_owned();
            return Err(StoreError::Broken { fault: Fault::TooNew, message });
        }
        Ok(Self(connection))
    }

    /// The number of the last record.
    pub fn last(&self) -> Result<u64, LogFileError> {
        Ok(head(&self.0)?.seq)
    }

    /// Lets `verifier` check every record from the number `from` on.
    pub fn verify(&self, from: u64, verifier: &mut Verifier<'_>) -> Result<(), LogFileError> {
        self.verify_telling(from, verifier, |_| {})
    }

    /// The same; `seen` is told the number of each good record.
    pub fn verify_telling(
        &self,
        from: u64,
        verifier: &mut Verifier<'_>,
        seen: impl FnMut(u64),
    ) -> Result<(), LogFileError> {
        verify_log(&self.0, from, verifier, seen)
    }

    /// Gives every record to `take` as a line of an export, from the number `from` on.
    pub fn lines(
        &self,
        from: u64,
        mut take: impl FnMut(&str) -> std::io::Result<()>,
    ) -> Result<(), LogFileError> {
        each(&self.0, from, |row| {
            let line = chain::line(text(row, 3)?, stored_hash(row)?);
            let line =
                line.map_err(|error| LogFileError::Malformed(row.get(0).map_or(0, u64_of), error))?;
            Ok(take(&line)?)
        })
    }

    /// The records that `filter` lets through and whose numbers are above `after`, oldest first.
    pub fn following(
        &self,
        filter: AuditFilter,
        after: u64,
        most: usize,
    ) -> Result<Vec<SealedRecord>, LogFileError> {
        Ok(part(&self.0, filter, Order::Following, (after, most))?)
    }

    /// The last records that `filter` lets through, oldest first.
    pub fn latest(
        &self,
        filter: AuditFilter,
        most: usize,
    ) -> Result<Vec<SealedRecord>, LogFileError> {
        let mut found = part(&self.0, filter, Order::NewestFirst, (u64::MAX, most))?;
        found.reverse();
        Ok(found)
    }
}

/// Lets `verifier` check every record from the number `from` on, as `connection` sees them.
pub(crate) fn verify_log(
    connection: &Connection,
    from: u64,
    verifier: &mut Verifier<'_>,
    mut seen: impl FnMut(u64),
) -> Result<(), LogFileError> {
    each(connection, from, |row| {
        let seq = count(row, 0)?;
        let columns = Columns {
            at: row.get(4)?,
            kind: text(row, 5)?,
            actor: text(row, 6)?,
            subject: text(row, 7)?,
        };
        verifier.row(seq, &columns, text(row, 3)?, stored_hash(row)?)?;
        seen(seq);
        Ok(())
    })
}

fn each(
    connection: &Connection,
    from: u64,
    mut take: impl FnMut(&Row<'_>) -> Result<(), LogFileError>,
) -> Result<(), LogFileError> {
    let mut statement = connection.prepare_cached(sql::AUDIT_ROWS)?;
    let mut rows = statement.query([bound(from)])?;
    while let Some(row) = rows.next()? {
        take(row)?;
    }
    Ok(())
}

/// The stored hash. One of another length is the hash of nothing.
fn stored_hash(row: &Row<'_>) -> Result<Digest, SqlError> {
    let bytes = row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?;
    Ok(Digest::from_bytes(bytes.try_into().unwrap_or([0; 32])))
}

fn u64_of(seq: i64) -> u64 {
    u64::try_from(seq).unwrap_or(0)
}

/// A connection that only reads the file at `path`, which must be there.
pub(super) fn only_reading(path: &Path) -> Result<Connection, StoreError> {
    if !path.exists() {
        let message = format!("`{}` does not exist", path.display());
        return Err(StoreError::Missing(message));
    }
    let connection = match usable(open::reader(path)) {
        // Without the gateway there may be no log beside the file, and no right to make one.
        Err(SqlError::Sqlite(error)) if may_not_write(&error) => usable(frozen(path)),
        opened => opened,
    }?;
    Ok(connection)
}

/// SQLite looks at a file only when it is asked something.
fn usable(opened: Result<Connection, SqlError>) -> Result<Connection, SqlError> {
    let connection = opened?;
    connection.query_row("SELECT COUNT(*) FROM sqlite_schema", [], |_| Ok(()))?;
    Ok(connection)
}

fn may_not_write(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly))
}

/// The file as it lies there. Only when nothing is waiting in a log beside it.
fn frozen(path: &Path) -> Result<Connection, SqlError> {
    let uri = url_of(path);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    if std::fs::metadata(&log).is_ok_and(|log| log.len() > 0) {
        let message = "changes wait in the `-wal` file beside it, and this user may not take part \
                       in reading them; run it as the gateway's user, or on a copy"
            .to_owned();
        return Err(StoreError::Broken { fault: Fault::ReadOnly, message }.into());
    }
    Ok(Connection::open_with_flags(uri, flags)?)
}

fn url_of(path: &Path) -> String {
    let path = path.to_string_lossy();
    let escaped = path.replace('%', "%25").replace('?', "%3f").replace('#', "%23");
    format!("file:{escaped}?immutable=1")
}
