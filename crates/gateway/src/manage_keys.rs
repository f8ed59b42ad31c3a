//! API keys: making, listing and taking back.

use std::collections::BTreeSet;
use std::fmt;

use countersign_domain::access::Scope;
use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::digest::Digest;
use countersign_domain::identity::{Actor, KeyName};
use countersign_domain::ids::KeyId;
use countersign_domain::time::Timestamp;
use countersign_ports::store::{ApiKey, Change, Conflicting, StoreError, UnitOfWork};
use serde_json::{Map, json};

use crate::caller::{Caller, Forbidden};
use crate::gateway::Gateway;

/// The name under which the key in the environment (`API_SERVER_KEY`) acts.
pub const ENV_KEY_NAME: &str = "env";

/// A secret that is shown once. Its `Debug` form hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

/// A key to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    /// Its name, which becomes the principal `api:NAME`.
    pub name: KeyName,
    /// What its holder may do.
    pub scopes: BTreeSet<Scope>,
    /// Until when it is good.
    pub expires_at: Option<Timestamp>,
}

/// Why a key is not made or taken back.
#[derive(Debug, thiserror::Error)]
pub enum CreateKeyError {
    /// A key that can do nothing.
    #[error("a key needs at least one scope")]
    NoScope,
    /// It would never be good.
    #[error("the key would be expired already: {0} is not in the future")]
    ExpiresInThePast(Timestamp),
    /// The name belongs to the key in the environment.
    #[error("the key name `{0}` is reserved for the key in `API_SERVER_KEY`")]
    NameReserved(KeyName),
    /// The name is taken.
    #[error("there is a key named `{0}` already")]
    NameTaken(KeyName),
    /// No living key has this name.
    #[error("there is no key named `{0}`")]
    NoKey(KeyName),
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Secret {
    /// A secret of 256 random bits: `prefix` and 64 hex digits.
    pub(crate) fn new(prefix: &str, random: [u8; 32]) -> Self {
        let digit = |nibble: u8| char::from_digit(u32::from(nibble), 16).unwrap_or('0');
        let hex = random.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
        Self(prefix.chars().chain(hex).collect())
    }

    /// The secret itself, to be shown or sent once.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is stored of it. The secret has 256 random bits, so a fast digest is enough.
    pub(crate) fn digest(&self) -> Digest {
        Digest::of(self.0.as_bytes())
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Gateway {
    /// Makes a key. The secret is in the answer and nowhere else.
    pub async fn create_key(
        &self,
        new: NewKey,
        caller: &Caller,
    ) -> Result<(ApiKey, Secret), CreateKeyError> {
        caller.require(Scope::Admin)?;
        if new.scopes.is_empty() {
            return Err(CreateKeyError::NoScope);
        }
        if new.name.as_str() == ENV_KEY_NAME {
            return Err(CreateKeyError::NameReserved(new.name));
        }
        if let Some(end) = new.expires_at.filter(|end| *end <= self.clock.now()) {
            return Err(CreateKeyError::ExpiresInThePast(end));
        }
        let secret = Secret::new("cs_key_", self.entropy.secret());
        let key = ApiKey {
            id: KeyId::from_uuid(self.entropy.uuid()),
            name: new.name,
            scopes: new.scopes,
            secret: secret.digest(),
            created_by: caller.principal.clone(),
            created_at: self.clock.now(),
            expires_at: new.expires_at,
            revoked_at: None,
            last_used_at: None,
        };
        let work = UnitOfWork::new().and(Change::AddKey(key.clone())).and(self.audit_key(
            &key,
            AuditKind::KeyCreated,
            caller,
        ));
        match self.commit(work).await {
            Ok(_) => Ok((key, secret)),
            Err(StoreError::Conflict(Conflicting::KeyName(_))) => {
                Err(CreateKeyError::NameTaken(key.name))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Every key that has not been taken back, newest first.
    pub async fn keys(&self, caller: &Caller) -> Result<Vec<ApiKey>, CreateKeyError> {
        caller.require(Scope::Admin)?;
        let keys = self.store.access().keys().await?;
        Ok(keys.into_iter().filter(|key| key.revoked_at.is_none()).collect())
    }

    /// Takes a key back at once.
    pub async fn revoke_key(&self, name: &KeyName, caller: &Caller) -> Result<(), CreateKeyError> {
        let keys = self.keys(caller).await?;
        let key = keys.into_iter().find(|key| key.name == *name);
        let key = key.ok_or_else(|| CreateKeyError::NoKey(name.clone()))?;
        let work = UnitOfWork::new()
            .and(Change::RevokeKey(key.id, self.clock.now()))
            .and(self.audit_key(&key, AuditKind::KeyRevoked, caller));
        self.commit(work).await?;
        Ok(())
    }

    fn audit_key(&self, key: &ApiKey, kind: AuditKind, caller: &Caller) -> Change {
        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        Change::AddAudit(Box::new(AuditRecord {
            at: self.clock.now(),
            kind,
            actor: Actor::Principal(caller.principal.clone()),
            subject: key.id.to_string(),
            session: None,
            detail: Map::from_iter([
                ("name".to_owned(), json!(key.name)),
                ("scopes".to_owned(), json!(scopes)),
            ]),
        }))
    }
}
