//! Messages that a platform had taken and has not delivered: noted once, and told where the
//! conversation is led from.

use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::chat::Delivery;
use countersign_domain::digest::Digest;
use countersign_domain::display::one_line;
use countersign_domain::identity::Actor;
use countersign_domain::service_conversations::ServiceChat;
use countersign_ports::platform::Undelivered;
use countersign_ports::store::{Change, Conflicting, StoreError, UnitOfWork};
use serde_json::{Map, json};

use super::reply::Reply;
use super::speaker::surface;
use crate::gateway::Gateway;

/// The longest reason that is noted, in characters.
const LONGEST_REASON: usize = 600;

impl Gateway {
    /// Notes that a message has not arrived. When this returns, that is on stable storage.
    pub(super) async fn note_undelivered(
        &self,
        undelivered: &Undelivered,
    ) -> Result<(), StoreError> {
        let Undelivered { platform, account, to, message, why } = undelivered;
        let why = one_line(&self.redactor.redact(why), LONGEST_REASON);
        tracing::warn!(%platform, %account, %why, "a message was not delivered");
        let found = self.store.service().chat(to).await?.map(|found| found.value);
        let title = found.as_ref().map_or_else(|| to.to_string(), ServiceChat::title);
        let place = found.and_then(|chat| chat.place);
        let delivery = Delivery {
            platform: platform.clone(),
            account: account.clone(),
            id: Digest::of(format!("undelivered\u{1f}{message}").as_bytes()).to_string(),
            at: self.clock.now(),
        };
        let record = AuditRecord {
            at: delivery.at,
            kind: AuditKind::OutboundFailed,
            actor: Actor::System,
            subject: format!("{platform}:{to}"),
            session: place.as_ref().map(|place| place.session),
            detail: Map::from_iter([
                ("outcome".to_owned(), json!("undelivered")),
                ("message".to_owned(), json!(message.as_str())),
                ("why".to_owned(), json!(why)),
            ]),
        };
        // What is said twice is noted once.
        let work = UnitOfWork::new()
            .and(Change::AddDelivery(Box::new(delivery.clone())))
            .and(Change::AddAudit(Box::new(record)));
        match self.commit(work).await {
            Ok(_) => {}
            Err(StoreError::Conflict(Conflicting::Value(id))) if id == delivery.id => return Ok(()),
            Err(error) => return Err(error),
        }
        if let Some(address) = place.and_then(|place| place.address)
            && let Some(adapter) = self.chats.adapter(&address)
        {
            let told = Reply::own("A message has not arrived. To: ")
                .quoting(title)
                .and(". Why: ")
                .quoting(why)
                .render(surface(adapter.about().markup));
            self.tell_chat(&address, &format!("undelivered:{message}"), &told).await;
        }
        Ok(())
    }
}
