//! Removing what has become old: strangers of whom only is known that they were kept out, and what was
//! said in service chats.

use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::identity::Actor;
use countersign_domain::ids::SaidId;
use countersign_domain::service_conversations::{ServiceChat, ServiceChatId};
use countersign_domain::time::Timestamp;
use countersign_ports::store::{Change, StoreError, UnitOfWork, Versioned};
use serde_json::{Map, Value, json};

use crate::gateway::Gateway;

/// How many strangers are looked at, and removed, at one time.
const BATCH: usize = 50;

/// How many messages one commit removes.
const MESSAGES: u32 = 500;

impl Gateway {
    /// Forgets strangers who have not been heard since then. What the log was not told of them yet, it
    /// is told now.
    pub(crate) async fn sweep_strangers(&self, before: Timestamp) -> Result<u64, StoreError> {
        let (mut after, mut removed) = (None::<ServiceChatId>, 0);
        loop {
            let part = self.store.service().strangers(after.as_ref(), BATCH).await?;
            let Some(last) = part.last() else {
                return Ok(removed);
            };
            after = Some(last.value.id.clone());
            let old: Vec<_> =
                part.into_iter().filter(|chat| last_noted(&chat.value) < before).collect();
            removed += self.remove_strangers(old).await?;
        }
    }

    async fn remove_strangers(&self, old: Vec<Versioned<ServiceChat>>) -> Result<u64, StoreError> {
        let mut removed = 0;
        let mut work = UnitOfWork::new();
        for Versioned { value: chat, version } in old {
            if let Some(untold) = chat.blocked.map(|blocked| blocked.untold).filter(|n| *n > 0) {
                let detail = json!({ "count": untold, "status": chat.state.status() });
                let kind = AuditKind::ServiceChatInboundBlocked;
                work.push(self.chat_record(kind, Actor::System, (&chat.id, None), detail));
            }
            work.push(Change::RemoveStranger(chat.id, version));
            removed += 1;
        }
        if removed == 0 {
            return Ok(0);
        }
        work.push(self.swept("strangers", Some(removed)));
        match self.commit(work).await {
            Ok(_) => Ok(removed),
            // One of them has written meanwhile: they are looked at again in an hour.
            Err(StoreError::Conflict(_) | StoreError::Missing(_)) => Ok(0),
            Err(error) => Err(error),
        }
    }

    /// Removes what was said in service chats before then.
    pub(crate) async fn sweep_said(&self, before: Timestamp) -> Result<(), StoreError> {
        let end = SaidId::first_at(before);
        while self.store.service().oldest_said().await?.is_some_and(|oldest| oldest < end) {
            let work = UnitOfWork::new()
                .and(Change::ForgetSaid(end, MESSAGES))
                .and(self.swept("service messages", None));
            self.commit(work).await?;
        }
        Ok(())
    }

    fn swept(&self, what: &str, removed: Option<u64>) -> Change {
        let detail = removed.map(|count| ("removed".to_owned(), Value::from(count)));
        Change::AddAudit(Box::new(AuditRecord {
            at: self.clock.now(),
            kind: AuditKind::RetentionSwept,
            actor: Actor::System,
            subject: what.to_owned(),
            session: None,
            detail: Map::from_iter(detail),
        }))
    }
}

/// When something was last noted of a chat.
fn last_noted(chat: &ServiceChat) -> Timestamp {
    let told = chat.blocked.map(|blocked| blocked.told_at);
    let noted = [told, chat.by_hand_at, chat.heard_at].into_iter().flatten();
    noted.fold(chat.updated_at, Timestamp::max)
}
