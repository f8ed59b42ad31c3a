//! Operators' own chats with the agent: of people who may talk to it on this platform. A chat is one
//! of theirs or may be a service chat, never both.

use countersign_domain::chat::{AccountId, Address, Delivery, PersonId, PlatformName};
use countersign_domain::service_conversations::{ChatKind, ServiceChatId};
use countersign_ports::platform::{
    Click, Inbound, Inbox as _, Mention, Message, Origin, Receipt, SenderKind,
};
use countersign_ports::service_bridge::{BridgeMessage, BridgeSender};
use countersign_ports::store::{Conflicting, StoreError};

use crate::gateway::Gateway;

/// What a bridge calls a thumb under a message: it says nothing to the agent.
const REACTION: &str = "reaction";

impl Gateway {
    /// The operator whose chat this is, if it is one's, by any id that is known to be theirs. The
    /// list counts, word by word: what stands for everybody names nobody here.
    pub(super) async fn operator_among(
        &self,
        ids: &[&ServiceChatId],
    ) -> Result<Option<PersonId>, StoreError> {
        let platform = PlatformName::whatsapp();
        let Some(admission) = self.settings.chat.admission.get(&platform) else {
            return Ok(None);
        };
        for id in ids {
            let person = PersonId::on(&platform, &id.jid());
            if let Some(person) = person.filter(|person| admission.dm.holds(person)) {
                return Ok(Some(person));
            }
        }
        // A list that has the LID means the number that belongs to it, too.
        for listed in admission.dm.people() {
            let Ok(lid) = ServiceChatId::of_jid(listed.as_str()) else { continue };
            if !lid.is_hidden() {
                continue;
            }
            let number = self.store.service().number_of(&lid).await?;
            if number.is_some_and(|number| ids.contains(&&number)) {
                return Ok(Some(listed.clone()));
            }
        }
        Ok(None)
    }

    /// Whether this is an operator's own chat.
    pub(super) async fn is_operators(&self, id: &ServiceChatId) -> Result<bool, StoreError> {
        let canonical = self.canonical_chat(id).await?;
        Ok(self.operator_among(&[id, &canonical]).await?.is_some())
    }

    /// Takes what was said in the chat of `person`. When this returns, what becomes of it is on
    /// stable storage.
    pub(super) async fn hear_operator(
        &self,
        (account, person): (&AccountId, PersonId),
        message: &BridgeMessage,
        delivery: Delivery,
    ) -> Result<(), StoreError> {
        // In the chat with oneself the user is the operator; elsewhere the user's own words are for
        // whoever they were written to.
        let theirs = match message.from {
            BridgeSender::Provider => message.kind == ChatKind::Direct,
            BridgeSender::User => message.kind == ChatKind::Own,
        };
        let Ok(chat) = person.as_str().parse() else { return Ok(()) };
        if !theirs || message.media.as_deref() == Some(REACTION) {
            return Ok(());
        }
        let platform = PlatformName::whatsapp();
        let address = Address { platform, account: account.clone(), chat, thread: None };
        let origin = Origin {
            address: address.clone(),
            chat_type: Some("direct".to_owned()),
            sender: Some(person),
            kind: SenderKind::Person,
            delivery: delivery.id.clone(),
        };
        let inbound = inbound(origin, message);
        let tapped = matches!(inbound, Inbound::Click(_));
        if tapped && self.store.chats().is_taken(&delivery).await? {
            return Ok(());
        }
        let told = match self.receive(inbound).await {
            Receipt::Dropped | Receipt::Taken(None) => None,
            Receipt::Taken(Some(told)) | Receipt::Stray(told) => Some(told),
            Receipt::Later => {
                let why = "what an operator said could not be taken".to_owned();
                return Err(StoreError::Unavailable(why));
            }
        };
        // A tap decides once, however often it is taken. It counts as taken when it has decided, and
        // who takes it second tells nobody.
        if tapped && !self.is_first(&delivery).await? {
            return Ok(());
        }
        if let Some(told) = told {
            self.tell_chat(&address, &format!("told:{}", delivery.id), &told).await;
        }
        Ok(())
    }
}

impl Gateway {
    /// Takes the delivery; whether it had not been taken before.
    async fn is_first(&self, delivery: &Delivery) -> Result<bool, StoreError> {
        match self.take_delivery(Some(delivery.clone())).await {
            Ok(()) => Ok(true),
            Err(StoreError::Conflict(Conflicting::Value(id))) if id == delivery.id => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn inbound(origin: Origin, message: &BridgeMessage) -> Inbound {
    if let (Some(tapped), Some(quoted)) = (&message.tapped, &message.reply_to) {
        return Inbound::Click(Click {
            origin,
            message: quoted.clone(),
            card: tapped.card,
            nonce: tapped.nonce.clone(),
            choice: tapped.choice,
            reason: None,
        });
    }
    let text = match (&message.media, &message.file) {
        // What there is beside words and files is named.
        (Some(media), None) if message.text.trim().is_empty() => format!("[{media}]"),
        (Some(_) | None, _) => message.text.clone(),
    };
    Inbound::Message(Message {
        origin,
        id: message.id.parse().ok(),
        text,
        files: message.file.iter().cloned().collect(),
        mention: Mention::Named,
        reply_to: message.reply_to.clone(),
    })
}
