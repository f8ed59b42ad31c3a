//! What a service chat is at any moment.

use std::collections::BTreeSet;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::limits::HOUR;
use super::{InvalidServiceSetting, ServiceChatId, ServiceSettings};
use crate::chat::Address;
use crate::identity::{Actor, Principal};
use crate::ids::{ApprovalId, CallId, SaidId, SessionId};
use crate::time::Timestamp;

/// How much may go into an approved chat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatMode {
    /// Nothing.
    Paused,
    /// Every message is shown to a person first.
    DraftFirst,
    /// Texts go by themselves, so many an hour.
    Autonomous,
}

/// One chat, as it is stored. Changes only through [`super::step`] and the notes below.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceChat {
    /// Which.
    pub id: ServiceChatId,
    /// The name by which it was last known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Where it stands.
    pub state: ChatState,
    /// From where the conversation is led.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
    /// What it is for, in the words of whoever began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The mode that it had before it was paused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before_pause: Option<ChatMode>,
    /// Approvals that may still lead to a message into it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub drafts: BTreeSet<ApprovalId>,
    /// When the user last wrote into it by hand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_hand_at: Option<Timestamp>,
    /// When the provider was last heard in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heard_at: Option<Timestamp>,
    /// What was kept out of it and is not in the log yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<Blocked>,
    /// What a limit held back in it and is not in the log yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limited: Option<Blocked>,
    /// When it last changed.
    pub updated_at: Timestamp,
}

/// Where a chat stands. Each variant carries what is known then and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ChatState {
    /// Nobody has approved it.
    Unknown,
    /// Somebody is asked whether it may be written to.
    PendingFirstContact {
        /// The draft of the first message.
        approval: ApprovalId,
        /// When it was asked.
        at: Timestamp,
    },
    /// It may be written to, as its mode says.
    Approved {
        /// How.
        mode: ChatMode,
        /// By what right.
        basis: Basis,
        /// Whether it was written to since.
        first_contact: FirstContact,
        /// Since when.
        at: Timestamp,
        /// By whom.
        by: Actor,
    },
    /// Somebody has ended it.
    Revoked {
        /// When.
        at: Timestamp,
        /// Who.
        by: Actor,
    },
}

/// By what right a chat is approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// The configuration names it; it ends with that.
    Listed,
    /// A person approved the first message.
    FirstContact,
    /// It answered what the user wrote by hand.
    Promoted,
    /// A person approved it anew after it was revoked.
    Renewed,
}

/// Whether a chat was written to since it was approved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "contact", rename_all = "snake_case")]
pub enum FirstContact {
    /// It was not.
    Due,
    /// The message of this approval may go, in whatever mode.
    Released {
        /// The approval.
        approval: ApprovalId,
    },
    /// It was.
    Made,
}

/// From where a conversation is led.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The session that replies join.
    pub session: SessionId,
    /// The chat in which the user sees them, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<Address>,
    /// On whose behalf.
    pub owner: Principal,
}

/// What was kept out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Blocked {
    /// How much since it was last told.
    pub untold: u32,
    /// When that was.
    pub told_at: Timestamp,
}

impl Blocked {
    /// The same and one more. The log is told at most once an hour, and how many there were.
    pub fn one_more(before: Option<Self>, now: Timestamp) -> (Self, Option<u32>) {
        let untold = before.map_or(0, |blocked| blocked.untold).saturating_add(1);
        match before {
            Some(blocked) if now < blocked.told_at.after(HOUR) => {
                (Self { untold, told_at: blocked.told_at }, None)
            }
            Some(_) | None => (Self { untold: 0, told_at: now }, Some(untold)),
        }
    }
}

/// One message of a chat's thread, as the user reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Its id: they sort by age.
    pub id: SaidId,
    /// In which chat.
    pub chat: ServiceChatId,
    /// When.
    pub at: Timestamp,
    /// Who.
    pub by: SaidBy,
    /// What.
    pub text: String,
}

/// Who said something in a chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum SaidBy {
    /// The provider.
    Provider {
        /// The platform's own id of the message.
        message: String,
        /// Whether the model was given it.
        given: bool,
    },
    /// The user, on another device.
    ByHand,
    /// The agent, or the user through the gateway.
    House {
        /// The call that sent it.
        call: CallId,
        /// The approval that it went under; none if it went by itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approval: Option<ApprovalId>,
    },
}

/// The name of a state, without what it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatStatus {
    /// [`ChatState::Unknown`].
    Unknown,
    /// [`ChatState::PendingFirstContact`].
    PendingFirstContact,
    /// [`ChatState::Approved`].
    Approved,
    /// [`ChatState::Revoked`].
    Revoked,
}

impl ChatMode {
    /// Every mode.
    pub const ALL: [Self; 3] = [Self::Paused, Self::DraftFirst, Self::Autonomous];

    /// The word that people and the configuration have.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Paused => "paused",
            Self::DraftFirst => "draft_first",
            Self::Autonomous => "autonomous",
        }
    }
}

impl FromStr for ChatMode {
    type Err = InvalidServiceSetting;

    fn from_str(text: &str) -> Result<Self, InvalidServiceSetting> {
        let known = Self::ALL.into_iter().find(|mode| mode.as_str() == text);
        known.ok_or_else(|| InvalidServiceSetting::Mode(text.chars().take(80).collect()))
    }
}

impl ChatStatus {
    /// The word for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::PendingFirstContact => "pending_first_contact",
            Self::Approved => "approved",
            Self::Revoked => "revoked",
        }
    }
}

impl ChatState {
    /// The name of this state.
    pub const fn status(&self) -> ChatStatus {
        match self {
            Self::Unknown => ChatStatus::Unknown,
            Self::PendingFirstContact { .. } => ChatStatus::PendingFirstContact,
            Self::Approved { .. } => ChatStatus::Approved,
            Self::Revoked { .. } => ChatStatus::Revoked,
        }
    }

    /// The mode, if it is approved.
    pub const fn mode(&self) -> Option<ChatMode> {
        match self {
            Self::Approved { mode, .. } => Some(*mode),
            Self::Unknown | Self::PendingFirstContact { .. } | Self::Revoked { .. } => None,
        }
    }
}

impl ServiceChat {
    /// A chat of which nothing is known.
    pub const fn unknown(id: ServiceChatId, at: Timestamp) -> Self {
        Self {
            id,
            name: None,
            state: ChatState::Unknown,
            place: None,
            purpose: None,
            before_pause: None,
            drafts: BTreeSet::new(),
            by_hand_at: None,
            heard_at: None,
            blocked: None,
            limited: None,
            updated_at: at,
        }
    }

    /// The chat as it stands under the configuration in force: what that no longer names, and
    /// nobody else has approved, is unknown again.
    #[must_use]
    pub fn under(self, settings: &ServiceSettings) -> Self {
        match self.state {
            ChatState::Approved { basis: Basis::Listed, .. } if !settings.lists(&self.id) => {
                Self { state: ChatState::Unknown, ..self }
            }
            ChatState::Approved { .. }
            | ChatState::Unknown
            | ChatState::PendingFirstContact { .. }
            | ChatState::Revoked { .. } => self,
        }
    }

    /// The same with a message on its way that was drafted under `approval`, or went by itself.
    #[must_use]
    pub fn contacted(mut self, approval: Option<ApprovalId>, now: Timestamp) -> Self {
        if let Some(approval) = approval {
            self.drafts.remove(&approval);
        }
        if let ChatState::Approved { first_contact, .. } = &mut self.state {
            *first_contact = FirstContact::Made;
        }
        Self { updated_at: now, ..self }
    }

    /// The same with one more that a limit has held back, and how many the log is told of now, if
    /// it is.
    #[must_use]
    pub fn held_by_limit(self, now: Timestamp) -> (Self, Option<u32>) {
        let (limited, told) = Blocked::one_more(self.limited, now);
        (Self { limited: Some(limited), ..self }, told)
    }

    /// The words of a person who calls it by name and number.
    pub fn title(&self) -> String {
        match &self.name {
            Some(name) => format!("{name} ({})", self.id),
            None => self.id.to_string(),
        }
    }
}

/// One chat of two that turned out to be the same person: the stricter word on it counts.
#[must_use]
pub fn merged(kept: ServiceChat, gone: ServiceChat) -> ServiceChat {
    let state =
        if strictness(&gone.state) > strictness(&kept.state) { gone.state } else { kept.state };
    ServiceChat {
        id: kept.id,
        name: kept.name.or(gone.name),
        state,
        place: kept.place.or(gone.place),
        purpose: kept.purpose.or(gone.purpose),
        // What was said of one of two is not said of both.
        before_pause: None,
        drafts: kept.drafts.union(&gone.drafts).copied().collect(),
        by_hand_at: kept.by_hand_at.max(gone.by_hand_at),
        heard_at: kept.heard_at.max(gone.heard_at),
        blocked: kept.blocked.or(gone.blocked),
        limited: kept.limited.or(gone.limited),
        updated_at: kept.updated_at.max(gone.updated_at),
    }
}

/// How much less goes in and out of a chat in this state than in others.
const fn strictness(state: &ChatState) -> u8 {
    match state {
        ChatState::Unknown => 0,
        ChatState::Approved { mode: ChatMode::Autonomous, .. } => 1,
        ChatState::Approved { mode: ChatMode::DraftFirst, .. } => 2,
        ChatState::Approved { mode: ChatMode::Paused, .. } => 3,
        ChatState::PendingFirstContact { .. } => 4,
        ChatState::Revoked { .. } => 5,
    }
}
