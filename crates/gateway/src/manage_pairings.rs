//! Letting people in who were given a code, and showing them out again.

use std::time::Duration;

use countersign_domain::access::Scope;
use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::chat::{Paired, Pairing, PairingCode};
use countersign_domain::identity::Actor;
use countersign_domain::ids::PairingId;
use countersign_ports::store::{Change, StoreError, UnitOfWork};
use serde_json::{Map, json};

use crate::caller::{Caller, Forbidden};
use crate::gateway::Gateway;

/// How long a code is good.
pub(crate) const CODE_LASTS: Duration = Duration::from_hours(1);

/// Why somebody is not let in or shown out.
#[derive(Debug, thiserror::Error)]
pub enum PairingError {
    /// Nobody was given this code, or it has run out.
    #[error("nobody waits with the code `{0}`; codes are good for an hour")]
    NoCode(PairingCode),
    /// There is no such pairing.
    #[error("there is no pairing `{0}`")]
    NoPairing(PairingId),
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Gateway {
    /// Who was let in, and who waits with a code that is good, oldest first.
    pub async fn pairings(&self, caller: &Caller) -> Result<Vec<Pairing>, PairingError> {
        caller.require(Scope::Admin)?;
        let now = self.clock.now();
        let mut pairings = self.store.chats().pairings().await?;
        pairings.retain(|pairing| pairing.paired.is_some() || pairing.is_open(now));
        Ok(pairings)
    }

    /// Lets in who was given this code: from now on they may talk in direct messages.
    pub async fn approve_pairing(
        &self,
        code: &PairingCode,
        caller: &Caller,
    ) -> Result<Pairing, PairingError> {
        let waiting = self.pairings(caller).await?;
        let meant = waiting.into_iter().find(|one| one.paired.is_none() && one.code == *code);
        let meant = meant.ok_or_else(|| PairingError::NoCode(code.clone()))?;
        let paired = Paired { by: caller.principal.clone(), at: self.clock.now() };
        let pairing = Pairing { paired: Some(paired), ..meant };
        let work = UnitOfWork::new()
            .and(Change::PutPairing(Box::new(pairing.clone())))
            .and(self.audit_pairing(&pairing, AuditKind::PairingApproved, caller));
        self.commit(work).await?;
        Ok(pairing)
    }

    /// From now on they are not heard; a code that waits is good for nothing.
    pub async fn remove_pairing(&self, id: PairingId, caller: &Caller) -> Result<(), PairingError> {
        let found = self.pairings(caller).await?.into_iter().find(|one| one.id == id);
        let found = found.ok_or(PairingError::NoPairing(id))?;
        let work = UnitOfWork::new().and(Change::RemovePairing(id)).and(self.audit_pairing(
            &found,
            AuditKind::PairingRemoved,
            caller,
        ));
        match self.commit(work).await {
            Ok(_) => Ok(()),
            Err(StoreError::Missing(_)) => Err(PairingError::NoPairing(id)),
            Err(error) => Err(error.into()),
        }
    }

    fn audit_pairing(&self, pairing: &Pairing, kind: AuditKind, caller: &Caller) -> Change {
        Change::AddAudit(Box::new(AuditRecord {
            at: self.clock.now(),
            kind,
            actor: Actor::Principal(caller.principal.clone()),
            subject: pairing.id.to_string(),
            session: None,
            detail: Map::from_iter([
                ("platform".to_owned(), json!(pairing.platform)),
                ("person".to_owned(), json!(pairing.person)),
            ]),
        }))
    }
}
