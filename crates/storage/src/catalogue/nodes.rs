//! Nodes and leases.

pub(crate) const ADD_NODE: &str = "INSERT INTO nodes (id, beat, v, doc) VALUES (?1, 0, ?2, ?3)";
pub(crate) const UPDATE_NODE: &str = "UPDATE nodes SET v = ?2, doc = ?3 WHERE id = ?1";
pub(crate) const BEAT: &str = "UPDATE nodes SET beat = beat + 1 WHERE id = ?1";
pub(crate) const NODE_IS_THERE: &str = "SELECT 1 FROM nodes WHERE id = ?1";
pub(crate) const LIVING: &str = "SELECT id, v, doc, beat FROM nodes ORDER BY id";
/// Before [`REMOVE_NODE`], and only if that will remove it.
pub(crate) const REMOVE_LEASES: &str = "DELETE FROM leases WHERE holder = ?1";
pub(crate) const REMOVE_NODE: &str = "DELETE FROM nodes WHERE id = ?1";
pub(crate) const NODE_WITH_BEAT: &str = "SELECT 1 FROM nodes WHERE id = ?1 AND beat = ?2";

/// Changes a row unless another node holds it.
pub(crate) const TAKE_LEASE: &str = "INSERT INTO leases (name, holder) VALUES (?1, ?2) \
     ON CONFLICT (name) DO UPDATE SET holder = excluded.holder \
     WHERE leases.holder = excluded.holder";
pub(crate) const DROP_LEASE: &str = "DELETE FROM leases WHERE name = ?1 AND holder = ?2";
pub(crate) const HOLDER: &str = "SELECT holder FROM leases WHERE name = ?1";
/// `run;` is what comes after every `run:…`.
pub(crate) const LASTING_LEASES: &str = "SELECT name, holder FROM leases \
     WHERE name < 'run:' UNION ALL SELECT name, holder FROM leases WHERE name >= 'run;' \
     ORDER BY name";
pub(crate) const DRIVEN: &str = "SELECT holder, COUNT(*) FROM leases \
     WHERE name >= 'run:' AND name < 'run;' GROUP BY holder ORDER BY holder";
pub(crate) const ADRIFT: &str = "SELECT id FROM runs \
     WHERE status IN ('queued', 'running', 'stopping') \
     AND NOT EXISTS (SELECT 1 FROM leases WHERE leases.name = 'run:' || runs.id) \
     AND (status <> 'queued' OR NOT EXISTS \
     (SELECT 1 FROM runs AS older WHERE older.session_id = runs.session_id \
      AND older.finished = 0 AND older.id < runs.id)) ORDER BY id LIMIT ?1";
