//! The tools of an agent, by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_domain::display::inert;
use countersign_domain::permit::PermittedAction;
use countersign_domain::runs::{ProposedCall, ToolStatus};
use countersign_domain::strict_json;
use countersign_ports::delivery::Messengers;
use countersign_ports::model_provider::ToolSpec;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::arguments::ToolInputError;
use super::clarify::Clarify;
use super::execute_code::ExecuteCode;
use super::http_request::HttpRequest;
use super::output::{ToolOutput, head_and_tail};
use super::read_file::ReadFile;
use super::sending::Sending;
use super::service_chats::{ListRecentChats, ReplyServiceConversation, StartServiceConversation};
use super::terminal::Terminal;
use super::tool::{Execution, Plan, Tool, ToolContext};
use super::write_file::WriteFile;

/// Tools, and what they work with.
#[derive(Clone)]
pub struct Toolbox {
    tools: BTreeMap<&'static str, Arc<dyn Tool>>,
    context: Arc<ToolContext>,
}

impl Toolbox {
    /// The tools that every agent has.
    pub fn builtin(context: ToolContext) -> Self {
        Self::of(
            context,
            [
                Arc::new(Terminal) as Arc<dyn Tool>,
                Arc::new(ExecuteCode),
                Arc::new(ReadFile),
                Arc::new(WriteFile),
                Arc::new(HttpRequest::default()),
                Arc::new(Clarify),
            ],
        )
    }

    /// These tools.
    pub fn of(context: ToolContext, tools: impl IntoIterator<Item = Arc<dyn Tool>>) -> Self {
        let named = tools.into_iter().map(|tool| (tool.spec().name, tool));
        Self { tools: named.collect(), context: Arc::new(context) }
    }

    /// The same, and the tools for what can be sent: none where nothing is configured.
    #[must_use]
    pub fn and_sending(mut self, sending: Sending) -> Self {
        for tool in sending.tools() {
            self.tools.insert(tool.spec().name, tool);
        }
        self
    }

    /// The same, and the tools of service conversations, whose messages are carried by these.
    #[must_use]
    pub fn and_service_chats(mut self, messengers: &Messengers) -> Self {
        let tools: [Arc<dyn Tool>; 3] = [
            Arc::new(ListRecentChats),
            Arc::new(StartServiceConversation { messengers: messengers.clone() }),
            Arc::new(ReplyServiceConversation { messengers: messengers.clone() }),
        ];
        for tool in tools {
            self.tools.insert(tool.spec().name, tool);
        }
        self
    }

    /// What the model is told of them, by name.
    pub fn specs(&self) -> Vec<ToolSpec> {
        self.tools.values().map(|tool| tool.spec()).collect()
    }

    /// What `call` wants, or what is wrong with it, in words for the model.
    pub fn plan(&self, call: &ProposedCall) -> Result<Plan, ToolInputError> {
        let tool = self.tool(&call.tool)?;
        tool.plan(&read_arguments(call)?, &self.context)
    }

    /// Does for `call` what is permitted, and presents what comes of it: inert, without secrets,
    /// not too long.
    pub async fn execute(
        &self,
        call: &ProposedCall,
        action: PermittedAction,
        cancel: CancellationToken,
    ) -> ToolOutput {
        let output = match (self.tool(&call.tool), read_arguments(call)) {
            (Ok(tool), Ok(arguments)) => {
                let execution = Execution {
                    call: call.id,
                    arguments,
                    cancel,
                    context: Arc::clone(&self.context),
                };
                tool.execute(action, &execution).await
            }
            (Err(error), _) | (_, Err(error)) => {
                ToolOutput::new(ToolStatus::Error, error.to_string())
            }
        };
        let shown = inert(&self.context.redactor.redact(&output.content));
        ToolOutput { content: head_and_tail(&shown, self.context.output.shown), ..output }
    }

    fn tool(&self, name: &str) -> Result<&Arc<dyn Tool>, ToolInputError> {
        self.tools.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.tools.keys().copied().collect();
            let name: String = name.chars().take(80).collect();
            ToolInputError::new(format!(
                "there is no tool `{name}`; there are `{}`",
                names.join("`, `")
            ))
        })
    }
}

fn read_arguments(call: &ProposedCall) -> Result<Map<String, Value>, ToolInputError> {
    // Some models send nothing at all for a call without arguments.
    if call.arguments.trim().is_empty() {
        return Ok(Map::new());
    }
    // What is read in one way only becomes an action.
    match strict_json::read(&call.arguments) {
        Ok(Value::Object(arguments)) => Ok(arguments),
        Ok(_) => Err(ToolInputError::new(format!(
            "the arguments of `{}` are not a JSON object; write {{\"name\": value, …}}",
            call.tool
        ))),
        Err(error) => Err(ToolInputError::new(format!(
            "the arguments of `{}` are not valid JSON ({error}); write one JSON object",
            call.tool
        ))),
    }
}
