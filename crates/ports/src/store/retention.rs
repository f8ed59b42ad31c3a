//! What is old: for removing it.

use async_trait::async_trait;
use countersign_domain::ids::{RunId, SessionId};
use countersign_domain::runs::Run;
use countersign_domain::time::Timestamp;

use super::StoreError;

/// Old runs and sessions, oldest first, a part at a time: ids above `after` and below `before`, at
/// most `limit` of them. Ids sort by age.
#[async_trait]
pub trait RetentionReads: Send + Sync {
    /// Runs that are over.
    async fn finished(
        &self,
        after: RunId,
        before: RunId,
        limit: usize,
    ) -> Result<Vec<Run>, StoreError>;

    /// Runs that are over and have events.
    async fn finished_with_events(
        &self,
        after: RunId,
        before: RunId,
        limit: usize,
    ) -> Result<Vec<Run>, StoreError>;

    /// When the oldest send that is remembered was made.
    async fn oldest_send(&self) -> Result<Option<Timestamp>, StoreError>;

    /// Sessions without runs.
    async fn empty_sessions(
        &self,
        after: SessionId,
        before: SessionId,
        limit: usize,
    ) -> Result<Vec<SessionId>, StoreError>;
}
