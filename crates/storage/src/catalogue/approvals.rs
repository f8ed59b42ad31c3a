//! Approvals and rules.

pub(crate) const ADD_APPROVAL: &str = "INSERT INTO approvals (id, version, run_id, session_id, kind, status, deadline, v, doc, digest) \
     VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
pub(crate) const UPDATE_APPROVAL: &str = "UPDATE approvals SET version = version + 1, status = ?3, deadline = ?4, v = ?5, doc = ?6, digest = ?7 \
     WHERE id = ?1 AND version = ?2";
pub(crate) const APPROVAL_VERSION: &str = "SELECT version FROM approvals WHERE id = ?1";
pub(crate) const APPROVAL: &str = "SELECT id, v, doc, version FROM approvals WHERE id = ?1";
pub(crate) const OF_RUN: &str =
    "SELECT id, v, doc, version FROM approvals WHERE run_id = ?1 AND status = ?2 ORDER BY id";
pub(crate) const PENDING_LIKE: &str = "SELECT id, v, doc, version FROM approvals \
     WHERE status = 'pending' AND session_id = ?1 AND digest = ?2 ORDER BY id DESC LIMIT 1";
pub(crate) const PENDING_IN: &str =
    "SELECT COUNT(*) FROM approvals WHERE status = 'pending' AND session_id = ?1";
pub(crate) const PENDING: &str = "SELECT amount FROM tallies WHERE name = 'approvals_pending'";
pub(crate) const DUE: &str =
    "SELECT id, v, doc, version FROM approvals WHERE deadline <= ?1 ORDER BY deadline, id LIMIT ?2";
pub(crate) const NEXT_DEADLINE: &str =
    "SELECT MIN(deadline) FROM approvals WHERE deadline IS NOT NULL";

/// The table of approvals, for [`super::page`].
pub(crate) const TABLE: &str = "approvals";
/// What approvals can be filtered by, for [`super::page`].
pub(crate) const FILTERS: [&str; 4] = ["status", "session_id", "run_id", "kind"];

/// What `holds_in` says of a rule that is not bound to a session.
pub(crate) const EVERYWHERE: &str = "everywhere";
pub(crate) const ADD_RULE: &str =
    "INSERT INTO rules (id, holds_in, expires_at, v, doc) VALUES (?1, ?2, ?3, ?4, ?5)";
pub(crate) const REWRITE_RULE: &str = "UPDATE rules SET v = ?2, doc = ?3 WHERE id = ?1";
pub(crate) const REMOVE_RULE: &str = "DELETE FROM rules WHERE id = ?1";
pub(crate) const RULE: &str = "SELECT id, v, doc FROM rules WHERE id = ?1";
pub(crate) const RULES_FOR: &str = "SELECT id, v, doc FROM rules WHERE holds_in IN (?1, 'everywhere') \
     AND (expires_at IS NULL OR expires_at > ?2) ORDER BY id";
pub(crate) const RULES: &str =
    "SELECT id, v, doc FROM rules WHERE expires_at IS NULL OR expires_at > ?1 ORDER BY id DESC";
