//! What only grows: events and the audit log.

pub(crate) const ADD_EVENT: &str = "INSERT INTO events (run_id, seq, at, is_approval, v, doc) \
     SELECT ?1, COALESCE(MAX(seq), 0) + 1, ?2, ?3, ?4, ?5 FROM events WHERE run_id = ?1";
pub(crate) const EVENTS_OF_RUN: &str = "SELECT run_id, seq, global_seq, at, v, doc FROM events \
     WHERE run_id = ?3 AND seq > ?1 ORDER BY seq LIMIT ?2";
pub(crate) const EVENTS_OF_APPROVALS: &str = "SELECT run_id, seq, global_seq, at, v, doc FROM events \
     WHERE is_approval = 1 AND global_seq > ?1 ORDER BY global_seq LIMIT ?2";
pub(crate) const LAST_OF_RUN: &str = "SELECT run_id, seq, global_seq, at, v, doc FROM events \
     WHERE run_id = ?1 ORDER BY seq DESC LIMIT 1";
pub(crate) const LAST_OF_APPROVALS: &str = "SELECT run_id, seq, global_seq, at, v, doc FROM events \
     WHERE is_approval = 1 ORDER BY global_seq DESC LIMIT 1";

pub(crate) const AUDIT_HEAD: &str =
    "SELECT seq, hash FROM audit WHERE seq > 0 ORDER BY seq DESC LIMIT 1";
pub(crate) const ADD_AUDIT: &str = "INSERT INTO audit (seq, hash, at, kind, actor, subject, v, doc) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
pub(crate) const AUDIT: &str =
    "SELECT seq, hash, v, doc FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2";
pub(crate) const AUDIT_HASHES: &str = "SELECT hash FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2";
pub(crate) const AUDIT_ROWS: &str = "SELECT seq, hash, v, doc, at, kind, actor, subject FROM audit \
     WHERE seq >= ?1 ORDER BY seq";

/// What lines of the audit log can be filtered by. `since` and `until` bound `at`.
pub(crate) const AUDIT_FILTERS: [&str; 5] =
    ["subject = ", "kind = ", "actor = ", "at >= ", "at < "];

/// Which way the audit log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// What is numbered above the cursor, oldest first.
    Following,
    /// What is numbered below the cursor, newest first.
    NewestFirst,
}

/// A part of the audit log: `?1` is the cursor, `?2` the limit, and `?3` onwards are the values of
/// the conditions in `filter`, a choice of [`AUDIT_FILTERS`] in their order.
///
/// What is wanted is found in an index that holds all the columns that are asked about, and only
/// the lines of this part are then read.
pub(crate) fn audit_part(filter: &[&str], order: Order) -> String {
    let (compares, direction) = match order {
        Order::Following => (">", "ASC"),
        Order::NewestFirst => ("<", "DESC"),
    };
    let index = match filter.first() {
        Some(&"subject = ") => "INDEXED BY audit_by_subject",
        Some(_) => "INDEXED BY audit_by_kind",
        None => "",
    };
    let conditions: String = (3..)
        .zip(filter)
        .flat_map(|(number, condition)| [" AND ".to_owned(), format!("{condition}?{number}")])
        .collect();
    let found = format!(
        "SELECT seq FROM audit {index} WHERE seq {compares} ?1{conditions} \
         ORDER BY seq {direction} LIMIT ?2"
    );
    format!("SELECT seq, hash, v, doc FROM audit WHERE seq IN ({found}) ORDER BY seq {direction}")
}
