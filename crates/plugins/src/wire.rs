//! What goes over a plugin's standard streams.

use countersign_domain::commands::{
    Access, Busy, Category, Command, CommandName, InvalidCommandName, Source,
};
use countersign_domain::display::one_line;
use countersign_ports::plugins::PluginCall;
use serde::{Deserialize, Serialize};

/// The longest description, in characters.
const LONGEST: usize = 100;

/// The most other names of one command.
const MOST_ALIASES: usize = 8;

/// What a plugin says.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub(crate) enum FromPlugin {
    /// It brings a command.
    Register(Registration),
    /// It answers a call.
    Answer {
        /// The call's number.
        id: u64,
        /// What the person is told.
        text: String,
    },
}

/// A command that a plugin brings.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Registration {
    pub(crate) name: String,
    description: String,
    #[serde(default)]
    arguments: String,
    #[serde(default)]
    aliases: Vec<String>,
    #[serde(default)]
    access: AccessWord,
    #[serde(default)]
    busy: BusyWord,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum AccessWord {
    #[default]
    Listed,
    Admins,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum BusyWord {
    #[default]
    Allowed,
    Refused,
}

/// What a plugin is told.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase")]
pub(crate) enum ToPlugin<'m> {
    /// The first line.
    Hello { protocol: u32 },
    /// Its command is there.
    Registered { name: &'m str },
    /// Its command is not taken.
    Refused { name: &'m str, error: String },
    /// Somebody who may runs its command.
    Call {
        id: u64,
        command: &'m str,
        arguments: &'m str,
        by: String,
        platform: &'m str,
        scope: &'m str,
    },
}

impl Registration {
    /// The command, as one of `plugin`.
    pub(crate) fn command(&self, plugin: &str) -> Result<Command, InvalidCommandName> {
        let aliases: Result<Vec<CommandName>, _> =
            self.aliases.iter().take(MOST_ALIASES).map(|alias| alias.parse()).collect();
        Ok(Command {
            name: self.name.parse()?,
            description: one_line(self.description.trim(), LONGEST),
            category: Category::Tools,
            aliases: aliases?,
            arguments: one_line(self.arguments.trim(), LONGEST),
            busy: match self.busy {
                BusyWord::Allowed => Busy::Allowed,
                BusyWord::Refused => Busy::Refused,
            },
            access: match self.access {
                AccessWord::Listed => Access::Listed,
                AccessWord::Admins => Access::Admins,
            },
            source: Source::Plugin(plugin.to_owned()),
        })
    }
}

impl ToPlugin<'_> {
    /// The line.
    pub(crate) fn line(&self) -> String {
        // These messages have nothing that could fail to be written.
        serde_json::to_string(self).map(|line| line + "\n").unwrap_or_default()
    }
}

/// The line that calls a plugin.
pub(crate) fn call(id: u64, call: &PluginCall) -> String {
    ToPlugin::Call {
        id,
        command: call.command.as_str(),
        arguments: &call.arguments,
        by: call.by.to_string(),
        platform: call.platform.as_str(),
        scope: call.scope.as_str(),
    }
    .line()
}
