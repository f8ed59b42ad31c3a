//! From SQLite's errors to those of the port.

use countersign_ports::store::{Fault, StoreError};
use rusqlite::ErrorCode;

/// What can go wrong inside this store, before it is told to a caller.
#[derive(Debug, thiserror::Error)]
pub(super) enum SqlError {
    /// SQLite said no.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// The answer is already one for the caller.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<SqlError> for StoreError {
    fn from(error: SqlError) -> Self {
        match error {
            SqlError::Store(error) => error,
            SqlError::Sqlite(error) => classify(&error),
        }
    }
}

/// Whether an insertion failed because of another row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Violation {
    /// A row with that key is there.
    Taken,
    /// The row that it belongs to is not there.
    NoParent,
}

/// Which constraint stopped an insertion, if one did.
pub(super) fn violation(error: &rusqlite::Error) -> Option<Violation> {
    match error.sqlite_error()?.extended_code {
        rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY => Some(Violation::NoParent),
        rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY | rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE => {
            Some(Violation::Taken)
        }
        _ => None,
    }
}

/// What an error means for the store as a whole.
pub(super) fn classify(error: &rusqlite::Error) -> StoreError {
    let message = error.to_string();
    let Some(code) = error.sqlite_error_code() else {
        // SQLite did its part; what it gave back is not of the type that the schema promises.
        let what = "row".to_owned();
        return StoreError::Unreadable { what, message };
    };
    match fault(code) {
        Some(fault) => StoreError::Broken { fault, message },
        None => StoreError::Unavailable(message),
    }
}

/// What is the matter for good. Any other error, a busy file among them, may pass.
fn fault(code: ErrorCode) -> Option<Fault> {
    const FOR_GOOD: [(ErrorCode, Fault); 5] = [
        (ErrorCode::DiskFull, Fault::DiskFull),
        (ErrorCode::ReadOnly, Fault::ReadOnly),
        (ErrorCode::DatabaseCorrupt, Fault::Corrupt),
        (ErrorCode::NotADatabase, Fault::Corrupt),
        (ErrorCode::SystemIoFailure, Fault::Io),
    ];
    FOR_GOOD.into_iter().find_map(|(known, fault)| (known == code).then_some(fault))
}
