//! What a message into a chat needs.

use super::limits::{HOUR, Window};
use super::state::{ChatMode, ChatState, FirstContact, ServiceChat};
use super::{Initiator, Refusal, ServiceSettings, Switch};
use crate::action::Action;
use crate::ids::ApprovalId;
use crate::time::Timestamp;

/// Who sends, and what has gone already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// Who wants it sent.
    pub initiator: Initiator,
    /// How many texts went into the chat by themselves within the last hour.
    pub sent: u64,
    /// What goes.
    pub load: Load,
}

/// What a message carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Load {
    /// A text.
    Text,
    /// Files, with or without a text.
    Files,
}

impl Load {
    /// What `action` would carry.
    pub fn of(action: &Action) -> Self {
        if action.attachments().is_empty() { Self::Text } else { Self::Files }
    }

    /// Why it goes into no service chat, if it goes into none.
    pub const fn refused(self, settings: &ServiceSettings) -> Option<Refusal> {
        match (self, settings.media) {
            (Self::Files, Switch::Off) => Some(Refusal::Media),
            (Self::Text, _) | (Self::Files, Switch::On) => None,
        }
    }
}

/// What a message needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SendRuling {
    /// A person approves the first message, and the chat with it.
    FirstContact,
    /// A person approves the message.
    Draft,
    /// It goes, and counts.
    Auto(Window),
    /// It does not go.
    Refused(Refusal),
}

/// What a message into `chat` needs now.
pub fn rule_on_send(
    chat: &ServiceChat,
    sender: Sender,
    settings: &ServiceSettings,
    now: Timestamp,
) -> SendRuling {
    let refused =
        |advice| SendRuling::Refused(Refusal::State { found: chat.state.status(), advice });
    match &chat.state {
        ChatState::Revoked { .. } => refused("somebody has to approve it anew first"),
        _ if !settings.enabled.is_on() => SendRuling::Refused(Refusal::Off),
        ChatState::PendingFirstContact { .. } => refused("its first message waits to be decided"),
        ChatState::Approved { mode: ChatMode::Paused, .. } => {
            refused("it is paused, and nothing is sent until somebody lets it go on")
        }
        ChatState::Unknown => match sender.load.refused(settings) {
            Some(refusal) => SendRuling::Refused(refusal),
            None => SendRuling::FirstContact,
        },
        ChatState::Approved { mode, first_contact, .. } => {
            if let Some(refusal) = sender.load.refused(settings) {
                return SendRuling::Refused(refusal);
            }
            if *first_contact != FirstContact::Made {
                let answers = chat.heard_at.is_some();
                if sender.initiator == Initiator::Agent
                    && !answers
                    && !settings.agent_initiated.is_on()
                {
                    return SendRuling::Refused(Refusal::AgentInitiated);
                }
                // A pattern names a range that nobody has looked at one by one.
                let named = settings.approved_chats.contains(&chat.id);
                if settings.first_contact_approval.is_on() || !named {
                    return SendRuling::Draft;
                }
            }
            let window = Window::ending(now, HOUR, settings.max_auto_per_hour);
            // Texts go by themselves; somebody looks at files first.
            match (mode, sender.load) {
                (ChatMode::Autonomous, Load::Text) if window.has_room(sender.sent) => {
                    SendRuling::Auto(window)
                }
                (ChatMode::Autonomous | ChatMode::DraftFirst | ChatMode::Paused, _) => {
                    SendRuling::Draft
                }
            }
        }
    }
}

impl ServiceChat {
    /// Why a message that was approved may not go any more, if it may not. What time and people have
    /// made of the chat since counts, not what it was when somebody approved.
    pub fn holds_back(&self, approval: ApprovalId, settings: &ServiceSettings) -> Option<Refusal> {
        let refused = |advice| Some(Refusal::State { found: self.state.status(), advice });
        match &self.state {
            ChatState::Revoked { .. } => refused("somebody has revoked it"),
            _ if !settings.enabled.is_on() => Some(Refusal::Off),
            ChatState::Approved {
                first_contact: FirstContact::Released { approval: one }, ..
            } if *one == approval => None,
            ChatState::Approved { mode: ChatMode::Paused, .. } => refused("somebody has paused it"),
            ChatState::Approved { mode: ChatMode::DraftFirst | ChatMode::Autonomous, .. } => None,
            ChatState::PendingFirstContact { approval: one, .. } if *one == approval => None,
            ChatState::PendingFirstContact { .. } | ChatState::Unknown => {
                refused("nobody has approved it")
            }
        }
    }

    /// Why a message that is on its way is not tried again, if it is not: what people have done to
    /// the chat since it was let go counts. A chat that was paused all along has let it go as it is.
    pub fn stops(&self, settings: &ServiceSettings) -> Option<Refusal> {
        let refused = |advice| Some(Refusal::State { found: self.state.status(), advice });
        match &self.state {
            ChatState::Revoked { .. } => refused("somebody has revoked it"),
            _ if !settings.enabled.is_on() => Some(Refusal::Off),
            ChatState::Approved { mode: ChatMode::Paused, .. } if self.before_pause.is_some() => {
                refused("somebody has paused it")
            }
            ChatState::Approved { .. } => None,
            ChatState::PendingFirstContact { .. } | ChatState::Unknown => {
                refused("nobody has approved it")
            }
        }
    }
}
