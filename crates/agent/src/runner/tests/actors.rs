//! A tool that writes down what it is told, and a model that follows a script.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_domain::permit::PermittedAction;
use countersign_domain::runs::ToolStatus;
use countersign_ports::model_provider::{
    ModelCall, ModelError, ModelMessage, ModelProvider, ModelReply, ModelRequest, ToolSpec,
};
use serde_json::{Map, Value, json};
use tokio::sync::mpsc;

use super::world::{World, exec};
use crate::tools::{Execution, Plan, Tool, ToolContext, ToolInputError, ToolOutput};

/// A terminal that only writes down what it is told to run. `hang` ends when it is cancelled,
/// `deaf` does not even then, `gong` when the gong sounds, `panic` panics.
pub(crate) struct Probe(pub(crate) Arc<World>);

#[async_trait]
impl Tool for Probe {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: "terminal",
            description: "writes down",
            parameters: json!({"type": "object"}),
        }
    }

    fn plan(
        &self,
        arguments: &Map<String, Value>,
        _: &ToolContext,
    ) -> Result<Plan, ToolInputError> {
        let command = arguments.get("command").and_then(Value::as_str);
        let command = command.ok_or_else(|| ToolInputError::new("`terminal` needs `command`"))?;
        Ok(Plan::Effect(exec(command)))
    }

    async fn execute(&self, action: PermittedAction, execution: &Execution) -> ToolOutput {
        let command = action.into_action().text().to_owned();
        self.0.change(|state| state.executed.push(command.clone()));
        if command.contains("hang") {
            execution.cancel.cancelled().await;
            return ToolOutput::new(ToolStatus::Cancelled, "stopped");
        }
        if command.contains("deaf") {
            std::future::pending::<()>().await;
        }
        if command.contains("gong") {
            self.0.gong.notified().await;
        }
        assert!(!command.contains("panic"), "told to");
        ToolOutput::new(ToolStatus::Ok, format!("did {command}"))
    }
}

/// A model that gives these replies, one an attempt.
pub(crate) struct Scripted {
    name: &'static str,
    pub(crate) replies: Mutex<VecDeque<Result<ModelReply, ModelError>>>,
    pub(crate) requests: Mutex<Vec<ModelRequest>>,
}

impl Scripted {
    pub(crate) fn new(
        replies: impl IntoIterator<Item = Result<ModelReply, ModelError>>,
    ) -> Arc<Self> {
        Self::named("scripted", replies)
    }

    pub(crate) fn named(
        name: &'static str,
        replies: impl IntoIterator<Item = Result<ModelReply, ModelError>>,
    ) -> Arc<Self> {
        Arc::new(Self {
            name,
            replies: Mutex::new(replies.into_iter().collect()),
            requests: Mutex::new(Vec::new()),
        })
    }

    pub(crate) fn told(&self) -> Vec<ModelMessage> {
        self.requests.lock().unwrap().last().unwrap().messages.clone()
    }
}

#[async_trait]
impl ModelProvider for Scripted {
    fn model(&self) -> &'static str {
        self.name
    }

    fn context_tokens(&self) -> usize {
        100_000
    }

    async fn complete(
        &self,
        request: &ModelRequest,
        deltas: &mpsc::Sender<String>,
    ) -> Result<ModelReply, ModelError> {
        self.requests.lock().unwrap().push(request.clone());
        let reply = self.replies.lock().unwrap().pop_front().expect("no reply left");
        let text = match &reply {
            Ok(reply) => reply.text.clone(),
            Err(ModelError::Broken(_)) => "half of".to_owned(),
            Err(_) => String::new(),
        };
        for word in text.split_inclusive(' ') {
            deltas.send(word.to_owned()).await.unwrap();
        }
        reply
    }
}

#[expect(clippy::unnecessary_wraps, reason = "it stands beside errors in a script")]
pub(crate) fn says(text: &str) -> Result<ModelReply, ModelError> {
    Ok(ModelReply { text: text.to_owned(), ..ModelReply::default() })
}

/// A reply that asks for these calls: tools and arguments.
pub(crate) fn reply_with(list: &[(&str, &str)]) -> ModelReply {
    let calls = list.iter().enumerate().map(|(n, (tool, arguments))| ModelCall {
        id: format!("c{n}"),
        tool: (*tool).to_owned(),
        arguments: (*arguments).to_owned(),
    });
    ModelReply { calls: calls.collect(), ..ModelReply::default() }
}
