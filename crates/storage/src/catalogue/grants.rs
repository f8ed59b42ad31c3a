//! Grants.

pub(crate) const ADD_GRANT: &str =
    "INSERT INTO grants (id, approval_id, expires_at) VALUES (?1, ?2, ?3)";
pub(crate) const USE_GRANT: &str = "UPDATE grants SET used_at = ?2 \
     WHERE id = ?1 AND used_at IS NULL AND revoked_at IS NULL AND expires_at > ?2";
pub(crate) const REVOKE_GRANT: &str =
    "UPDATE grants SET revoked_at = ?2 WHERE id = ?1 AND used_at IS NULL AND revoked_at IS NULL";
pub(crate) const GRANT: &str =
    "SELECT id, approval_id, expires_at, used_at, revoked_at FROM grants WHERE id = ?1";
/// A token is refused by its own end; the row is kept a while longer, so that the refusal can say
/// what became of it.
pub(crate) const FORGET_GRANTS: &str = "DELETE FROM grants WHERE expires_at < ?1 - 86400000";
