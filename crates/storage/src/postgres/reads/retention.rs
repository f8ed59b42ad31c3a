//! What is old.

use async_trait::async_trait;
use countersign_domain::ids::{RunId, SessionId};
use countersign_domain::runs::Run;
use countersign_domain::time::Timestamp;
use countersign_ports::store::{RetentionReads, StoreError};

use super::{all, document, limit, one, parsed};
use crate::catalogue::{outbox, retention as sql};
use crate::postgres::lanes::Lanes;
use crate::postgres::session::query;

#[async_trait]
impl RetentionReads for Lanes {
    async fn finished(
        &self,
        after: RunId,
        before: RunId,
        most: usize,
    ) -> Result<Vec<Run>, StoreError> {
        let (after, before) = (after.to_string(), before.to_string());
        all(&self.rows(query!(sql::FINISHED, after, before, limit(most))).await?, document)
    }

    async fn finished_with_events(
        &self,
        after: RunId,
        before: RunId,
        most: usize,
    ) -> Result<Vec<Run>, StoreError> {
        let (after, before) = (after.to_string(), before.to_string());
        let query = query!(sql::FINISHED_WITH_EVENTS, after, before, limit(most));
        all(&self.rows(query).await?, document)
    }

    async fn oldest_send(&self) -> Result<Option<Timestamp>, StoreError> {
        let rows = self.rows(query!(outbox::OLDEST_SEND)).await?;
        let oldest = one(&rows, |row| Ok(row.try_get::<_, Option<i64>>(0)?))?;
        Ok(oldest.flatten().map(Timestamp::from_millis))
    }

    async fn empty_sessions(
        &self,
        after: SessionId,
        before: SessionId,
        most: usize,
    ) -> Result<Vec<SessionId>, StoreError> {
        let (after, before) = (after.to_string(), before.to_string());
        let rows = self.rows(query!(sql::EMPTY_SESSIONS, after, before, limit(most))).await?;
        all(&rows, |row| parsed(row, 0, "session id"))
    }
}
