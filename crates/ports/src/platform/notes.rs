//! What adapters remember from one start to the next, the same for all nodes.

use async_trait::async_trait;
use countersign_domain::chat::{AccountId, PlatformName};

/// Keeps short texts under names. What must not be read elsewhere, an adapter seals before.
#[async_trait]
pub trait Notes: Send + Sync + 'static {
    /// What is noted.
    async fn read(&self, name: &NoteName) -> Result<Option<String>, NotesError>;

    /// Notes it in place of what was noted. When this returns, it is on stable storage.
    async fn write(&self, name: &NoteName, text: String) -> Result<(), NotesError>;
}

/// What a note is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NoteName {
    /// The platform.
    pub platform: PlatformName,
    /// The bot.
    pub account: AccountId,
    /// The note, among those of this bot.
    pub name: &'static str,
}

/// Why a note cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("what was noted cannot be reached: {0}")]
pub struct NotesError(pub String);
