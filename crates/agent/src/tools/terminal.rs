//! `terminal`: a command line for bash.

use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::action::Action;
use countersign_domain::permit::PermittedAction;
use countersign_ports::model_provider::ToolSpec;
use serde_json::{Map, Value};

use super::arguments::{Kind, Need, Parameter, Parameters, ToolInputError};
use super::bound_files::hold;
use super::output::ToolOutput;
use super::process::Process;
use super::tool::{Execution, Plan, Tool, ToolContext};

pub(super) struct Terminal;

const NAME: &str = "terminal";

/// The longest time that a call may ask for, in seconds.
pub(super) const LONGEST_TIMEOUT_S: u64 = 3600;

/// The longest text that the system takes as one argument, with some room.
pub(super) const LONGEST_SOURCE: usize = 120_000;

const PARAMETERS: Parameters = Parameters {
    tool: NAME,
    list: &[
        Parameter {
            name: "command",
            kind: Kind::Text,
            need: Need::Required,
            about: "The command line, as bash gets it.",
        },
        TIMEOUT,
    ],
};

pub(super) const TIMEOUT: Parameter = Parameter {
    name: "timeout_s",
    kind: Kind::Integer(1, LONGEST_TIMEOUT_S),
    need: Need::Optional,
    about: "Seconds after which it is killed.",
};

#[async_trait]
impl Tool for Terminal {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: NAME,
            description: "Runs a command line with bash in the workspace and returns what it \
                          writes. There is no standard input; nothing goes on in the background \
                          after it has ended.",
            parameters: PARAMETERS.schema(),
        }
    }

    fn plan(
        &self,
        arguments: &Map<String, Value>,
        context: &ToolContext,
    ) -> Result<Plan, ToolInputError> {
        let arguments = PARAMETERS.check(arguments)?;
        let command = runnable(&PARAMETERS, "command", arguments.text("command"))?;
        Ok(Plan::Effect(Action::Exec {
            command: command.to_owned(),
            cwd: working_directory(context)?,
            env: context.env.clone(),
            timeout_s: timeout_s(arguments.integer("timeout_s"), context),
            // What it runs and reads is for the gateway to bind.
            files: Vec::new(),
        }))
    }

    async fn execute(&self, action: PermittedAction, execution: &Execution) -> ToolOutput {
        let Action::Exec { command, cwd, env, timeout_s, files } = action.into_action() else {
            return ToolOutput::not_mine(NAME);
        };
        let held = match hold(files).await {
            Ok(held) => held,
            Err(changed) => return changed.into(),
        };
        let process = Process {
            program: "bash",
            arguments: &["--noprofile", "--norc", "-c", &command],
            cwd: &cwd,
            env: &env,
            timeout: Duration::from_secs(timeout_s.into()),
            held: &held,
        };
        process.run(execution).await
    }
}

/// `text`, if an interpreter can be given it as one argument.
pub(super) fn runnable<'t>(
    parameters: &Parameters,
    name: &str,
    text: &'t str,
) -> Result<&'t str, ToolInputError> {
    let problem = if text.trim().is_empty() {
        format!("needs something to run as `{name}`")
    } else if text.contains('\0') {
        format!("cannot run a `{name}` with a NUL character in it")
    } else if text.len() > LONGEST_SOURCE {
        format!(
            "takes at most {LONGEST_SOURCE} bytes as `{name}`: write it to a file with \
             `write_file` and run that"
        )
    } else {
        return Ok(text);
    };
    Err(parameters.error(&problem))
}

/// The workspace, as an action names it.
pub(super) fn working_directory(context: &ToolContext) -> Result<String, ToolInputError> {
    match context.workspace.to_str() {
        Some(path) => Ok(path.to_owned()),
        None => Err(ToolInputError::new("the path of the workspace is not UTF-8")),
    }
}

/// What is asked for, or what the configuration says.
pub(super) fn timeout_s(asked: Option<u64>, context: &ToolContext) -> u32 {
    let seconds = asked.unwrap_or_else(|| context.timeout.as_secs().max(1));
    u32::try_from(seconds).unwrap_or(u32::MAX)
}
