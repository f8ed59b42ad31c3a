//! Who is behind a secret.

use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::digest::Digest;
use countersign_domain::identity::{Actor, Principal};
use countersign_ports::store::{Change, StoreError, UnitOfWork};
use serde_json::{Map, json};

use crate::caller::Caller;
use crate::gateway::Gateway;

/// Why somebody is not let in. Deliberately the same for unknown, expired and revoked secrets.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// The secret opens nothing.
    #[error("the credential is unknown, expired or revoked")]
    Refused,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Gateway {
    /// The holder of an API key. The secret is looked up by its digest, so the time that this
    /// takes says nothing about how close a guess was.
    pub async fn authenticate_key(&self, secret: &str) -> Result<Caller, AuthError> {
        let found = self.store.access().key_by_secret(Digest::of(secret.as_bytes())).await?;
        let now = self.clock.now();
        let good = found
            .filter(|key| key.revoked_at.is_none() && key.expires_at.is_none_or(|end| now < end));
        let key = good.ok_or(AuthError::Refused)?;
        self.note_use(&key).await;
        Ok(Caller { principal: Principal::ApiKey(key.name), scopes: key.scopes })
    }

    /// Records that somebody at `address` failed to prove who they are.
    pub async fn audit_auth_failure(&self, address: &str, what: &str) -> Result<(), StoreError> {
        let record = AuditRecord {
            at: self.clock.now(),
            kind: AuditKind::AuthFailed,
            actor: Actor::System,
            subject: address.to_owned(),
            session: None,
            detail: Map::from_iter([("what".to_owned(), json!(what))]),
        };
        self.commit(UnitOfWork::new().and(Change::AddAudit(Box::new(record)))).await?;
        Ok(())
    }
}
