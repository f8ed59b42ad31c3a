//! `clarify`: asks the person and waits for the answer.

use async_trait::async_trait;
use countersign_domain::permit::PermittedAction;
use countersign_domain::runs::Question;
use countersign_ports::model_provider::ToolSpec;
use serde_json::{Map, Value};

use super::arguments::{Kind, Need, Parameter, Parameters, ToolInputError};
use super::output::ToolOutput;
use super::tool::{Execution, Plan, Tool, ToolContext};

pub(super) struct Clarify;

const NAME: &str = "clarify";

/// Longer questions than this are essays.
const LONGEST_QUESTION: usize = 8 * 1024;

const PARAMETERS: Parameters = Parameters {
    tool: NAME,
    list: &[Parameter {
        name: "question",
        kind: Kind::Text,
        need: Need::Required,
        about: "The question, understandable on its own.",
    }],
};

#[async_trait]
impl Tool for Clarify {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: NAME,
            description: "Asks the person a question and waits for the answer. Use it when the \
                          task cannot be done well without knowing.",
            parameters: PARAMETERS.schema(),
        }
    }

    fn plan(
        &self,
        arguments: &Map<String, Value>,
        _: &ToolContext,
    ) -> Result<Plan, ToolInputError> {
        let text = PARAMETERS.check(arguments)?.text("question").trim();
        if text.is_empty() || text.len() > LONGEST_QUESTION {
            return Err(
                PARAMETERS.error(&format!("needs a question of 1 to {LONGEST_QUESTION} bytes"))
            );
        }
        Ok(Plan::Ask(Question { text: text.to_owned() }))
    }

    async fn execute(&self, _: PermittedAction, _: &Execution) -> ToolOutput {
        ToolOutput::not_mine(NAME)
    }
}
