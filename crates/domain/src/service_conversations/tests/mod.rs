//! The rules by subject: what several of the tests begin with.

use super::*;
use crate::identity::{Actor, Principal};
use crate::ids::ApprovalId;
use crate::time::Timestamp;

mod passing;
mod policy_model;
mod table;

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn approval(number: u128) -> ApprovalId {
    ApprovalId::from_uuid(uuid::Uuid::from_u128(number))
}

fn on() -> ServiceSettings {
    ServiceSettings { enabled: Switch::On, ..ServiceSettings::default() }
}

fn chat(state: ChatState) -> ServiceChat {
    let id = "+34600111222".parse().unwrap();
    ServiceChat { state, ..ServiceChat::unknown(id, NOW) }
}

fn unknown() -> ServiceChat {
    chat(ChatState::Unknown)
}

fn pending() -> ServiceChat {
    chat(ChatState::PendingFirstContact { approval: approval(1), at: NOW })
}

fn approved(mode: ChatMode, first_contact: FirstContact) -> ServiceChat {
    let basis = Basis::FirstContact;
    chat(ChatState::Approved { mode, basis, first_contact, at: NOW, by: Actor::System })
}

fn revoked() -> ServiceChat {
    chat(ChatState::Revoked { at: NOW, by: Actor::System })
}

fn asked(initiator: Initiator, begun: u64) -> ChatEvent {
    ChatEvent::FirstContactAsked { approval: approval(1), initiator, begun }
}

fn status(result: &Result<ServiceChat, Refusal>) -> Option<(ChatStatus, Option<ChatMode>)> {
    result.as_ref().ok().map(|chat| (chat.state.status(), chat.state.mode()))
}
