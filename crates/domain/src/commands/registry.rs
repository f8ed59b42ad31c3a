//! What commands there are.

use std::collections::BTreeMap;

use super::{Builtin, CommandLine, CommandName};

/// The longest description, in characters.
const LONGEST_DESCRIPTION: usize = 100;

/// One command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// Its canonical name.
    pub name: CommandName,
    /// What it does, in at most 100 characters.
    pub description: String,
    /// Where lists show it.
    pub category: Category,
    /// Its other names.
    pub aliases: Vec<CommandName>,
    /// What it takes, for people.
    pub arguments: String,
    /// What happens when it comes while a run is active.
    pub busy: Busy,
    /// Whether a list can give it to people who are no admins.
    pub access: Access,
    /// Who carries it out.
    pub source: Source,
}

/// Whether a list can give a command to people who are no admins.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Access {
    /// It can.
    #[default]
    Listed,
    /// Where there are admins, it is theirs.
    Admins,
}

/// Where lists show a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Category {
    /// About conversations.
    Session,
    /// About decisions.
    Approvals,
    /// About service conversations.
    Service,
    /// About settings.
    Configuration,
    /// Of plugins and quick commands.
    Tools,
    /// About the gateway itself.
    Info,
}

impl Category {
    /// The word for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Session => "Session",
            Self::Approvals => "Approvals",
            Self::Service => "Service chats",
            Self::Configuration => "Configuration",
            Self::Tools => "Tools",
            Self::Info => "Info",
        }
    }
}

/// What happens to a command that comes while a run is active.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Busy {
    /// It is carried out.
    Allowed,
    /// It is refused, and the person told to wait or to stop the run.
    Refused,
}

/// Who carries a command out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The gateway.
    Builtin(Builtin),
    /// The plugin of this name.
    Plugin(String),
    /// The shell, which is given this; from `quick_commands` in the configuration.
    Quick(String),
    /// Another command, which it stands for: what is typed is put after these arguments.
    Alias(CommandLine),
}

/// Why a command is not registered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationRefused {
    /// A name is taken.
    #[error("`/{word}` is taken by `/{holder}`")]
    Clash {
        /// The name that was wanted.
        word: CommandName,
        /// The command that has it.
        holder: CommandName,
    },
    /// An alias that stands for nothing, or for another alias.
    #[error("`/{name}` stands for `/{target}`, which is no command of its own")]
    NoTarget {
        /// The alias.
        name: CommandName,
        /// What it stands for.
        target: CommandName,
    },
    /// The description cannot be shown.
    #[error("the description of `/{0}` is empty or longer than {LONGEST_DESCRIPTION} characters")]
    Description(CommandName),
}

/// The live commands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registry {
    commands: BTreeMap<CommandName, Command>,
    /// Every name and alias, and the command that has it.
    words: BTreeMap<CommandName, CommandName>,
}

impl Registry {
    /// Adds a command whose names nobody has.
    pub fn register(&mut self, command: Command) -> Result<(), RegistrationRefused> {
        let length = command.description.chars().count();
        if length == 0 || length > LONGEST_DESCRIPTION {
            return Err(RegistrationRefused::Description(command.name));
        }
        if let Source::Alias(target) = &command.source {
            let found = self.find(&target.word);
            if found.is_none_or(|found| matches!(found.source, Source::Alias(_))) {
                let (name, target) = (command.name, target.word.clone());
                return Err(RegistrationRefused::NoTarget { name, target });
            }
        }
        for word in command.words() {
            if let Some(holder) = self.words.get(word) {
                return Err(RegistrationRefused::Clash {
                    word: word.clone(),
                    holder: holder.clone(),
                });
            }
        }
        for word in command.words() {
            self.words.insert(word.clone(), command.name.clone());
        }
        self.commands.insert(command.name.clone(), command);
        Ok(())
    }

    /// Takes away what a plugin has registered.
    pub fn remove_plugin(&mut self, plugin: &str) {
        self.commands.retain(|_, command| command.source != Source::Plugin(plugin.to_owned()));
        let commands = &self.commands;
        self.words.retain(|_, holder| commands.contains_key(holder));
    }

    /// The command that `word` names, also by an alias.
    pub fn find(&self, word: &CommandName) -> Option<&Command> {
        self.commands.get(self.words.get(word)?)
    }

    /// The command that carries out what `command` stands for: itself, or an alias's target.
    pub fn target<'r>(&'r self, command: &'r Command) -> &'r Command {
        match &command.source {
            Source::Alias(line) => self.find(&line.word).unwrap_or(command),
            Source::Builtin(_) | Source::Plugin(_) | Source::Quick(_) => command,
        }
    }

    /// Every command, by name.
    pub fn iter(&self) -> impl Iterator<Item = &Command> {
        self.commands.values()
    }

    pub(super) fn add(&mut self, command: Option<Command>) -> Result<(), RegistrationRefused> {
        command.map_or(Ok(()), |command| self.register(command))
    }
}

impl Command {
    fn words(&self) -> impl Iterator<Item = &CommandName> {
        std::iter::once(&self.name).chain(&self.aliases)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugin(name: &str, aliases: &[&str]) -> Command {
        Command {
            name: name.parse().unwrap(),
            description: "Says what the weather is.".to_owned(),
            category: Category::Tools,
            aliases: aliases.iter().map(|alias| alias.parse().unwrap()).collect(),
            arguments: String::new(),
            busy: Busy::Allowed,
            access: Access::Listed,
            source: Source::Plugin("weather".to_owned()),
        }
    }

    #[test]
    fn no_plugin_takes_a_name_that_somebody_has() {
        let mut registry = Registry::builtin();
        let before = registry.clone();
        for (name, aliases, word, holder) in [
            ("stop", &[][..], "stop", "stop"),
            ("bg", &[], "bg", "background"),
            ("weather", &["new"], "new", "new"),
            ("weather", &["RESET"], "reset", "new"),
        ] {
            let refused = registry.register(plugin(name, aliases)).unwrap_err();
            assert_eq!(refused.to_string(), format!("`/{word}` is taken by `/{holder}`"));
            assert_eq!(registry, before);
        }
    }

    #[test]
    fn what_a_plugin_registered_goes_with_it() {
        let mut registry = Registry::builtin();
        registry.register(plugin("weather", &["w"])).unwrap();
        assert!(registry.find(&"w".parse().unwrap()).is_some());
        registry.remove_plugin("weather");
        assert_eq!(registry, Registry::builtin());
    }
}
