//! What left the house.

use countersign_domain::time::Timestamp;
use countersign_ports::store::OutboxEntry;
use rusqlite::{Connection, params};

use super::{SqlError, conflict, insert};
use crate::catalogue::outbox as sql;

/// The oldest before then, at most so many.
pub(super) fn forget(tx: &Connection, before: Timestamp, most: u32) -> Result<(), SqlError> {
    tx.prepare_cached(sql::FORGET_SENDS)?.execute(params![before.as_millis(), most])?;
    Ok(())
}

/// Counts and adds in one transaction, so that of two sends for the last place one is refused.
pub(super) fn add(tx: &Connection, entry: &OutboxEntry) -> Result<(), SqlError> {
    let grant = entry.grant.to_string();
    // No call has the empty id.
    let call = entry.call.map(|call| call.to_string()).unwrap_or_default();
    let since = entry.limit.since.as_millis();
    for destination in &entry.destinations {
        let mut count = tx.prepare_cached(sql::SENT_SINCE)?;
        let sent: i64 = count.query_row(params![destination, since], |row| row.get(0))?;
        if sent >= i64::from(entry.limit.most) {
            return Err(conflict(destination));
        }
        let values = params![grant, destination, call, entry.at.as_millis()];
        insert(tx, sql::ADD_ENTRY, values, &grant, &grant)?;
    }
    Ok(())
}
