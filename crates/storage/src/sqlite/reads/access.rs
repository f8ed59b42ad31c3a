//! Keys, sign-ins, remembered answers and the audit log.

use async_trait::async_trait;
use countersign_domain::audit::SealedRecord;
use countersign_domain::digest::Digest;
use countersign_domain::identity::Principal;
use countersign_domain::time::Timestamp;
use countersign_ports::store::{AccessReads, ApiKey, IdempotentAnswer, StoreError, WebSession};
use rusqlite::{Row, params};

use super::{SqlError, all, bound, document, documents, limit, one, parsed};
use crate::catalogue::{access as sql, log};
use crate::sqlite::chaining::sealed;
use crate::sqlite::reader::Readers;

#[async_trait]
impl AccessReads for Readers {
    async fn key_by_secret(&self, secret: Digest) -> Result<Option<ApiKey>, StoreError> {
        self.look(move |tx| document(tx, sql::KEY_BY_SECRET, [secret.to_string()])).await
    }

    async fn keys(&self) -> Result<Vec<ApiKey>, StoreError> {
        self.read(|tx| documents(tx, sql::KEYS, [])).await
    }

    async fn web_session(&self, token: Digest) -> Result<Option<WebSession>, StoreError> {
        self.look(move |tx| one(tx, sql::WEB_SESSION, [token.to_string()], web_session)).await
    }

    async fn remembered(
        &self,
        caller: &Principal,
        key: &str,
    ) -> Result<Option<IdempotentAnswer>, StoreError> {
        let (caller, key) = (caller.to_string(), key.to_owned());
        self.look(move |tx| one(tx, sql::ANSWER, [caller, key], answer)).await
    }

    async fn audit(&self, after: u64, most: usize) -> Result<Vec<SealedRecord>, StoreError> {
        self.read(move |tx| {
            let params = params![bound(after), limit(most)];
            all(tx, log::AUDIT, params, sealed)
        })
        .await
    }
}

fn web_session(row: &Row<'_>) -> Result<WebSession, SqlError> {
    Ok(WebSession {
        id: parsed(row, 0, "sign-in id")?,
        token: parsed(row, 1, "sign-in token")?,
        expires_at: Timestamp::from_millis(row.get(2)?),
    })
}

fn answer(row: &Row<'_>) -> Result<IdempotentAnswer, SqlError> {
    Ok(IdempotentAnswer {
        caller: parsed(row, 0, "caller")?,
        key: row.get(1)?,
        request: parsed(row, 2, "request digest")?,
        status: row.get(3)?,
        body: row.get(4)?,
        expires_at: Timestamp::from_millis(row.get(5)?),
    })
}
