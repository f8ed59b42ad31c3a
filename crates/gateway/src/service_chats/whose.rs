//! Whose chat something was said in: an operator's, one that is known, or a stranger's.

use countersign_domain::chat::{AccountId, Delivery, PlatformName};
use countersign_domain::digest::Digest;
use countersign_domain::service_conversations::{ChatKind, ChatState, ServiceChatId};
use countersign_ports::service_bridge::{BridgeMessage, BridgeSender};
use countersign_ports::store::StoreError;

use super::hear::Heard;
use super::strangers::Why;
use crate::gateway::Gateway;

/// A person's chat, by the ids that the protocol itself says are of it.
struct Whose {
    /// As it is said in this message.
    said_in: ServiceChatId,
    /// The number where there is one.
    chat: ServiceChatId,
    /// The LID beside the number.
    lid: Option<ServiceChatId>,
}

impl Gateway {
    /// Takes what was said in the account. When this returns, what becomes of it is on stable
    /// storage.
    pub(crate) async fn hear_in_account(
        &self,
        account: &AccountId,
        message: &BridgeMessage,
    ) -> Result<(), StoreError> {
        // Groups, lists and the status are nobody's own chat, and nothing of them is kept.
        match message.kind {
            ChatKind::Direct | ChatKind::Own => {}
            ChatKind::Group | ChatKind::Broadcast => return Ok(()),
        }
        let Some(whose) = whose(message) else {
            return Ok(());
        };
        let delivery = Delivery {
            platform: PlatformName::whatsapp(),
            account: account.clone(),
            // Ids of the platform are unique within a chat.
            id: Digest::of(format!("{}\u{1f}{}", whose.said_in, message.id).as_bytes()).to_string(),
            at: self.clock.now(),
        };
        let canonical = self.canonical_chat(&whose.chat).await?;
        let mut ids = vec![&whose.chat, &canonical];
        ids.extend(&whose.lid);
        let operator = self.operator_among(&ids).await?;
        let known = operator.is_some() || self.is_known(&whose).await?;
        // Of a stranger not even this is kept.
        if let (Some(lid), true) = (&whose.lid, known) {
            self.learn_alias(lid, &whose.chat).await?;
        }
        match (operator, message.kind) {
            (Some(person), _) => self.hear_operator((account, person), message, delivery).await,
            (None, ChatKind::Own) => Ok(()),
            (None, _) if !known && !self.settings.service.enabled.is_on() => match message.from {
                BridgeSender::Provider => self.note_stranger(Why::Off).await,
                BridgeSender::User => Ok(()),
            },
            (None, _) => self.hear(Heard { id: whose.chat, message, delivery }).await,
        }
    }

    /// Whether the configuration in force or somebody's decision speaks of the chat.
    async fn is_known(&self, whose: &Whose) -> Result<bool, StoreError> {
        let settings = &self.settings.service;
        let service = self.store.service();
        for id in [Some(&whose.chat), whose.lid.as_ref()].into_iter().flatten() {
            if settings.enabled.is_on() && settings.lists(id) {
                return Ok(true);
            }
            let found = service.chat(&self.canonical_chat(id).await?).await?;
            let is_listed = found.is_some_and(|found| {
                found.value.state != ChatState::Unknown || found.value.place.is_some()
            });
            let has_number = id.is_hidden() && service.number_of(id).await?.is_some();
            if is_listed || has_number {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn whose(message: &BridgeMessage) -> Option<Whose> {
    let said_in = ServiceChatId::of_jid(&message.chat).ok()?;
    let read = |jid: &Option<String>| ServiceChatId::of_jid(jid.as_deref()?).ok();
    let (number, lid) = (read(&message.number), read(&message.lid));
    if let (Some(number), Some(lid)) = (number, lid)
        && lid.may_stand_for(&number)
        && (said_in == number || said_in == lid)
    {
        return Some(Whose { said_in, chat: number, lid: Some(lid) });
    }
    Some(Whose { chat: said_in.clone(), said_in, lid: None })
}
