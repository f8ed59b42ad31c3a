//! What becomes of what comes out of a chat.

use super::state::{Blocked, ChatMode, ChatState, ServiceChat};
use super::{ChatEvent, ServiceSettings, step};
use crate::time::Timestamp;

/// What becomes of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum InboundRuling {
    /// Nothing of it goes anywhere. With a number, the log is told that so much was kept out.
    Block {
        /// The chat with its count.
        chat: Box<ServiceChat>,
        /// How much the log is told of now.
        told: Option<u32>,
    },
    /// The user may read it; the model is not given it.
    Keep(Box<ServiceChat>),
    /// It joins the conversation.
    Join(Box<ServiceChat>),
    /// The same, and the chat is a service chat from now on.
    Promote(Box<ServiceChat>),
}

/// What becomes of something that the other side of `chat` says now.
pub fn rule_on_inbound(
    chat: ServiceChat,
    settings: &ServiceSettings,
    now: Timestamp,
) -> InboundRuling {
    if !settings.enabled.is_on() {
        return block(chat, now);
    }
    match &chat.state {
        ChatState::Unknown => match step(&chat, &ChatEvent::AnsweredByHand, settings, now) {
            Ok(next) => InboundRuling::Promote(Box::new(heard(next, now))),
            Err(_) => block(chat, now),
        },
        ChatState::PendingFirstContact { .. } | ChatState::Revoked { .. } => block(chat, now),
        ChatState::Approved { mode: ChatMode::Paused, .. } => {
            InboundRuling::Keep(Box::new(heard(chat, now)))
        }
        ChatState::Approved { mode: ChatMode::DraftFirst | ChatMode::Autonomous, .. } => {
            InboundRuling::Join(Box::new(heard(chat, now)))
        }
    }
}

fn heard(chat: ServiceChat, now: Timestamp) -> ServiceChat {
    ServiceChat { heard_at: Some(now), updated_at: now, ..chat }
}

/// Tells the log at most once an hour, and how much there was.
fn block(chat: ServiceChat, now: Timestamp) -> InboundRuling {
    let (blocked, told) = Blocked::one_more(chat.blocked, now);
    let chat = Box::new(ServiceChat { blocked: Some(blocked), ..chat });
    InboundRuling::Block { chat, told }
}
