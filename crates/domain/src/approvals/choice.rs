//! What a person can answer.

use serde::{Deserialize, Serialize};

/// An answer to an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Choice {
    /// This action only.
    Once,
    /// This action, and what the session rule covers.
    Session,
    /// This action, and what the persistent rule covers.
    Always,
    /// Not this action.
    Deny,
}

impl Choice {
    /// Every choice, in the order in which surfaces show them.
    pub const ALL: [Self; 4] = [Self::Once, Self::Session, Self::Always, Self::Deny];

    /// The word that people and the API use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Session => "session",
            Self::Always => "always",
            Self::Deny => "deny",
        }
    }

    /// The choice named `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.as_str() == word)
    }

    /// Whether this lets the action run.
    pub const fn approves(self) -> bool {
        match self {
            Self::Once | Self::Session | Self::Always => true,
            Self::Deny => false,
        }
    }
}
