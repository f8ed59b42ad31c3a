//! Which conversation a message belongs to.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Address, ChatScope, PersonId};

/// `sessions.group_per_user`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum GroupSessions {
    /// In groups everybody has a conversation of their own.
    #[default]
    PerPerson,
    /// Everybody in a group shares one.
    Shared,
}

/// Names one conversation: platform, account, chat, thread, and in groups the person.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SessionKey(String);

impl SessionKey {
    /// The conversation of somebody at an address.
    pub fn of(
        address: &Address,
        scope: ChatScope,
        person: &PersonId,
        groups: GroupSessions,
    ) -> Self {
        let person = match (scope, groups) {
            (ChatScope::Group, GroupSessions::PerPerson) => Some(person.as_str()),
            (ChatScope::Group, GroupSessions::Shared) | (ChatScope::Dm, _) => None,
        };
        // The separator is a control character, which no part contains.
        Self([address.key().as_str(), person.unwrap_or_default()].join("\u{1f}"))
    }

    /// The one conversation at an address that nobody else is at.
    pub fn at_home(address: &Address) -> Self {
        Self([address.key().as_str(), ""].join("\u{1f}"))
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
