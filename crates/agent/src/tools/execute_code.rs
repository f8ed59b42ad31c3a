//! `execute_code`: a script for an interpreter, without a shell in between.

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
use super::terminal::{TIMEOUT, runnable, timeout_s, working_directory};
use super::tool::{Execution, Plan, Tool, ToolContext};

pub(super) struct ExecuteCode;

const NAME: &str = "execute_code";

/// How an interpreter is given a script as an argument.
struct Interpreter {
    language: &'static str,
    program: &'static str,
    before_source: &'static [&'static str],
}

const INTERPRETERS: [Interpreter; 6] = [
    Interpreter {
        language: "bash",
        program: "bash",
        before_source: &["--noprofile", "--norc", "-c"],
    },
    Interpreter { language: "sh", program: "sh", before_source: &["-c"] },
    Interpreter { language: "python", program: "python3", before_source: &["-c"] },
    Interpreter { language: "node", program: "node", before_source: &["-e"] },
    Interpreter { language: "perl", program: "perl", before_source: &["-e"] },
    Interpreter { language: "ruby", program: "ruby", before_source: &["-e"] },
];

const PARAMETERS: Parameters = Parameters {
    tool: NAME,
    list: &[
        Parameter {
            name: "language",
            kind: Kind::Text,
            need: Need::Required,
            about: "bash, sh, python, node, perl or ruby.",
        },
        Parameter {
            name: "source",
            kind: Kind::Text,
            need: Need::Required,
            about: "The script, as the interpreter gets it.",
        },
        TIMEOUT,
    ],
};

#[async_trait]
impl Tool for ExecuteCode {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: NAME,
            description: "Runs a script with an interpreter in the workspace and returns what it \
                          writes.",
            parameters: PARAMETERS.schema(),
        }
    }

    fn plan(
        &self,
        arguments: &Map<String, Value>,
        context: &ToolContext,
    ) -> Result<Plan, ToolInputError> {
        let arguments = PARAMETERS.check(arguments)?;
        let language = arguments.text("language");
        let interpreter = interpreter(language).ok_or_else(|| unknown(language))?;
        let source = runnable(&PARAMETERS, "source", arguments.text("source"))?;
        Ok(Plan::Effect(Action::Code {
            language: interpreter.language.to_owned(),
            source: source.to_owned(),
            cwd: working_directory(context)?,
            env: context.env.clone(),
            timeout_s: timeout_s(arguments.integer("timeout_s"), context),
            files: Vec::new(),
        }))
    }

    async fn execute(&self, action: PermittedAction, execution: &Execution) -> ToolOutput {
        let Action::Code { language, source, cwd, env, timeout_s, files } = action.into_action()
        else {
            return ToolOutput::not_mine(NAME);
        };
        let Some(interpreter) = interpreter(&language) else {
            return ToolOutput::error(unknown(&language).to_string());
        };
        let held = match hold(files).await {
            Ok(held) => held,
            Err(changed) => return changed.into(),
        };
        let arguments = [interpreter.before_source, &[&source]].concat();
        let process = Process {
            program: interpreter.program,
            arguments: &arguments,
            cwd: &cwd,
            env: &env,
            timeout: Duration::from_secs(timeout_s.into()),
            held: &held,
        };
        process.run(execution).await
    }
}

fn interpreter(language: &str) -> Option<&'static Interpreter> {
    INTERPRETERS.iter().find(|one| one.language == language)
}

fn unknown(language: &str) -> ToolInputError {
    let names = INTERPRETERS.map(|one| one.language).join("`, `");
    let language: String = language.chars().take(40).collect();
    PARAMETERS.error(&format!("does not know the language `{language}`, only `{names}`"))
}
