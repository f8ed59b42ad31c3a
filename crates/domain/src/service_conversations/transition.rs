//! The life of a service chat, as one table.
//!
//! ```text
//! unknown → pending_first_contact | approved        pending_first_contact → approved | unknown
//! any → revoked                                      revoked → approved, by a person alone
//! ```
//!
//! Nothing here is stored, and time and counts are passed in: whoever calls commits the new value
//! under the version it read.

use super::ServiceSettings;
use super::limits::{DAY, Window};
use super::state::{Basis, ChatMode, ChatState, ChatStatus, FirstContact, ServiceChat};
use crate::identity::{Actor, Principal};
use crate::ids::ApprovalId;
use crate::time::Timestamp;

/// Who wants a first message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initiator {
    /// The user, by a command, the API or the web page.
    User,
    /// The agent, by a tool.
    Agent,
}

/// What happens to a chat.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChatEvent {
    /// A first message is asked for.
    FirstContactAsked {
        /// Its draft.
        approval: ApprovalId,
        /// Who wants it.
        initiator: Initiator,
        /// How many chats were begun within the last 24 hours.
        begun: u64,
    },
    /// The configuration names the chat.
    Listed,
    /// A person approved the draft of the first message.
    FirstContactApproved {
        /// The draft.
        approval: ApprovalId,
        /// Who.
        by: Principal,
    },
    /// The draft of the first message was denied, expired or was cancelled.
    FirstContactEnded {
        /// The draft.
        approval: ApprovalId,
    },
    /// The provider replied to what the user wrote by hand.
    AnsweredByHand,
    /// A person pauses it or gives it another mode.
    ModeSet {
        /// The mode.
        mode: ChatMode,
        /// Who.
        by: Principal,
    },
    /// A person lets it go on after a pause, in the mode that it had before.
    Resumed {
        /// Who.
        by: Principal,
    },
    /// A person ends it.
    Revoked {
        /// Who.
        by: Principal,
    },
    /// A person approves it anew.
    Renewed {
        /// Who.
        by: Principal,
    },
}

/// Why something does not happen to a chat.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There are no service conversations.
    #[error("service conversations are off: `whatsapp.service_conversations.enabled`")]
    Off,
    /// The agent may not begin one.
    #[error(
        "the agent may not begin service conversations by itself: \
         `whatsapp.service_conversations.allow_agent_initiated_service_chats` is off. The user can \
         begin it with `/service start`"
    )]
    AgentInitiated,
    /// As many were begun as may be.
    #[error(
        "{most} service chats may be begun within 24 hours, and that many were: \
         `whatsapp.service_conversations.max_new_service_chats_per_day`"
    )]
    DailyLimit {
        /// The limit.
        most: u32,
    },
    /// The configuration does not name it.
    #[error("the configuration does not approve this chat")]
    NotListed,
    /// Nobody replied to anything.
    #[error("the user has not written to this chat by hand, or such replies count for nothing")]
    NotPromoted,
    /// Files are not sent.
    #[error("files go into no service chat: `whatsapp.service_conversations.allow_media` is off")]
    Media,
    /// It is not in a state for that.
    #[error("the chat is {}: {advice}", .found.as_str())]
    State {
        /// Its state.
        found: ChatStatus,
        /// What can be done.
        advice: &'static str,
    },
}

/// The chat after `event`, or why it does not happen.
pub fn step(
    chat: &ServiceChat,
    event: &ChatEvent,
    settings: &ServiceSettings,
    now: Timestamp,
) -> Result<ServiceChat, Refusal> {
    let state = next_state(chat, event, settings, now)?;
    let mut next = ServiceChat { state, updated_at: now, ..chat.clone() };
    match event {
        ChatEvent::FirstContactAsked { approval, .. } => {
            next.drafts.insert(*approval);
        }
        ChatEvent::FirstContactEnded { approval } => {
            next.drafts.remove(approval);
            // Who was refused leads nothing.
            (next.place, next.purpose) = (None, None);
        }
        ChatEvent::Revoked { .. } => next.drafts.clear(),
        // What nobody has approved yet nobody leads.
        ChatEvent::Listed | ChatEvent::AnsweredByHand if chat.state == ChatState::Unknown => {
            (next.place, next.purpose) = (None, None);
        }
        ChatEvent::Listed
        | ChatEvent::FirstContactApproved { .. }
        | ChatEvent::AnsweredByHand
        | ChatEvent::ModeSet { .. }
        | ChatEvent::Resumed { .. }
        | ChatEvent::Renewed { .. } => {}
    }
    next.before_pause = match (next.state.mode(), chat.state.mode()) {
        (Some(ChatMode::Paused), Some(ChatMode::Paused)) => chat.before_pause,
        (Some(ChatMode::Paused), before) => before,
        (_, _) => None,
    };
    Ok(next)
}

fn next_state(
    chat: &ServiceChat,
    event: &ChatEvent,
    settings: &ServiceSettings,
    now: Timestamp,
) -> Result<ChatState, Refusal> {
    let approved = |mode, basis, first_contact, by| {
        Ok(ChatState::Approved { mode, basis, first_contact, at: now, by })
    };
    let person = |by: &Principal| Actor::Principal(by.clone());
    let refused = |advice| Err(Refusal::State { found: chat.state.status(), advice });
    match (&chat.state, event) {
        (ChatState::Unknown, ChatEvent::FirstContactAsked { approval, initiator, begun }) => {
            may_begin(*initiator, *begun, settings, now)?;
            Ok(ChatState::PendingFirstContact { approval: *approval, at: now })
        }
        (ChatState::Unknown, ChatEvent::Listed) => {
            require_on(settings)?;
            if !settings.lists(&chat.id) {
                return Err(Refusal::NotListed);
            }
            approved(settings.default_mode, Basis::Listed, FirstContact::Due, Actor::System)
        }
        (ChatState::Unknown, ChatEvent::AnsweredByHand) => {
            require_on(settings)?;
            if !settings.auto_promote.is_on() || chat.by_hand_at.is_none() {
                return Err(Refusal::NotPromoted);
            }
            approved(ChatMode::DraftFirst, Basis::Promoted, FirstContact::Due, Actor::System)
        }
        (
            ChatState::PendingFirstContact { approval, .. },
            ChatEvent::FirstContactApproved { approval: decided, by },
        ) if approval == decided => {
            let released = FirstContact::Released { approval: *approval };
            approved(settings.default_mode, Basis::FirstContact, released, person(by))
        }
        (
            ChatState::PendingFirstContact { approval, .. },
            ChatEvent::FirstContactEnded { approval: ended },
        ) if approval == ended => Ok(ChatState::Unknown),
        (ChatState::Approved { .. }, ChatEvent::ModeSet { mode, .. }) => {
            Ok(with_mode(&chat.state, *mode))
        }
        (ChatState::Approved { mode: ChatMode::Paused, .. }, ChatEvent::Resumed { .. }) => {
            let before = chat.before_pause.filter(|mode| *mode != ChatMode::Paused);
            Ok(with_mode(&chat.state, before.unwrap_or(ChatMode::DraftFirst)))
        }
        (ChatState::Approved { .. }, ChatEvent::Resumed { .. }) => refused("it is not paused"),
        (ChatState::Revoked { .. }, ChatEvent::Revoked { .. }) => Ok(chat.state.clone()),
        (_, ChatEvent::Revoked { by }) => Ok(ChatState::Revoked { at: now, by: person(by) }),
        (ChatState::Revoked { .. }, ChatEvent::Renewed { by }) => {
            require_on(settings)?;
            approved(settings.default_mode, Basis::Renewed, FirstContact::Due, person(by))
        }
        (ChatState::Revoked { .. }, _) => refused("somebody has to approve it anew first"),
        (ChatState::PendingFirstContact { .. }, _) => {
            refused("its first message waits to be decided")
        }
        (ChatState::Unknown, _) => refused("it takes a first message that somebody approves"),
        (ChatState::Approved { .. }, _) => refused("it was approved before"),
    }
}

/// An approved chat in another mode.
fn with_mode(state: &ChatState, mode: ChatMode) -> ChatState {
    let mut next = state.clone();
    if let ChatState::Approved { mode: known, first_contact, .. } = &mut next {
        *known = mode;
        // Whoever gives a chat a mode has not seen that something was about to go all the same.
        if *first_contact != FirstContact::Made {
            *first_contact = FirstContact::Due;
        }
    }
    next
}

const fn require_on(settings: &ServiceSettings) -> Result<(), Refusal> {
    if settings.enabled.is_on() { Ok(()) } else { Err(Refusal::Off) }
}

fn may_begin(
    initiator: Initiator,
    begun: u64,
    settings: &ServiceSettings,
    now: Timestamp,
) -> Result<(), Refusal> {
    require_on(settings)?;
    if initiator == Initiator::Agent && !settings.agent_initiated.is_on() {
        return Err(Refusal::AgentInitiated);
    }
    let most = settings.max_new_per_day;
    if !Window::ending(now, DAY, most).has_room(begun) {
        return Err(Refusal::DailyLimit { most });
    }
    Ok(())
}
