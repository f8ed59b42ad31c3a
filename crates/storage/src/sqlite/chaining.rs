//! Giving lines of the audit log their place in the hash chain.

use countersign_domain::audit::{AuditKind, AuditRecord, Head, NodeName, SealedRecord, chain};
use countersign_domain::digest::Digest;
use countersign_domain::identity::Actor;
use countersign_domain::time::Timestamp;
use rusqlite::{Connection, Row, params};
use serde_json::{Map, Value};

use super::fault::SqlError;
use super::reads::{count, one, text};
use crate::catalogue::log as sql;
use crate::document::{FORMAT, decode, unreadable};

/// The lines made before there was a chain, in their order.
const UNCHAINED: &str = "SELECT seq, v, doc FROM audit_unchained ORDER BY seq";

/// Where the log stands, as this transaction sees it.
pub(super) fn head(connection: &Connection) -> Result<Head, SqlError> {
    let found = one(connection, sql::AUDIT_HEAD, [], |row| {
        Ok(Head { seq: count(row, 0)?, hash: hash(row, 1)? })
    })?;
    Ok(found.unwrap_or(Head::EMPTY))
}

/// Adds `record` after the last line, and is seen by the next. Asking the table for the last line
/// costs little and stays right when a unit is undone or another process has written.
pub(super) fn append(
    tx: &Connection,
    record: &AuditRecord,
    node: &NodeName,
) -> Result<(), SqlError> {
    let head = head(tx)?;
    let unsealed = |error: chain::Malformed| {
        unreadable(format!("new audit record about `{}`", record.subject), error.to_string())
    };
    let text = chain::text(record, node, head).map_err(unsealed)?;
    let hash = Digest::of(text.as_bytes());
    let seq = i64::try_from(head.seq.saturating_add(1)).unwrap_or(i64::MAX);
    tx.prepare_cached(sql::ADD_AUDIT)?.execute(params![
        seq,
        hash.as_bytes(),
        record.at.as_millis(),
        record.kind.as_str(),
        record.actor.to_string(),
        record.subject,
        FORMAT,
        text,
    ])?;
    Ok(())
}

/// Puts the lines that were made before there was a chain into it, and says so in a line of its
/// own: what they say is vouched for from now on, not from when they were made.
pub(super) fn adopt(tx: &Connection) -> Result<(), SqlError> {
    let node = NodeName::unknown();
    let mut adopted = 0_u64;
    let mut last = Timestamp::from_millis(0);
    {
        let mut statement = tx.prepare(UNCHAINED)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let record: AuditRecord = decode(row.get(1)?, text(row, 2)?, count(row, 0)?)?;
            append(tx, &record, &node)?;
            last = last.max(record.at);
            adopted += 1;
        }
    }
    tx.execute_batch("DROP TABLE audit_unchained")?;
    if adopted == 0 {
        return Ok(());
    }
    let now: i64 =
        tx.query_row("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)", [], |row| row.get(0))?;
    let record = AuditRecord {
        at: Timestamp::from_millis(now).max(last),
        kind: AuditKind::ChainStarted,
        actor: Actor::System,
        subject: chain::SUBJECT.to_owned(),
        session: None,
        detail: Map::from_iter([("adopted".to_owned(), Value::from(adopted))]),
    };
    append(tx, &record, &node)
}

/// A line in its place, from the columns `seq, hash, v, doc`.
pub(super) fn sealed(row: &Row<'_>) -> Result<SealedRecord, SqlError> {
    let seq = count(row, 0)?;
    let what = || format!("audit record `{seq}`");
    let format: u32 = row.get(2)?;
    if format != FORMAT {
        let message = format!("it has format {format}, and {FORMAT} is the newest known");
        return Err(unreadable(what(), message).into());
    }
    SealedRecord::from_text(text(row, 3)?)
        .map_err(|error| unreadable(what(), error.to_string()).into())
}

/// A hash in a column.
pub(super) fn hash(row: &Row<'_>, column: usize) -> Result<Digest, SqlError> {
    let bytes: [u8; 32] = row.get(column)?;
    Ok(Digest::from_bytes(bytes))
}
