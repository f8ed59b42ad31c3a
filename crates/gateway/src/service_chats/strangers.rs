//! What strangers write, where nothing of them is kept: while there are no service conversations, and
//! beyond as many strangers as are noted one by one.

use std::sync::{Mutex, PoisonError};

use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::identity::Actor;
use countersign_domain::service_conversations::{
    Blocked, Counted, CountedKind, DAY, ServiceChat, Window,
};
use countersign_ports::store::{Change, StoreError, UnitOfWork};
use serde_json::{Map, json};

use crate::gateway::Gateway;

/// So many strangers are noted one by one within 24 hours. Who begins new numbers makes the store grow
/// by no more.
const MOST: u32 = 200;

/// The subject of what is said of all of them together.
const SUBJECT: &str = "strangers";

/// What was kept out since the log was last told. It is lost with the process.
#[derive(Debug, Default)]
pub(crate) struct Strangers(Mutex<Option<Blocked>>);

/// Why nothing of somebody is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    /// There are no service conversations.
    Off,
    /// Too many have written.
    TooMany,
}

impl Gateway {
    /// Counts something that is kept out, and tells the log how much there was, once an hour and of
    /// all together.
    pub(super) async fn note_stranger(&self, why: Why) -> Result<(), StoreError> {
        let now = self.clock.now();
        let told = {
            let mut held = self.strangers.0.lock().unwrap_or_else(PoisonError::into_inner);
            let (next, told) = Blocked::one_more(*held, now);
            *held = Some(next);
            told
        };
        let Some(count) = told else {
            return Ok(());
        };
        let why = match why {
            Why::Off => "service conversations are off",
            Why::TooMany => {
                let told = "more strangers than are noted one by one";
                tracing::warn!(count, most = MOST, "{told}");
                told
            }
        };
        let detail =
            Map::from_iter([("count".to_owned(), json!(count)), ("why".to_owned(), json!(why))]);
        let record = AuditRecord {
            at: now,
            kind: AuditKind::ServiceChatInboundBlocked,
            actor: Actor::System,
            subject: SUBJECT.to_owned(),
            session: None,
            detail,
        };
        self.commit(UnitOfWork::new().and(Change::AddAudit(Box::new(record)))).await.map(drop)
    }

    /// What is to be committed with the first note of a stranger; `None` if as many were noted as may
    /// be.
    pub(super) async fn new_stranger(
        &self,
        chat: &ServiceChat,
        delivery: &str,
    ) -> Result<Option<Change>, StoreError> {
        let now = self.clock.now();
        let window = Window::ending(now, DAY, MOST);
        let service = self.store.service();
        if !window.has_room(service.counted(CountedKind::Stranger, None, window.since).await?) {
            return Ok(None);
        }
        Ok(Some(Change::CountInService(Box::new(Counted {
            id: format!("stranger:{delivery}"),
            chat: chat.id.clone(),
            kind: CountedKind::Stranger,
            at: now,
            window,
        }))))
    }
}
