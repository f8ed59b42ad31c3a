//! Who may talk at all. What is dropped here never reaches the model.

use std::collections::BTreeSet;

use countersign_domain::access::Scope;
use countersign_domain::chat::{ChatScope, PersonId, SessionKey};
use countersign_domain::slash_access::{Asker, Person};
use countersign_ports::platform::{Mention, Origin, SenderKind};

use super::desk::DropReason;
use super::receive::Untaken;
use super::settings::{MentionRule, PairingMode};
use super::speaker::{Answered, Speaker, ToldBy, surface};
use crate::caller::Caller;
use crate::gateway::Gateway;

/// Who sent something.
pub(super) enum Admitted {
    /// Somebody who may talk there.
    Speaker(Box<Speaker>),
    /// Somebody who may ask to be let in, and nothing else.
    Unknown(PersonId),
}

impl Gateway {
    /// Who speaks, if they may talk where they do.
    pub(super) async fn admit(&self, origin: &Origin) -> Result<Admitted, Untaken> {
        match origin.kind {
            SenderKind::Person => {}
            SenderKind::Bot => return Err(DropReason::Bot.into()),
            SenderKind::Myself => return Err(DropReason::OwnMessage.into()),
        }
        let sender = origin.sender.as_ref().ok_or(DropReason::NobodyKnown)?;
        let settings = &self.settings.chat;
        let address = &origin.address;
        // An adapter cannot give anybody a spelling that the lists do not have.
        let person =
            PersonId::on(&address.platform, sender.as_str()).ok_or(DropReason::NobodyKnown)?;
        let scope = ChatScope::of(origin.chat_type.as_deref());
        let admission = settings.admission.get(&address.platform).ok_or(DropReason::NotAllowed)?;
        let listed = match scope {
            ChatScope::Dm => &admission.dm,
            ChatScope::Group => &admission.group,
        };
        if !listed.holds(&person) {
            let pairs = scope == ChatScope::Dm && admission.pairing == PairingMode::Code;
            if !pairs {
                return Err(DropReason::NotAllowed.into());
            }
            let known = self.store.chats().pairing(&address.platform, &person).await?;
            if known.is_none_or(|known| known.paired.is_none()) {
                return Ok(Admitted::Unknown(person));
            }
        }
        let adapter = self.chats.adapter(address).ok_or(DropReason::NotAllowed)?;
        let principal = person.principal(&address.platform);
        Ok(Admitted::Speaker(Box::new(Speaker {
            caller: Caller { principal, scopes: BTreeSet::from([Scope::Runs]) },
            key: SessionKey::of(address, scope, &person, settings.groups),
            asker: Asker::Person(Person {
                platform: address.platform.clone(),
                id: Some(person),
                scope,
            }),
            address: address.clone(),
            scope,
            surface: surface(adapter.about().markup),
            told_by: ToldBy::Platform,
            answered: Answered::Openly,
            answering: None,
            quoted: None,
            files: Vec::new(),
            session: None,
        })))
    }

    /// Whether a message is meant for the bot.
    pub(super) fn is_meant(&self, speaker: &Speaker, mention: Mention) -> bool {
        let rule = self.settings.chat.admission.get(&speaker.address.platform);
        let needed = rule.is_none_or(|admission| admission.mention == MentionRule::Needed);
        match (speaker.scope, mention) {
            (ChatScope::Dm, _) | (ChatScope::Group, Mention::Named) => true,
            (ChatScope::Group, Mention::None) => !needed,
        }
    }
}
