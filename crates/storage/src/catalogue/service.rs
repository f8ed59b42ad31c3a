//! Service chats.

pub(crate) const ADD_CHAT: &str =
    "INSERT INTO service_chats (id, version, listed, v, doc) VALUES (?1, 1, ?2, ?3, ?4)";
pub(crate) const UPDATE_CHAT: &str = "UPDATE service_chats \
     SET version = version + 1, listed = ?3, v = ?4, doc = ?5 WHERE id = ?1 AND version = ?2";
pub(crate) const CHAT_VERSION: &str = "SELECT version FROM service_chats WHERE id = ?1";
pub(crate) const CHAT: &str = "SELECT id, v, doc, version FROM service_chats WHERE id = ?1";
/// Not those of which is only known that something was kept out of them.
pub(crate) const CHATS: &str = "SELECT id, v, doc FROM service_chats WHERE listed = 1 ORDER BY id";
/// Those.
pub(crate) const STRANGERS: &str = "SELECT id, v, doc, version FROM service_chats \
     WHERE listed = 0 AND id > ?1 ORDER BY id LIMIT ?2";
pub(crate) const REMOVE_CHAT: &str = "DELETE FROM service_chats WHERE id = ?1 AND version = ?2";
pub(crate) const MOVE_SAID: &str = "UPDATE service_said SET chat = ?2 WHERE chat = ?1";
pub(crate) const MOVE_COUNTED: &str = "UPDATE service_counts SET chat = ?2 WHERE chat = ?1";

pub(crate) const LEARN: &str = "INSERT INTO service_aliases (id, chat) VALUES (?1, ?2) \
     ON CONFLICT (id) DO UPDATE SET chat = excluded.chat";
pub(crate) const FORGET_ALIASES: &str = "DELETE FROM service_aliases WHERE chat = ?1";
pub(crate) const NUMBER_OF: &str = "SELECT chat FROM service_aliases WHERE id = ?1";

pub(crate) const ADD_COUNTED: &str =
    "INSERT INTO service_counts (id, chat, kind, at) VALUES (?1, ?2, ?3, ?4)";
pub(crate) const COUNTED: &str = "SELECT COUNT(*) FROM service_counts WHERE kind = ?1 AND at > ?2";
pub(crate) const COUNTED_IN_CHAT: &str =
    "SELECT COUNT(*) FROM service_counts WHERE kind = ?1 AND chat = ?2 AND at > ?3";
/// No window is longer than a day; two leave room for clocks that differ.
pub(crate) const FORGET_COUNTED: &str =
    "DELETE FROM service_counts WHERE at < CAST(?1 AS BIGINT) - 172800000";

pub(crate) const ADD_SAID: &str =
    "INSERT INTO service_said (id, chat, v, doc) VALUES (?1, ?2, ?3, ?4)";
pub(crate) const SAID: &str = "SELECT id, v, doc FROM service_said \
     WHERE chat = ?1 AND id < ?2 ORDER BY id DESC LIMIT ?3";
pub(crate) const FORGET_SAID: &str = "DELETE FROM service_said WHERE id <= (SELECT MAX(id) FROM \
     (SELECT id FROM service_said WHERE id < ?1 ORDER BY id LIMIT ?2) AS oldest)";
pub(crate) const OLDEST_SAID: &str =
    "SELECT id FROM service_said WHERE id > '' ORDER BY id LIMIT 1";
