//! Service chats, as they are kept.

use async_trait::async_trait;
use countersign_domain::ids::SaidId;
use countersign_domain::service_conversations::{CountedKind, Said, ServiceChat, ServiceChatId};
use countersign_domain::time::Timestamp;

use super::{StoreError, Versioned};

/// Service chats, and what was counted and said in them.
#[async_trait]
pub trait ServiceReads: Send + Sync {
    /// One chat, if anything is known of it.
    async fn chat(&self, id: &ServiceChatId) -> Result<Option<Versioned<ServiceChat>>, StoreError>;

    /// Every chat that was ever asked for or approved, by id.
    async fn chats(&self) -> Result<Vec<ServiceChat>, StoreError>;

    /// Chats that are not among those, by id, after this one.
    async fn strangers(
        &self,
        after: Option<&ServiceChatId>,
        most: usize,
    ) -> Result<Vec<Versioned<ServiceChat>>, StoreError>;

    /// The oldest message of all threads.
    async fn oldest_said(&self) -> Result<Option<SaidId>, StoreError>;

    /// The number that belongs to a LID, if the platform has said so.
    async fn number_of(&self, lid: &ServiceChatId) -> Result<Option<ServiceChatId>, StoreError>;

    /// How many of `kind` were counted after `since`: in `chat`, or in all of them.
    async fn counted(
        &self,
        kind: CountedKind,
        chat: Option<&ServiceChatId>,
        since: Timestamp,
    ) -> Result<u64, StoreError>;

    /// The last messages of a chat's thread older than `before`, newest first, at most `limit`.
    async fn said(
        &self,
        chat: &ServiceChatId,
        before: Option<SaidId>,
        limit: usize,
    ) -> Result<Vec<Said>, StoreError>;
}
