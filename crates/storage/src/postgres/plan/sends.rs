//! What left the house, and is forgotten.

use countersign_domain::time::Timestamp;
use countersign_ports::store::OutboxEntry;

use super::{Must, Step, any};
use crate::postgres::session::query;

/// Adds a send, unless its destination is at its limit.
pub(in crate::postgres) const SEND: &str = "INSERT INTO outbox (grant_id, destination, call_id, at) \
     SELECT ?1, ?2, ?3, ?4 \
     WHERE (SELECT COUNT(*) FROM outbox WHERE destination = ?2 AND at > ?5) < ?6";
/// By the places of the rows: the planner would read the whole table to look the parts of their key
/// up. Nobody else moves them meanwhile.
pub(in crate::postgres) const FORGET: &str = "DELETE FROM outbox WHERE ctid = ANY (ARRAY( \
     SELECT ctid FROM outbox WHERE at < ?1 ORDER BY at LIMIT ?2))";

/// Counts and adds in one statement: nobody else writes meanwhile.
pub(super) fn send(entry: &OutboxEntry) -> Vec<Step> {
    let grant = entry.grant.to_string();
    // No call has the empty id.
    let call = entry.call.map(|call| call.to_string()).unwrap_or_default();
    let (at, since) = (entry.at.as_millis(), entry.limit.since.as_millis());
    let step = |destination: &String| Step {
        query: query!(SEND, &grant, destination, &call, at, since, entry.limit.most),
        must: Must::Send { grant: grant.clone(), destination: destination.clone() },
    };
    entry.destinations.iter().map(step).collect()
}

/// The oldest before then, at most so many.
pub(super) fn forget(before: Timestamp, most: u32) -> Step {
    any(query!(FORGET, before.as_millis(), most))
}
