//! What only grows: events and the audit log. Both are numbered by the statement that adds them.

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

pub(crate) const ADD_AUDIT: &str =
    "INSERT INTO audit (seq, v, doc) SELECT COALESCE(MAX(seq), 0) + 1, ?1, ?2 FROM audit";
pub(crate) const AUDIT: &str = "SELECT seq, v, doc FROM audit WHERE seq > ?1 ORDER BY seq LIMIT ?2";
