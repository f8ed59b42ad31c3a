//! What left the house.

pub(crate) const ADD_ENTRY: &str =
    "INSERT INTO outbox (grant_id, destination, call_id, at) VALUES (?1, ?2, ?3, ?4)";
pub(crate) const SENT_SINCE: &str =
    "SELECT COUNT(*) FROM outbox WHERE destination = ?1 AND at > ?2";
pub(crate) const OF_CALL: &str =
    "SELECT grant_id, destination, at FROM outbox WHERE call_id = ?1 ORDER BY destination";
/// Whoever sweeps asks for a part at a time.
pub(crate) const FORGET_SENDS: &str = "DELETE FROM outbox WHERE (grant_id, destination) IN \
     (SELECT grant_id, destination FROM outbox WHERE at < ?1 ORDER BY at LIMIT ?2)";
pub(crate) const OLDEST_SEND: &str = "SELECT MIN(at) FROM outbox";
