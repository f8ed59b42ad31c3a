//! Who speaks, and where.

use std::collections::BTreeSet;

use countersign_command_risk::render::Surface;
use countersign_domain::access::Scope;
use countersign_domain::approvals::Rights;
use countersign_domain::chat::{Address, ChatScope, MessageId, SessionKey};
use countersign_domain::ids::SessionId;
use countersign_domain::slash_access::{Asker, Tier};
use countersign_ports::platform::{BroughtFile, Markup};

use crate::caller::Caller;

/// Somebody who may talk, where they talk.
#[derive(Debug, Clone)]
pub(super) struct Speaker {
    /// As the gate knows them.
    pub(super) asker: Asker,
    /// As verbs know them, with no more than everybody has who may talk.
    pub(super) caller: Caller,
    /// Where.
    pub(super) address: Address,
    /// In what kind of chat.
    pub(super) scope: ChatScope,
    /// The conversation that they are in.
    pub(super) key: SessionKey,
    /// What reads the replies.
    pub(super) surface: Surface,
    /// Who tells how runs end.
    pub(super) told_by: ToldBy,
    /// Who sees what they are answered.
    pub(super) answered: Answered,
    /// The message that they answer, if they answer one.
    pub(super) answering: Option<MessageId>,
    /// What came with their message.
    pub(super) files: Vec<BroughtFile>,
    /// The session that they say their conversation goes on in.
    pub(super) session: Option<SessionId>,
    /// Their own message, where answers quote it.
    pub(super) quoted: Option<MessageId>,
}

/// Who tells people how a run ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ToldBy {
    /// The gateway, through the platform.
    Platform,
    /// Whoever called: it follows the run itself.
    Caller,
}

/// Who sees what somebody is answered at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answered {
    /// Everybody who saw what they said.
    Openly,
    /// They alone: nobody saw that they called a native command.
    Alone,
}

impl Speaker {
    /// The same person as a caller with rights over the runs of their own conversation, which is
    /// for verbs that have found the run in it.
    pub(super) fn in_conversation(&self) -> Caller {
        Caller {
            principal: self.caller.principal.clone(),
            scopes: BTreeSet::from([Scope::Runs, Scope::Admin]),
        }
    }

    /// What they count as when approvals are decided. Where nobody is an admin by a list, nobody
    /// is one for approvals either, except who is one elsewhere in the house.
    pub(super) fn rights(&self, tier: Tier) -> Rights {
        match tier {
            Tier::Admin => Rights::Admin,
            Tier::Unrestricted | Tier::User => self.caller.rights(),
        }
    }
}

/// The renderer for a platform's markup.
pub(super) const fn surface(markup: Markup) -> Surface {
    match markup {
        Markup::Text => Surface::Text,
        Markup::Mattermost => Surface::Mattermost,
        Markup::Discord => Surface::Discord,
        Markup::Slack => Surface::Slack,
        Markup::TelegramHtml => Surface::TelegramHtml,
        Markup::WhatsApp => Surface::WhatsApp,
    }
}
