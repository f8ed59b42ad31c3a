//! Unguessable values.

use uuid::Uuid;

/// Where ids and secrets come from; a seeded one in tests.
pub trait Entropy: Send + Sync + 'static {
    /// A new UUIDv7: sortable by the time of its making.
    fn uuid(&self) -> Uuid;

    /// 32 random bytes, fit for a secret.
    fn secret(&self) -> [u8; 32];
}
