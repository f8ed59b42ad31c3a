//! Keys, sign-ins and remembered answers.

pub(crate) const ADD_KEY: &str =
    "INSERT INTO api_keys (id, name, secret, revoked, v, doc) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
pub(crate) const LIVING_KEY_NAMED: &str = "SELECT 1 FROM api_keys WHERE name = ?1 AND revoked = 0";
pub(crate) const REWRITE_KEY: &str =
    "UPDATE api_keys SET revoked = ?2, v = ?3, doc = ?4 WHERE id = ?1";
pub(crate) const KEY: &str = "SELECT id, v, doc FROM api_keys WHERE id = ?1";
pub(crate) const KEY_BY_SECRET: &str = "SELECT id, v, doc FROM api_keys WHERE secret = ?1";
pub(crate) const KEYS: &str = "SELECT id, v, doc FROM api_keys ORDER BY id DESC";

pub(crate) const ADD_LINK: &str = "INSERT INTO sign_in_links (token, expires_at) VALUES (?1, ?2)";
pub(crate) const USE_LINK: &str = "DELETE FROM sign_in_links WHERE token = ?1 AND expires_at > ?2";
pub(crate) const FORGET_LINKS: &str = "DELETE FROM sign_in_links WHERE expires_at < ?1";

pub(crate) const ADD_WEB_SESSION: &str =
    "INSERT INTO web_sessions (id, token, expires_at) VALUES (?1, ?2, ?3)";
pub(crate) const REMOVE_WEB_SESSION: &str = "DELETE FROM web_sessions WHERE id = ?1";
pub(crate) const WEB_SESSION: &str =
    "SELECT id, token, expires_at FROM web_sessions WHERE token = ?1";
pub(crate) const FORGET_WEB_SESSIONS: &str = "DELETE FROM web_sessions WHERE expires_at < ?1";

pub(crate) const ANSWER_END: &str = "SELECT expires_at FROM answers WHERE caller = ?1 AND key = ?2";
pub(crate) const REMEMBER: &str = "INSERT INTO answers (caller, key, request, status, body, expires_at) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
     ON CONFLICT (caller, key) DO UPDATE SET request = excluded.request, \
     status = excluded.status, body = excluded.body, expires_at = excluded.expires_at";
pub(crate) const ANSWER: &str = "SELECT caller, key, request, status, body, expires_at FROM answers \
     WHERE caller = ?1 AND key = ?2";
pub(crate) const FORGET_ANSWERS: &str = "DELETE FROM answers WHERE expires_at < ?1";
pub(crate) const FORGET_RULES: &str = "DELETE FROM rules WHERE expires_at < ?1";
