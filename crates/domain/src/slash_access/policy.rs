//! What the operator has written about who may run what.

use std::collections::{BTreeMap, BTreeSet};

use crate::chat::{ChatScope, PersonId, PlatformName};
use crate::commands::{CommandName, Registry};

/// The policies of all platforms. A platform that is not in it is not gated.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccessPolicy {
    platforms: BTreeMap<PlatformName, PlatformAccess>,
}

/// One platform's policy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PlatformAccess {
    /// In direct messages.
    pub dm: ScopeAccess,
    /// Everywhere else.
    pub group: ScopeAccess,
}

/// The policy of one scope of a platform.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ScopeAccess {
    /// Who may run everything. `None` is an operator who never opted in: nobody is restricted. A
    /// list of nobody is one who did: everybody is.
    pub admins: Option<ListedIds>,
    /// What others may run besides `/help`, `/whoami` and `/status`.
    pub commands: Option<CommandList>,
}

/// A list of ids as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedIds(BTreeSet<PersonId>);

/// A list of commands as it was written; aliases are resolved when it is asked, because commands
/// come and go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandList(BTreeSet<CommandName>);

impl ListedIds {
    /// The people on `platform` that `items` name; what names nobody is dropped.
    pub fn on(platform: &PlatformName, items: &[String]) -> Self {
        Self(items.iter().filter_map(|item| PersonId::on(platform, item)).collect())
    }

    /// Whether nobody is listed.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Everybody who is listed.
    pub fn people(&self) -> impl Iterator<Item = &PersonId> {
        self.0.iter()
    }

    /// Whether this person is listed.
    pub fn holds(&self, person: &PersonId) -> bool {
        self.0.contains(person)
    }
}

impl CommandList {
    /// The commands that `items` name; what names none is dropped.
    pub fn new(items: &[String]) -> Self {
        Self(items.iter().filter_map(|item| item.parse().ok()).collect())
    }

    /// The same list and one item more.
    #[must_use]
    pub fn and(&self, item: &str) -> Self {
        Self(self.0.iter().cloned().chain(item.parse().ok()).collect())
    }

    /// Whether the list has the command with this canonical name, under whatever name.
    pub fn holds(&self, name: &CommandName, registry: &Registry) -> bool {
        self.0.iter().any(|word| registry.find(word).is_some_and(|found| found.name == *name))
    }
}

impl AccessPolicy {
    /// The policies of these platforms.
    pub const fn new(platforms: BTreeMap<PlatformName, PlatformAccess>) -> Self {
        Self { platforms }
    }

    /// Who administers this scope; `None` if it is not gated.
    pub fn admins(&self, platform: &PlatformName, scope: ChatScope) -> Option<&ListedIds> {
        self.platforms.get(platform)?.scope(scope).admins.as_ref()
    }

    /// What others may run there. Direct messages without a list of their own use the group's.
    pub fn commands(&self, platform: &PlatformName, scope: ChatScope) -> Option<&CommandList> {
        let access = self.platforms.get(platform)?;
        let own = access.scope(scope).commands.as_ref();
        match scope {
            ChatScope::Dm => own.or(access.group.commands.as_ref()),
            ChatScope::Group => own,
        }
    }
}

impl PlatformAccess {
    const fn scope(&self, scope: ChatScope) -> &ScopeAccess {
        match scope {
            ChatScope::Dm => &self.dm,
            ChatScope::Group => &self.group,
        }
    }
}
