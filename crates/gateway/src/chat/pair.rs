//! People who are on no list: in direct messages they are given a code, and nothing they write goes
//! any further until an admin approves it.

use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::chat::{Pairing, PairingCode, PersonId};
use countersign_domain::identity::{Actor, Principal};
use countersign_domain::ids::PairingId;
use countersign_ports::platform::{Origin, Receipt};
use countersign_ports::store::{Change, Conflicting, StoreError, UnitOfWork};
use serde_json::{Map, json};

use super::desk::DropReason;
use super::receive::Untaken;
use crate::gateway::Gateway;
use crate::manage_pairings::CODE_LASTS;

/// So many codes of one platform may be good at a time: whoever writes from many accounts gets no
/// further.
const MOST_OPEN: usize = 20;

impl Gateway {
    /// Gives somebody unknown a code, unless they have one.
    pub(super) async fn ask_for_admission(
        &self,
        origin: &Origin,
        person: PersonId,
    ) -> Result<Receipt, Untaken> {
        // Of those who ask at once, each sees the codes of the others.
        let _turn = self.chats.pairing.lock().await;
        let platform = origin.address.platform.clone();
        let now = self.clock.now();
        let known = self.store.chats().pairings().await?;
        let mut open = known.iter().filter(|one| one.platform == platform && one.is_open(now));
        if open.clone().any(|one| one.person == person) || open.nth(MOST_OPEN - 1).is_some() {
            return Err(DropReason::CodeGiven.into());
        }
        let mut random = [0; 8];
        random.iter_mut().zip(self.entropy.secret()).for_each(|(to, from)| *to = from);
        let pairing = Pairing {
            id: PairingId::from_uuid(self.entropy.uuid()),
            code: PairingCode::new(random),
            asked_at: now,
            expires_at: now.after(CODE_LASTS),
            paired: None,
            platform,
            person,
        };
        let asker = Principal::Platform {
            platform: pairing.platform.to_string(),
            id: pairing.person.to_string(),
        };
        let record = AuditRecord {
            at: now,
            kind: AuditKind::PairingAsked,
            actor: Actor::Principal(asker),
            subject: pairing.id.to_string(),
            session: None,
            detail: Map::from_iter([("address".to_owned(), json!(origin.address))]),
        };
        let told = format!(
            "You are not known here. Give this code to whoever runs this gateway: {}. It is good \
             for an hour; nothing that you wrote was read.",
            pairing.code
        );
        let mut work = UnitOfWork::new()
            .and(Change::AddDelivery(Box::new(self.delivery(origin))))
            .and(Change::AddAudit(Box::new(record)));
        // What ran out is no use to anybody.
        let stale = known.iter().filter(|one| one.paired.is_none() && !one.is_open(now));
        let stale = stale.filter(|one| one.person != pairing.person);
        work.changes.extend(stale.map(|one| Change::RemovePairing(one.id)));
        work.push(Change::PutPairing(Box::new(pairing)));
        match self.commit(work).await {
            Ok(_) => Ok(Receipt::Taken(Some(told))),
            Err(StoreError::Conflict(Conflicting::Value(id))) if id == origin.delivery => {
                Err(DropReason::Duplicate.into())
            }
            Err(error) => Err(error.into()),
        }
    }
}
