//! The schema and its history: numbered files, applied once and only forwards.

use countersign_ports::store::{Fault, StoreError};
use rusqlite::{Connection, TransactionBehavior};

use super::chaining;
use super::fault::SqlError;
use crate::history::{Written, refuse_another, steps, too_new};

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
    Migration { sql: include_str!("../../migrations/sqlite/0006_chats.sql"), then: None },
    Migration { sql: include_str!("../../migrations/sqlite/0007_nodes.sql"), then: None },
    Migration { sql: include_str!("../../migrations/sqlite/0008_notes.sql"), then: None },
    Migration { sql: include_str!("../../migrations/sqlite/0009_service_chats.sql"), then: None },
    Migration { sql: include_str!("../../migrations/sqlite/0010_owed_cards.sql"), then: None },
    Migration {
        sql: include_str!("../../migrations/sqlite/0011_service_aliases_by_chat.sql"),
        then: None,
    },
];

/// What was applied, beside the version that SQLite keeps: `countersign_schema` of the other store.
const HISTORY: &str = "CREATE TABLE IF NOT EXISTS countersign_schema (
    version INTEGER PRIMARY KEY,
    hash    TEXT NOT NULL
) STRICT";
const HAS_HISTORY: &str =
    "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name = 'countersign_schema'";
const APPLIED: &str = "SELECT version, hash FROM countersign_schema ORDER BY version";
const APPLY: &str = "INSERT OR IGNORE INTO countersign_schema (version, hash) VALUES (?1, ?2)";

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
        return Err(too_new("the file", version, newest()).into());
    }
    if number(connection, HAS_HISTORY)? == 0 {
        return Ok(());
    }
    let mut statement = connection.prepare(APPLIED)?;
    let applied = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let applied: Vec<(i64, String)> = applied.collect::<Result<_, _>>()?;
    Ok(refuse_another(&known(), &applied, "the file")?)
}

fn known() -> Vec<Written> {
    let texts: Vec<_> = MIGRATIONS.iter().map(|migration| migration.sql).collect();
    steps(&texts)
}

/// Brings the schema to the newest version: all the steps, or none.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), SqlError> {
    if number(connection, "PRAGMA user_version")? == newest()
        && number(connection, HAS_HISTORY)? == 1
    {
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
    // A file from before there was a history was made by these very steps.
    transaction.execute_batch(HISTORY)?;
    for step in known() {
        transaction.execute(APPLY, (step.version, step.hash()))?;
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
