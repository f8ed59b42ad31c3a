//! A connection for copying everything in or out.

use std::path::Path;

use countersign_ports::store::{Fault, StoreError};
use rusqlite::Connection;

use super::fault::classify;
use super::{migrate, open};

/// A file of the newest schema that is only read, and in which nobody writes meanwhile.
pub(crate) fn source(path: &Path) -> Result<Connection, StoreError> {
    if !path.exists() {
        return Err(StoreError::Missing(format!("`{}`", path.display())));
    }
    let connection = open::existing(path)?;
    migrate::refuse_what_is_not_ours(&connection)?;
    if !migrate::is_newest(&connection).map_err(StoreError::from)? {
        let message = "it was last used by an older version: start the gateway once, which brings \
                       it up to date"
            .to_owned();
        return Err(StoreError::Broken { fault: Fault::TooNew, message });
    }
    begin(connection)
}

/// A file that is written; made if it does not exist.
pub(crate) fn target(path: &Path) -> Result<Connection, StoreError> {
    begin(open::writer(path)?)
}

fn begin(connection: Connection) -> Result<Connection, StoreError> {
    connection.execute_batch("BEGIN IMMEDIATE").map_err(|error| told(&error))?;
    Ok(connection)
}

/// SQLite's error as one of the port.
pub(crate) fn told(error: &rusqlite::Error) -> StoreError {
    classify(error)
}
