//! What the guard says of an action, and how much is at stake.

use serde::{Deserialize, Serialize};

/// What may become of an action before any person is asked. Ordered: the strictest is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Runs without a question.
    Allow,
    /// Runs only after a person has decided.
    Ask,
    /// Never runs, whoever decides.
    Forbid,
}

impl Verdict {
    /// The word that people and the API see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Ask => "ask",
            Self::Forbid => "forbid",
        }
    }
}

/// How bad it would be if a finding came true. Ordered from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth saying, harmless by itself.
    Low,
    /// Can be undone with some work.
    Medium,
    /// Hard or impossible to undo, or leaves the machine.
    High,
    /// Loses the machine, its secrets or the control over the agent.
    Critical,
}

impl Severity {
    /// The word that people and the API see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}
