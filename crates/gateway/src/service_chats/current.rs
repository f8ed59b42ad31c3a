//! A chat as it stands now: what is stored, under the configuration in force.

use countersign_domain::action::Action;
use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::identity::Actor;
use countersign_domain::ids::SessionId;
use countersign_domain::service_conversations::{
    ChatEvent, ChatState, ServiceChat, ServiceChatId, merged, step,
};
use countersign_ports::store::{Change, StoreError, UnitOfWork, Version};
use serde_json::Value;

use crate::gateway::Gateway;

/// A chat, and the version that it has in the store if it is there.
#[derive(Debug, Clone)]
pub(super) struct Current {
    pub(super) chat: ServiceChat,
    pub(super) version: Option<Version>,
}

impl Current {
    /// The chat's next value, as a change that fails if somebody else was quicker.
    pub(super) fn becomes(&self, next: ServiceChat) -> Change {
        match self.version {
            Some(version) => Change::UpdateServiceChat(Box::new(next), version),
            None => Change::AddServiceChat(Box::new(next)),
        }
    }
}

impl Gateway {
    /// The chat under the one id of its person.
    pub(super) async fn current_chat(&self, id: &ServiceChatId) -> Result<Current, StoreError> {
        let id = self.canonical_chat(id).await?;
        let (settings, now) = (&self.settings.service, self.clock.now());
        let found = self.store.service().chat(&id).await?;
        let (chat, version) = match found {
            Some(found) => (found.value.under(settings), Some(found.version)),
            None => (ServiceChat::unknown(id, now), None),
        };
        let chat = match (&chat.state, step(&chat, &ChatEvent::Listed, settings, now)) {
            (ChatState::Unknown, Ok(listed)) => listed,
            (_, Ok(_) | Err(_)) => chat,
        };
        Ok(Current { chat, version })
    }

    /// The number that belongs to a LID, if the platform has said so; otherwise the id itself.
    pub(super) async fn canonical_chat(
        &self,
        id: &ServiceChatId,
    ) -> Result<ServiceChatId, StoreError> {
        if !id.is_hidden() {
            return Ok(id.clone());
        }
        Ok(self.store.service().number_of(id).await?.unwrap_or_else(|| id.clone()))
    }

    /// The service chat that `action` would write into, if the policy of service chats is to be asked
    /// about it: there are service chats, or this is one whatever the configuration says now.
    pub(super) async fn chat_of(&self, action: &Action) -> Result<Option<Current>, StoreError> {
        let Action::SendMessage { destination, .. } = action else {
            return Ok(None);
        };
        let Some(id) = ServiceChatId::at(destination) else {
            return Ok(None);
        };
        if self.is_operators(&id).await? {
            return Ok(None);
        }
        let current = self.current_chat(&id).await?;
        let known = !matches!(current.chat.state, ChatState::Unknown);
        let own = self.guard.outbound().exempt.contains(destination.as_str());
        let asked = known || (self.settings.service.enabled.is_on() && !own);
        Ok(asked.then_some(current))
    }

    /// The platform says that `lid` and `number` are one person: what is known of the two becomes
    /// one, and of two words on it the stricter counts.
    pub(super) async fn learn_alias(
        &self,
        lid: &ServiceChatId,
        number: &ServiceChatId,
    ) -> Result<(), StoreError> {
        if !lid.may_stand_for(number) {
            return Ok(());
        }
        self.until_settled(|| async {
            let service = self.store.service();
            if service.number_of(lid).await?.as_ref() == Some(number) {
                return Ok(());
            }
            let learned = Change::LearnAlias(lid.clone(), number.clone());
            let mut work = UnitOfWork::new().and(learned);
            if let Some(gone) = service.chat(lid).await? {
                let kept = match service.chat(number).await? {
                    Some(kept) => Current { chat: kept.value, version: Some(kept.version) },
                    None => Current {
                        chat: ServiceChat::unknown(number.clone(), self.clock.now()),
                        version: None,
                    },
                };
                let one = merged(kept.chat.clone(), gone.value);
                work.push(kept.becomes(one));
                work.push(Change::MergeServiceChat(lid.clone(), gone.version, number.clone()));
            }
            self.commit(work).await.map(drop)
        })
        .await
    }

    /// A record about a chat; nothing that was said is in it.
    pub(super) fn chat_record(
        &self,
        kind: AuditKind,
        actor: Actor,
        (chat, session): (&ServiceChatId, Option<SessionId>),
        detail: Value,
    ) -> Change {
        let detail = match detail {
            Value::Object(facts) => facts,
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_) => serde_json::Map::new(),
        };
        let (at, subject) = (self.clock.now(), chat.to_string());
        Change::AddAudit(Box::new(AuditRecord { at, kind, actor, subject, session, detail }))
    }
}
