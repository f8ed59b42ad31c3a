//! Sessions, runs, entries and calls.

pub(crate) const ADD_SESSION: &str =
    "INSERT INTO sessions (id, v, doc) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO NOTHING";
pub(crate) const PUT_SESSION: &str = "UPDATE sessions SET v = ?2, doc = ?3 WHERE id = ?1";
pub(crate) const SESSION: &str = "SELECT id, v, doc FROM sessions WHERE id = ?1";

pub(crate) const ADD_RUN: &str = "INSERT INTO runs (id, version, session_id, requested_by, status, finished, v, doc) \
     VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6, ?7)";
pub(crate) const UPDATE_RUN: &str = "UPDATE runs SET version = version + 1, status = ?3, finished = ?4, v = ?5, doc = ?6 \
     WHERE id = ?1 AND version = ?2";
pub(crate) const RUN_VERSION: &str = "SELECT version FROM runs WHERE id = ?1";
pub(crate) const RUN: &str = "SELECT id, v, doc, version FROM runs WHERE id = ?1";
pub(crate) const UNFINISHED: &str = "SELECT id, v, doc FROM runs WHERE finished = 0 ORDER BY id";
pub(crate) const ACTIVE_IN: &str =
    "SELECT id FROM runs WHERE session_id = ?1 AND finished = 0 ORDER BY id LIMIT 1";
pub(crate) const WORKING: &str = "SELECT COUNT(*) FROM runs \
     WHERE status IN ('queued', 'running', 'stopping') AND (status <> 'queued' OR NOT EXISTS \
     (SELECT 1 FROM runs AS older WHERE older.session_id = runs.session_id \
      AND older.finished = 0 AND older.id < runs.id))";

/// The table of sessions, for [`super::page`].
pub(crate) const SESSIONS: &str = "sessions";
/// The table of runs, for [`super::page`].
pub(crate) const TABLE: &str = "runs";
/// What runs can be filtered by, for [`super::page`].
pub(crate) const FILTERS: [&str; 3] = ["session_id", "status", "requested_by"];

pub(crate) const ADD_ENTRY: &str =
    "INSERT INTO entries (session_id, run_id, position, v, doc) VALUES (?1, ?2, ?3, ?4, ?5)";
pub(crate) const LAST_ENTRIES_BEFORE: &str = "SELECT run_id, v, doc, position FROM entries \
     WHERE session_id = (SELECT session_id FROM runs WHERE id = ?1) AND run_id < ?1 \
     ORDER BY run_id DESC, position DESC LIMIT ?2";
pub(crate) const ENTRIES_OF_RUN: &str =
    "SELECT run_id, v, doc, position FROM entries WHERE run_id = ?1 ORDER BY position";

pub(crate) const ADD_CALL: &str = "INSERT INTO calls (id, version, run_id, entry, place, v, doc) \
     VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6)";
pub(crate) const UPDATE_CALL: &str =
    "UPDATE calls SET version = version + 1, v = ?3, doc = ?4 WHERE id = ?1 AND version = ?2";
pub(crate) const CALL_VERSION: &str = "SELECT version FROM calls WHERE id = ?1";
pub(crate) const CALL: &str = "SELECT id, v, doc, version FROM calls WHERE id = ?1";
pub(crate) const CALLS: &str =
    "SELECT id, v, doc, version FROM calls WHERE run_id = ?1 ORDER BY entry, place";
