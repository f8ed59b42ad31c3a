//! Publishing and rotating the gateway's signing keys.

use countersign_domain::access::Scope;
use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::identity::Actor;
use countersign_domain::ids::GatewayId;
use countersign_domain::signing::{PublishedKey, SigningKey};
use countersign_ports::signer::SignerError;
use countersign_ports::store::{Change, StoreError, UnitOfWork};
use serde_json::Map;

use crate::caller::{Caller, Forbidden};
use crate::gateway::Gateway;

/// What anybody needs to verify what a gateway has signed.
#[derive(Debug, Clone)]
pub struct PublishedKeys {
    /// The gateway: issuer and audience of its grants.
    pub gateway: GatewayId,
    /// Its public keys, newest first: the first one signs.
    pub keys: Vec<PublishedKey>,
}

/// Why a key is not rotated.
#[derive(Debug, thiserror::Error)]
pub enum RotateError {
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The new key could not be made or kept; the old one still signs.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The key was rotated, but the store could not record it.
    #[error("the key was rotated, but that could not be recorded: {0}")]
    Unrecorded(#[from] StoreError),
}

impl Gateway {
    /// The public keys. Anybody may have them.
    pub fn published_keys(&self) -> PublishedKeys {
        PublishedKeys { gateway: self.signer.gateway(), keys: self.signer.published() }
    }

    /// Signs with a new key from now on. What the old one has signed stays verifiable; its secret
    /// half is gone.
    pub async fn rotate_signing_key(&self, caller: &Caller) -> Result<PublishedKeys, RotateError> {
        caller.require(Scope::Admin)?;
        let now = self.clock.now();
        let signer = self.signer.clone();
        // One seed in very many is refused by the curve.
        let drawn = (0..8).find_map(|_| SigningKey::from_seed(self.entropy.secret()));
        let key = drawn.ok_or_else(|| {
            SignerError::Unusable("no key follows from the random numbers".to_owned())
        })?;
        self.redactor.learn(key.secrets());
        let rotating = tokio::task::spawn_blocking(move || signer.rotate(key, now));
        let kid = rotating.await.map_err(|error| SignerError::NotKept(error.to_string()))??;
        self.commit(UnitOfWork::new().and(Change::AddAudit(Box::new(AuditRecord {
            at: now,
            kind: AuditKind::SigningKeyRotated,
            actor: Actor::Principal(caller.principal.clone()),
            subject: kid.to_string(),
            session: None,
            detail: Map::new(),
        }))))
        .await?;
        Ok(self.published_keys())
    }
}
