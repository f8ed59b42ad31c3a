//! Scopes of API keys: what the holder of a key may do.

use serde::{Deserialize, Serialize};

/// One thing that an API key may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// Start, read and stop its own runs.
    #[serde(rename = "runs")]
    Runs,
    /// Read approvals and rules.
    #[serde(rename = "approvals:read")]
    ApprovalsRead,
    /// Decide approvals; counts as an admin there.
    #[serde(rename = "approvals:decide")]
    ApprovalsDecide,
    /// Use outbound tools' own endpoints.
    #[serde(rename = "outbound")]
    Outbound,
    /// Read the audit log.
    #[serde(rename = "audit")]
    Audit,
    /// Everything, and keys and rules too.
    #[serde(rename = "admin")]
    Admin,
}

impl Scope {
    /// Every scope, in a fixed order.
    pub const ALL: [Self; 6] = [
        Self::Runs,
        Self::ApprovalsRead,
        Self::ApprovalsDecide,
        Self::Outbound,
        Self::Audit,
        Self::Admin,
    ];

    /// The word that people and the API use.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Runs => "runs",
            Self::ApprovalsRead => "approvals:read",
            Self::ApprovalsDecide => "approvals:decide",
            Self::Outbound => "outbound",
            Self::Audit => "audit",
            Self::Admin => "admin",
        }
    }

    /// The scope named `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word)
    }
}
