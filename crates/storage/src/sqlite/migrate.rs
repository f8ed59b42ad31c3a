//! The schema and its history: numbered files, applied once and only forwards.

use countersign_ports::store::{Fault, StoreError};
use rusqlite::{Connection, TransactionBehavior};

use super::chaining;
use super::fault::SqlError;

/// Marks a file as Countersign's: the letters `CSgn`.
pub(super) const APPLICATION_ID: i32 = 0x4353_676e;

/// What SQL alone cannot do.
type Work = fn(&Connection) -> Result<(), SqlError>;

/// One step from a schema version to the next.
struct Migration {
    sql: &'static str,
    /// What is done right after it.
    then: Option<Work>,
}

/// The steps, oldest first. The first is schema version 1.
const MIGRATIONS: &[Migration] = &[
    Migration { sql: include_str!("../../migrations/sqlite/0001_initial.sql"), then: None },
    Migration { sql: include_str!("../../migrations/sqlite/0002_grants.sql"), then: None },
    Migration {
        sql: include_str!("../../migrations/sqlite/0003_audit_chain.sql"),
        then: Some(chaining::adopt),
    },
    Migration {
        sql: include_str!("../../migrations/sqlite/0004_pending_by_session.sql"),
        then: None,
    },
    Migration { sql: include_str!("../../migrations/sqlite/0005_outbox.sql"), then: None },
];

/// The newest schema version.
pub(super) fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// Whether the schema is the newest.
pub(super) fn is_newest(connection: &Connection) -> Result<bool, SqlError> {
    Ok(number(connection, "PRAGMA user_version")? == newest())
}

/// Refuses a file that is another program's or a newer version's. Changes nothing.
pub(super) fn refuse_what_is_not_ours(connection: &Connection) -> Result<(), SqlError> {
    let application = number(connection, "PRAGMA application_id")?;
    let version = number(connection, "PRAGMA user_version")?;
    let objects = number(connection, "SELECT COUNT(*) FROM sqlite_schema")?;
    let untouched = application == 0 && version == 0 && objects == 0;
    if application != i64::from(APPLICATION_ID) && !untouched {
        let message = format!("the file has application id {application} and {objects} objects");
        return Err(broken(Fault::Foreign, message));
    }
    if version > newest() {
        let message =
            format!("the file has schema version {version}, and this program knows {}", newest());
        return Err(broken(Fault::TooNew, message));
    }
    Ok(())
}

/// Brings the schema to the newest version: all the steps, or none.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), SqlError> {
    if number(connection, "PRAGMA user_version")? == newest() {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Read again: another process may have been here before the lock was ours.
    let version = number(&transaction, "PRAGMA user_version")?;
    for (number, migration) in (1..).zip(MIGRATIONS) {
        if number > version {
            transaction.execute_batch(migration.sql)?;
            if let Some(then) = migration.then {
                then(&transaction)?;
            }
            transaction.pragma_update(None, "user_version", number)?;
        }
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.commit()?;
    Ok(())
}

fn number(connection: &Connection, sql: &str) -> Result<i64, SqlError> {
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

fn broken(fault: Fault, message: String) -> SqlError {
    StoreError::Broken { fault, message }.into()
}
