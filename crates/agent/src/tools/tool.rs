//! What every tool is.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::action::Action;
use countersign_domain::ids::CallId;
use countersign_domain::permit::PermittedAction;
use countersign_domain::redaction::Redactor;
use countersign_domain::runs::Question;
use countersign_ports::effect_gate::ServiceRequest;
use countersign_ports::model_provider::ToolSpec;
use serde_json::{Map, Value};
use tokio_util::sync::CancellationToken;

use super::arguments::ToolInputError;
use super::output::{OutputLimits, ToolOutput};

/// One thing that the model can call.
#[async_trait]
pub trait Tool: Send + Sync + 'static {
    /// What the model is told of it.
    fn spec(&self) -> ToolSpec;

    /// What a call with these arguments wants to do. Has no effect.
    fn plan(
        &self,
        arguments: &Map<String, Value>,
        context: &ToolContext,
    ) -> Result<Plan, ToolInputError>;

    /// Does what is permitted, and nothing else.
    async fn execute(&self, action: PermittedAction, execution: &Execution) -> ToolOutput;
}

/// What a call wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// An effect: for the gate to decide.
    Effect(Action),
    /// An answer from the person.
    Ask(Question),
    /// Something of service conversations: for the gate to look up, and to decide.
    Converse(ServiceRequest),
}

/// What tools work with.
#[derive(Debug, Clone)]
pub struct ToolContext {
    /// The directory that the agent works in: absolute, every symbolic link resolved.
    pub workspace: PathBuf,
    /// The whole environment of processes that tools start.
    pub env: BTreeMap<String, String>,
    /// Time after which a tool is killed, unless the call itself asks for another.
    pub timeout: Duration,
    /// How much output is shown and kept.
    pub output: OutputLimits,
    /// Masks secrets in what tools return.
    pub redactor: Arc<Redactor>,
    /// The port of the gateway's own listener, where no request goes.
    pub own_port: Option<u16>,
}

/// One execution of a tool.
#[derive(Debug, Clone)]
pub struct Execution {
    /// The call.
    pub call: CallId,
    /// Its arguments, for how a result is presented, never for what is done: that is in the
    /// action.
    pub arguments: Map<String, Value>,
    /// Cancelled when the run is stopped.
    pub cancel: CancellationToken,
    /// What there is to work with.
    pub context: Arc<ToolContext>,
}
