//! `read_file`: the text of a file.

use std::io::Read as _;

use async_trait::async_trait;
use countersign_domain::action::Action;
use countersign_domain::permit::PermittedAction;
use countersign_domain::runs::ToolStatus;
use countersign_ports::model_provider::ToolSpec;
use serde_json::{Map, Value};

use super::arguments::{Kind, Need, Parameter, Parameters, ToolInputError};
use super::files::{open_file, resolve};
use super::output::{ToolOutput, head_and_tail};
use super::tool::{Execution, Plan, Tool, ToolContext};

pub(super) struct ReadFile;

const NAME: &str = "read_file";

/// Larger files are for the terminal.
const LARGEST: u64 = 16 * 1024 * 1024;

/// A NUL this early means that a file is not text.
const SNIFFED: usize = 8192;

/// Bytes left for the notes around a text that is cut.
const NOTES: usize = 256;

const PARAMETERS: Parameters = Parameters {
    tool: NAME,
    list: &[
        Parameter {
            name: "path",
            kind: Kind::Text,
            need: Need::Required,
            about: "The file; a relative path is one in the workspace.",
        },
        Parameter {
            name: "offset",
            kind: Kind::Integer(1, u32::MAX as u64),
            need: Need::Optional,
            about: "The first line wanted, from 1.",
        },
        Parameter {
            name: "limit",
            kind: Kind::Integer(1, u32::MAX as u64),
            need: Need::Optional,
            about: "How many lines are wanted.",
        },
    ],
};

#[async_trait]
impl Tool for ReadFile {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: NAME,
            description: "Reads a text file, or some lines of it.",
            parameters: PARAMETERS.schema(),
        }
    }

    fn plan(
        &self,
        arguments: &Map<String, Value>,
        context: &ToolContext,
    ) -> Result<Plan, ToolInputError> {
        let path = PARAMETERS.check(arguments)?.text("path");
        let path = resolve(&PARAMETERS, path, &context.workspace)?;
        Ok(Plan::Effect(Action::FileRead { path }))
    }

    async fn execute(&self, action: PermittedAction, execution: &Execution) -> ToolOutput {
        let Action::FileRead { path } = action.into_action() else {
            return ToolOutput::not_mine(NAME);
        };
        let reading = tokio::task::spawn_blocking(move || read(&path));
        match reading.await {
            Ok(Ok(text)) => present(&text, execution),
            Ok(Err(problem)) => ToolOutput::error(problem),
            Err(error) => ToolOutput::error(format!("reading broke off: {error}")),
        }
    }
}

fn read(path: &str) -> Result<String, String> {
    let file = open_file(path).map_err(|error| error.to_string())?;
    let meta = file.metadata().map_err(|error| format!("`{path}`: {error}"))?;
    if meta.is_dir() {
        return Err(format!("`{path}` is a directory; list it with `terminal`"));
    }
    if !meta.is_file() {
        return Err(format!("`{path}` is not a regular file"));
    }
    if meta.len() > LARGEST {
        return Err(format!(
            "`{path}` has {} bytes, more than the {LARGEST} that can be read at once; read a part \
             of it with `terminal`",
            meta.len()
        ));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST).read_to_end(&mut bytes).map_err(|error| format!("`{path}`: {error}"))?;
    if bytes.iter().take(SNIFFED).any(|byte| *byte == 0) {
        return Err(format!("`{path}` is a binary file of {} bytes; it is not shown", bytes.len()));
    }
    let size = bytes.len();
    String::from_utf8(bytes).map_err(|_| {
        format!("`{path}` is a binary file of {size} bytes (no UTF-8); it is not shown")
    })
}

fn present(text: &str, execution: &Execution) -> ToolOutput {
    let number = |name: &str| {
        let number = execution.arguments.get(name).and_then(Value::as_u64);
        number.and_then(|number| usize::try_from(number).ok())
    };
    let offset = number("offset").unwrap_or(1);
    let limit = number("limit").unwrap_or(usize::MAX);
    let lines = text.split_inclusive('\n');
    let wanted: String = lines.skip(offset.saturating_sub(1)).take(limit).collect();
    if wanted.is_empty() {
        let count = text.lines().count();
        return ToolOutput::new(ToolStatus::Ok, format!("(nothing: the file has {count} lines)"));
    }
    let room = execution.context.output.shown.saturating_sub(NOTES);
    let mut shown = head_and_tail(&wanted, room);
    if wanted.len() > room {
        shown.push_str("\n(read the rest with `offset` and `limit`)");
    }
    ToolOutput::new(ToolStatus::Ok, shown)
}
