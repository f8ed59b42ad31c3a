//! `quick_commands`: slash commands of the operator's own.

use std::collections::BTreeMap;

use countersign_domain::commands::{
    Access, Busy, Category, Command, CommandName, Line, Registry, Source, read_line,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{ConfigProblem, Problem, named};

/// How much of a command line stands in its description, in characters.
const SHOWN: usize = 80;

/// `quick_commands`, by name.
pub type QuickCommandsConfig = BTreeMap<String, QuickCommand>;

/// A slash command of the operator's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum QuickCommand {
    /// The shell is given a line. It is assessed and asked about as if the agent had wanted it.
    Exec {
        /// The line.
        command: String,
    },
    /// Another command, also with arguments. Who may run that one may run this.
    Alias {
        /// Such as `/background say hello`.
        target: String,
    },
}

/// The commands, of which none has the name of another one.
pub(crate) fn quick(config: &QuickCommandsConfig) -> Result<Vec<Command>, ConfigProblem> {
    let mut registry = Registry::builtin();
    let mut commands = Vec::new();
    for (key, quick) in config {
        let wrong = |what: String| named(format!("quick_commands.{key}"), Problem::Command(what));
        let name: CommandName = key.parse().map_err(|error| wrong(format!("{error}")))?;
        let (says, source) = match quick {
            QuickCommand::Exec { command } if command.trim().is_empty() => {
                return Err(wrong("there is nothing to run".to_owned()));
            }
            QuickCommand::Exec { command } => {
                (format!("Run: {}", shown(command)), Source::Quick(command.clone()))
            }
            QuickCommand::Alias { target } => {
                let line = match read_line(target, None) {
                    Line::Command(line) => line,
                    Line::Text | Line::ForAnotherBot => {
                        return Err(wrong(format!("`{target}` is no slash command")));
                    }
                };
                (format!("The same as {}", shown(target)), Source::Alias(line))
            }
        };
        let command = Command {
            name,
            description: says,
            category: Category::Tools,
            aliases: Vec::new(),
            arguments: String::new(),
            busy: Busy::Allowed,
            access: Access::Listed,
            source,
        };
        registry.register(command.clone()).map_err(|error| wrong(error.to_string()))?;
        commands.push(command);
    }
    Ok(commands)
}

fn shown(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= SHOWN {
        return line;
    }
    line.chars().take(SHOWN - 1).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<String>, String> {
        let config: QuickCommandsConfig =
            serde_json::from_str(text).map_err(|error| error.to_string())?;
        let commands = quick(&config).map_err(|error| error.to_string())?;
        Ok(commands
            .iter()
            .map(|command| format!("{}: {}", command.name, command.description))
            .collect())
    }

    #[test]
    fn what_is_named_runs_or_stands_for_a_command() {
        let config = r#"{"deploy": {"type": "exec", "command": "make\n deploy"},
            "Night_Watch": {"type": "alias", "target": "/bg watch the logs"}}"#;
        assert_eq!(
            read(config).unwrap(),
            ["night-watch: The same as /bg watch the logs", "deploy: Run: make deploy"]
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (config, told) in [
            (r#"{"stop": {"type": "exec", "command": "x"}}"#, "`/stop` is taken by `/stop`"),
            (r#"{"bg": {"type": "exec", "command": "x"}}"#, "`/bg` is taken by `/background`"),
            (r#"{"x": {"type": "exec", "command": " "}}"#, "nothing to run"),
            (r#"{"x y": {"type": "exec", "command": "x"}}"#, "no name for a command"),
            (r#"{"x": {"type": "alias", "target": "stop"}}"#, "`stop` is no slash command"),
            (r#"{"x": {"type": "alias", "target": "/nothing"}}"#, "`/x` stands for `/nothing`"),
            (r#"{"x": {"type": "shell", "command": "x"}}"#, "unknown variant"),
        ] {
            let error = read(config).unwrap_err();
            assert!(error.contains(told), "{error}");
        }
    }
}
