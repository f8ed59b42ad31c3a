//! The tables.

use rusqlite::Connection;

use super::StoreError;

/// The steps, in order; how many were made is the database's `user_version`.
const STEPS: [&str; 1] = ["
    CREATE TABLE inbox (
        seq INTEGER PRIMARY KEY AUTOINCREMENT,
        chat TEXT NOT NULL,
        sender TEXT NOT NULL,
        message TEXT NOT NULL,
        at INTEGER NOT NULL,
        doc TEXT,
        UNIQUE (chat, sender, message)
    ) STRICT;
    CREATE INDEX inbox_waiting ON inbox (seq) WHERE doc IS NOT NULL;
    CREATE TABLE sends (
        key TEXT PRIMARY KEY,
        digest BLOB NOT NULL,
        message TEXT NOT NULL UNIQUE,
        done INTEGER NOT NULL,
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE chats (
        id TEXT PRIMARY KEY,
        kind TEXT NOT NULL,
        name TEXT,
        last_at INTEGER,
        unread INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX chats_recent ON chats (last_at DESC);
    CREATE TABLE lids (
        lid TEXT PRIMARY KEY,
        number TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE media (
        id TEXT PRIMARY KEY,
        size INTEGER NOT NULL,
        keys TEXT NOT NULL,
        at INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
"];

/// Makes a connection ready: what is committed is on stable storage, what is deleted is overwritten.
pub(super) fn prepare(connection: &mut Connection) -> Result<(), StoreError> {
    connection.execute_batch(
        "PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL;
         PRAGMA secure_delete = ON;
         PRAGMA busy_timeout = 5000;",
    )?;
    let tx = connection.transaction()?;
    let made: i64 = tx.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let known = i64::try_from(STEPS.len()).unwrap_or(i64::MAX);
    if made > known {
        return Err(StoreError::Newer(made));
    }
    for step in STEPS.iter().skip(usize::try_from(made).unwrap_or(0)) {
        tx.execute_batch(step)?;
    }
    tx.pragma_update(None, "user_version", known)?;
    tx.commit()?;
    Ok(())
}
