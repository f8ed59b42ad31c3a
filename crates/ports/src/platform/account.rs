//! What an adapter knows of its account: whether it is connected, and which chats it is in.

use countersign_domain::chat::{ChatId, ChatScope};
use countersign_domain::time::Timestamp;

/// Whether what is said on the platform comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AccountState {
    /// It does.
    Connected,
    /// It does not, and the adapter is trying.
    Reconnecting {
        /// Since when.
        since: Timestamp,
        /// What went wrong the last time, in words for operators.
        why: String,
    },
    /// It does not, and will not until an operator has done something.
    Refused {
        /// What, in words for operators.
        why: String,
    },
}

/// A chat that the bot is in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownChat {
    /// The chat.
    pub id: ChatId,
    /// What people call it, without `#` or `@`: a channel's name, or the other person's.
    pub name: Option<String>,
    /// What kind of chat it is.
    pub scope: ChatScope,
}

impl AccountState {
    /// Every word of [`Self::as_str`].
    pub const WORDS: [&str; 3] = ["connected", "reconnecting", "refused"];

    /// Its name in the API.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::Reconnecting { .. } => "reconnecting",
            Self::Refused { .. } => "refused",
        }
    }
}
