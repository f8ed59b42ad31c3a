//! Which conversation a message belongs to.

use std::fmt;

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
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
        let thread = address.thread.as_ref().map(super::ThreadId::as_str);
        let parts = [
            Some(address.platform.as_str()),
            Some(address.account.as_str()),
            Some(address.chat.as_str()),
            thread,
            person,
        ];
        // The separator is a control character, which no part contains.
        let parts = parts.map(Option::unwrap_or_default);
        Self(parts.join("\u{1f}"))
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
