//! What is removed when it is old.

pub(crate) const FINISHED: &str = "SELECT id, v, doc FROM runs \
     WHERE id > ?1 AND id < ?2 AND finished = 1 ORDER BY id LIMIT ?3";
/// The inner part walks over the events that are about to go, not over the runs that stay.
pub(crate) const FINISHED_WITH_EVENTS: &str = "SELECT id, v, doc FROM runs WHERE id IN \
     (SELECT DISTINCT run_id FROM events WHERE run_id > ?1 AND run_id < ?2 AND EXISTS \
      (SELECT 1 FROM runs AS over WHERE over.id = events.run_id AND over.finished = 1) \
      ORDER BY run_id LIMIT ?3) ORDER BY id";
pub(crate) const EMPTY_SESSIONS: &str = "SELECT id FROM sessions WHERE id > ?1 AND id < ?2 \
     AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.session_id = sessions.id) ORDER BY id LIMIT ?3";

pub(crate) const IS_FINISHED: &str = "SELECT 1 FROM runs WHERE id = ?1 AND finished = 1";
pub(crate) const REMOVE_EVENTS: &str = "DELETE FROM events WHERE run_id = ?1";
pub(crate) const REMOVE_CALLS: &str = "DELETE FROM calls WHERE run_id = ?1";
pub(crate) const REMOVE_ENTRIES: &str = "DELETE FROM entries WHERE run_id = ?1";
pub(crate) const REMOVE_APPROVALS: &str = "DELETE FROM approvals WHERE run_id = ?1";
pub(crate) const REMOVE_RUN: &str = "DELETE FROM runs WHERE id = ?1";
pub(crate) const REMOVE_SESSION: &str = "DELETE FROM sessions WHERE id = ?1 \
     AND NOT EXISTS (SELECT 1 FROM runs WHERE runs.session_id = ?1)";
pub(crate) const SESSION_IS_THERE: &str = "SELECT 1 FROM sessions WHERE id = ?1";
