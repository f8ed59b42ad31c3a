//! What is old.

use async_trait::async_trait;
use countersign_domain::ids::{RunId, SessionId};
use countersign_domain::runs::Run;
use countersign_domain::time::Timestamp;
use countersign_ports::store::{RetentionReads, StoreError};
use rusqlite::params;

use super::{all, documents, limit, one, parsed};
use crate::catalogue::{outbox, retention as sql};
use crate::sqlite::reader::Readers;

#[async_trait]
impl RetentionReads for Readers {
    async fn finished(
        &self,
        after: RunId,
        before: RunId,
        most: usize,
    ) -> Result<Vec<Run>, StoreError> {
        self.read(move |tx| {
            let params = params![after.to_string(), before.to_string(), limit(most)];
            documents(tx, sql::FINISHED, params)
        })
        .await
    }

    async fn finished_with_events(
        &self,
        after: RunId,
        before: RunId,
        most: usize,
    ) -> Result<Vec<Run>, StoreError> {
        self.read(move |tx| {
            let params = params![after.to_string(), before.to_string(), limit(most)];
            documents(tx, sql::FINISHED_WITH_EVENTS, params)
        })
        .await
    }

    async fn oldest_send(&self) -> Result<Option<Timestamp>, StoreError> {
        self.read(|tx| {
            let oldest = one(tx, outbox::OLDEST_SEND, [], |row| Ok(row.get::<_, Option<i64>>(0)?))?;
            Ok(oldest.flatten().map(Timestamp::from_millis))
        })
        .await
    }

    async fn empty_sessions(
        &self,
        after: SessionId,
        before: SessionId,
        most: usize,
    ) -> Result<Vec<SessionId>, StoreError> {
        self.read(move |tx| {
            let params = params![after.to_string(), before.to_string(), limit(most)];
            all(tx, sql::EMPTY_SESSIONS, params, |row| parsed(row, 0, "session id"))
        })
        .await
    }
}
