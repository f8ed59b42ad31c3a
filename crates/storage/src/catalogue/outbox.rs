//! What left the house.

pub(crate) const ADD_ENTRY: &str =
    "INSERT INTO outbox (grant_id, destination, call_id, at) VALUES (?1, ?2, ?3, ?4)";
pub(crate) const SENT_SINCE: &str =
    "SELECT COUNT(*) FROM outbox WHERE destination = ?1 AND at > ?2";
pub(crate) const OF_CALL: &str =
    "SELECT grant_id, destination, at FROM outbox WHERE call_id = ?1 ORDER BY destination";
/// Long after they count: the end of a call asks for the rows of its start.
pub(crate) const FORGET_OUTBOX: &str = "DELETE FROM outbox WHERE at < ?1 - 604800000";
