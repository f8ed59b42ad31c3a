//! Conversations on platforms.

pub(crate) const ADD_DELIVERY: &str =
    "INSERT INTO deliveries (platform, account, id, at) VALUES (?1, ?2, ?3, ?4)";
pub(crate) const DELIVERY: &str =
    "SELECT id FROM deliveries WHERE platform = ?1 AND account = ?2 AND id = ?3";
/// No platform brings a message again after a week.
pub(crate) const FORGET_DELIVERIES: &str =
    "DELETE FROM deliveries WHERE at < CAST(?1 AS BIGINT) - 604800000";

pub(crate) const ADD_CONVERSATION: &str =
    "INSERT INTO conversations (id, version, v, doc) VALUES (?1, 1, ?2, ?3)";
pub(crate) const UPDATE_CONVERSATION: &str = "UPDATE conversations \
     SET version = version + 1, v = ?3, doc = ?4 WHERE id = ?1 AND version = ?2";
pub(crate) const CONVERSATION_VERSION: &str = "SELECT version FROM conversations WHERE id = ?1";
pub(crate) const CONVERSATION: &str = "SELECT id, v, doc, version FROM conversations WHERE id = ?1";

pub(crate) const ADD_CHAT_RUN: &str =
    "INSERT INTO chat_runs (id, session_id, v, doc) VALUES (?1, ?2, ?3, ?4)";
pub(crate) const REMOVE_CHAT_RUN: &str = "DELETE FROM chat_runs WHERE id = ?1";
pub(crate) const CHAT_RUNS: &str =
    "SELECT id, v, doc FROM chat_runs WHERE session_id = ?1 ORDER BY id";
pub(crate) const OWED_SESSIONS: &str =
    "SELECT DISTINCT session_id FROM chat_runs ORDER BY session_id";

/// Of a run that is removed.
pub(crate) const REMOVE_CARDS: &str = "DELETE FROM cards WHERE run_id = ?1";
pub(crate) const ADD_CARD: &str = "INSERT INTO cards \
     (id, version, approval_id, run_id, address, v, doc) VALUES (?1, 1, ?2, ?3, ?4, ?5, ?6)";
pub(crate) const UPDATE_CARD: &str = "UPDATE cards \
     SET version = version + 1, v = ?3, doc = ?4 WHERE id = ?1 AND version = ?2";
pub(crate) const CARD_VERSION: &str = "SELECT version FROM cards WHERE id = ?1";
pub(crate) const CARD: &str = "SELECT id, v, doc, version FROM cards WHERE id = ?1";
pub(crate) const CARDS_OF_RUN: &str =
    "SELECT id, v, doc, version FROM cards WHERE run_id = ?1 ORDER BY id";
pub(crate) const OPEN_CARDS_AT: &str = "SELECT c.id, c.v, c.doc FROM cards c \
     JOIN approvals a ON a.id = c.approval_id \
     WHERE c.address = ?1 AND a.status = 'pending' ORDER BY c.id";

pub(crate) const ADD_OWED_CARD: &str =
    "INSERT INTO owed_cards (id, run_id, v, doc) VALUES (?1, ?2, ?3, ?4)";
pub(crate) const REMOVE_OWED_CARD: &str = "DELETE FROM owed_cards WHERE id = ?1";
pub(crate) const OWED_CARDS: &str = "SELECT id, v, doc FROM owed_cards ORDER BY id";
/// Of a run that is removed.
pub(crate) const REMOVE_OWED_CARDS: &str = "DELETE FROM owed_cards WHERE run_id = ?1";

pub(crate) const LAST_CARDS_AT: &str =
    "SELECT id, v, doc FROM cards WHERE address = ?1 ORDER BY approval_id DESC, id DESC LIMIT ?2";

/// Who was let in stays so, whoever asks meanwhile.
pub(crate) const PUT_PAIRING: &str = "INSERT INTO pairings (id, platform, person, paired, v, doc) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
     ON CONFLICT (platform, person) DO UPDATE SET id = excluded.id, paired = excluded.paired, \
     v = excluded.v, doc = excluded.doc WHERE pairings.paired = 0 OR excluded.paired = 1";
pub(crate) const REMOVE_PAIRING: &str = "DELETE FROM pairings WHERE id = ?1";
pub(crate) const PAIRING: &str =
    "SELECT id, v, doc FROM pairings WHERE platform = ?1 AND person = ?2";
pub(crate) const PAIRINGS: &str = "SELECT id, v, doc FROM pairings ORDER BY id";

pub(crate) const PUT_NOTE: &str = "INSERT INTO notes (id, v, doc) VALUES (?1, ?2, ?3) \
     ON CONFLICT (id) DO UPDATE SET v = excluded.v, doc = excluded.doc";
pub(crate) const NOTE: &str = "SELECT id, v, doc FROM notes WHERE id = ?1";

pub(crate) const PUT_UNASKED: &str = "INSERT INTO unasked (id, v, doc) VALUES (?1, ?2, ?3) \
     ON CONFLICT (id) DO UPDATE SET v = excluded.v, doc = excluded.doc";
pub(crate) const UNASKED: &str = "SELECT id, v, doc FROM unasked WHERE id = ?1";
