//! The gate.

use super::{AccessPolicy, Refusal};
use crate::chat::{ChatScope, PersonId, PlatformName};
use crate::commands::{Access, Builtin, Command, CommandLine, CommandName, Registry, Source};

/// Who asks for a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asker {
    /// The operator at the gateway's own machine, or signed in to its web page.
    Operator,
    /// A person on a platform.
    Person(Person),
}

/// A person on a platform.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The platform.
    pub platform: PlatformName,
    /// Who; `None` if the platform does not say.
    pub id: Option<PersonId>,
    /// In what kind of chat.
    pub scope: ChatScope,
}

/// What somebody is where they ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// The scope has no admin list: everybody who may talk may run everything.
    Unrestricted,
    /// May run everything.
    Admin,
    /// May run what is listed.
    User,
}

/// A command that its asker may run. Only [`authorize`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizedCommand {
    name: CommandName,
    source: Source,
    arguments: String,
    tier: Tier,
    by: Asker,
}

/// What the gate says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// It may be run.
    Authorized(AuthorizedCommand),
    /// It may not.
    Refused(Refusal),
    /// There is no such command: it is text for the agent.
    Unknown,
}

/// Decides whether `by` may run what `line` names. No other function does.
pub fn authorize(
    policy: &AccessPolicy,
    registry: &Registry,
    by: &Asker,
    line: &CommandLine,
) -> Ruling {
    let Some(typed) = registry.find(&line.word) else {
        return Ruling::Unknown;
    };
    let command = registry.target(typed);
    let arguments = match &typed.source {
        Source::Alias(stands) => format!("{} {}", stands.arguments, line.arguments),
        Source::Builtin(_) | Source::Plugin(_) | Source::Quick(_) => line.arguments.clone(),
    };
    if !may_run(policy, registry, by, command) {
        return Ruling::Refused(refusal(policy, registry, by, command));
    }
    Ruling::Authorized(AuthorizedCommand {
        name: command.name.clone(),
        source: command.source.clone(),
        arguments: arguments.trim().to_owned(),
        tier: tier_of(policy, by),
        by: by.clone(),
    })
}

/// What `by` is there.
pub fn tier_of(policy: &AccessPolicy, by: &Asker) -> Tier {
    let Asker::Person(person) = by else {
        return Tier::Admin;
    };
    match policy.admins(&person.platform, person.scope) {
        None => Tier::Unrestricted,
        Some(admins) if person.id.as_ref().is_some_and(|id| admins.holds(id)) => Tier::Admin,
        Some(_) => Tier::User,
    }
}

/// Whether `by` gets past the gate with `command`; for lists of what somebody may run.
pub fn may_run(policy: &AccessPolicy, registry: &Registry, by: &Asker, command: &Command) -> bool {
    let Asker::Person(person) = by else {
        return true;
    };
    let command = registry.target(command);
    match tier_of(policy, by) {
        Tier::Unrestricted | Tier::Admin => true,
        Tier::User => {
            let listed = policy.commands(&person.platform, person.scope);
            let listed = listed.is_some_and(|listed| listed.holds(&command.name, registry));
            is_everybodys(command) || (listed && command.access == Access::Listed)
        }
    }
}

/// Everybody who may talk may see what there is, who they are, and how their work stands.
fn is_everybodys(command: &Command) -> bool {
    matches!(command.source, Source::Builtin(Builtin::Help | Builtin::Whoami | Builtin::Status))
}

fn refusal(policy: &AccessPolicy, registry: &Registry, by: &Asker, command: &Command) -> Refusal {
    let scope = match by {
        Asker::Operator => ChatScope::Dm,
        Asker::Person(person) => person.scope,
    };
    let can_run = registry
        .iter()
        .filter(|other| !is_everybodys(other) && may_run(policy, registry, by, other))
        .map(|other| other.name.clone());
    Refusal { name: command.name.clone(), scope, can_run: can_run.collect() }
}

impl AuthorizedCommand {
    /// Its canonical name.
    pub const fn name(&self) -> &CommandName {
        &self.name
    }

    /// Who carries it out.
    pub const fn source(&self) -> &Source {
        &self.source
    }

    /// What it was given.
    pub fn arguments(&self) -> &str {
        &self.arguments
    }

    /// What its asker is there.
    pub const fn tier(&self) -> Tier {
        self.tier
    }

    /// Who asks.
    pub const fn by(&self) -> &Asker {
        &self.by
    }
}
