//! Keys, sign-ins, remembered answers and the audit log.

use async_trait::async_trait;
use countersign_domain::audit::SealedRecord;
use countersign_domain::digest::Digest;
use countersign_domain::identity::Principal;
use countersign_domain::time::Timestamp;
use countersign_ports::store::{AccessReads, ApiKey, IdempotentAnswer, StoreError, WebSession};
use tokio_postgres::Row;

use super::audit::sealed;
use super::{all, bound, document, limit, one, parsed};
use crate::catalogue::{access as sql, log};
use crate::postgres::fault::PgError;
use crate::postgres::lanes::Lanes;
use crate::postgres::session::query;

#[async_trait]
impl AccessReads for Lanes {
    async fn key_by_secret(&self, secret: Digest) -> Result<Option<ApiKey>, StoreError> {
        one(&self.rows(query!(sql::KEY_BY_SECRET, secret.to_string())).await?, document)
    }

    async fn keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        all(&self.rows(query!(sql::KEYS)).await?, document)
    }

    async fn web_session(&self, token: Digest) -> Result<Option<WebSession>, StoreError> {
        one(&self.rows(query!(sql::WEB_SESSION, token.to_string())).await?, web_session)
    }

    async fn remembered(
        &self,
        caller: &Principal,
        key: &str,
    ) -> Result<Option<IdempotentAnswer>, StoreError> {
        one(&self.rows(query!(sql::ANSWER, caller.to_string(), key)).await?, answer)
    }

    async fn audit(&self, after: u64, most: usize) -> Result<Vec<SealedRecord>, StoreError> {
        all(&self.rows(query!(log::AUDIT, bound(after), limit(most))).await?, sealed)
    }
}

fn web_session(row: &Row) -> Result<WebSession, PgError> {
    Ok(WebSession {
        id: parsed(row, 0, "sign-in id")?,
        token: parsed(row, 1, "sign-in token")?,
        expires_at: Timestamp::from_millis(row.try_get(2)?),
    })
}

fn answer(row: &Row) -> Result<IdempotentAnswer, PgError> {
    Ok(IdempotentAnswer {
        caller: parsed(row, 0, "caller")?,
        key: row.try_get(1)?,
        request: parsed(row, 2, "request digest")?,
        status: u16::try_from(row.try_get::<_, i64>(3)?).unwrap_or(u16::MAX),
        body: row.try_get(4)?,
        expires_at: Timestamp::from_millis(row.try_get(5)?),
    })
}
