//! Responses in JSON.

use countersign_domain::ids::MessageId;
use countersign_domain::runs::{Run, RunFailure, RunState, RunStatus, Usage};
use countersign_gateway::ResponseView;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::id::ResponseId;

/// A response.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Response)]
pub(crate) struct ResponseBody {
    /// `resp_` and the digits of the run's id.
    #[schema(value_type = String, example = "resp_0198c0de00007000800000000000000a")]
    id: ResponseId,
    #[schema(example = "response")]
    object: &'static str,
    /// In seconds since 1970.
    created_at: i64,
    /// `queued`, `in_progress` (also while it waits for people), `completed`, `failed` or
    /// `cancelled`.
    #[schema(example = "completed")]
    pub(super) status: &'static str,
    background: bool,
    pub(super) error: Option<ResponseErrorBody>,
    incomplete_details: Option<()>,
    instructions: Option<String>,
    max_output_tokens: Option<u64>,
    metadata: Map<String, Value>,
    #[schema(example = "countersign")]
    model: String,
    /// What the agent said, oldest first.
    pub(super) output: Vec<OutputItemBody>,
    parallel_tool_calls: bool,
    #[schema(value_type = Option<String>)]
    previous_response_id: Option<ResponseId>,
    /// Whether it can be read later.
    store: bool,
    temperature: Option<f64>,
    #[schema(value_type = Value)]
    text: Value,
    /// `auto`.
    #[schema(example = "auto")]
    tool_choice: &'static str,
    /// Empty: the agent's tools are its own.
    tools: Vec<Value>,
    top_p: Option<f64>,
    /// `disabled`.
    #[schema(example = "disabled")]
    truncation: &'static str,
    /// Tokens used by all that the run asked of the model.
    pub(super) usage: Option<ResponseUsageBody>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = ResponseError)]
pub(crate) struct ResponseErrorBody {
    #[schema(example = "model_unavailable")]
    code: String,
    message: String,
}

/// One message of the agent.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = OutputMessage)]
pub(crate) struct OutputItemBody {
    #[schema(value_type = String, example = "msg_0198c0de00007000800000000000000d")]
    pub(super) id: MessageId,
    #[schema(example = "message")]
    r#type: &'static str,
    /// `in_progress`, `completed` or, if it was begun anew, `incomplete`.
    #[schema(example = "completed")]
    status: &'static str,
    #[schema(example = "assistant")]
    role: &'static str,
    content: Vec<OutputTextBody>,
}

/// A text.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = OutputText)]
pub(crate) struct OutputTextBody {
    #[schema(example = "output_text")]
    r#type: &'static str,
    text: String,
    annotations: Vec<Value>,
    logprobs: Vec<Value>,
}

/// Tokens used.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = ResponseUsage)]
pub(crate) struct ResponseUsageBody {
    input_tokens: u64,
    input_tokens_details: CachedBody,
    output_tokens: u64,
    output_tokens_details: ReasoningBody,
    total_tokens: u64,
}

/// Of the tokens read, those that the model's server had kept from earlier requests.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[schema(as = InputTokensDetails)]
pub(crate) struct CachedBody {
    cached_tokens: u64,
}

/// Not counted.
#[derive(Debug, Clone, Copy, Default, Serialize, ToSchema)]
#[schema(as = OutputTokensDetails)]
pub(crate) struct ReasoningBody {
    reasoning_tokens: u64,
}

impl ResponseBody {
    /// A response whose answers are called by the name of `model`.
    pub(super) fn of(view: ResponseView, model: String) -> Self {
        let ResponseView { run, previous, kept, messages } = view;
        let output = messages.into_iter().map(|(id, text)| OutputItemBody::completed(id, text));
        let error = match &run.state {
            RunState::Failed { failure } => Some(failure.clone().into()),
            RunState::Queued
            | RunState::Running
            | RunState::WaitingForApproval
            | RunState::WaitingForAnswer
            | RunState::Stopping(_)
            | RunState::Completed { .. }
            | RunState::Cancelled(_) => None,
        };
        Self {
            id: ResponseId(run.id),
            object: "response",
            created_at: run.created_at.as_millis() / 1000,
            status: status(run.status()),
            background: false,
            error,
            incomplete_details: None,
            max_output_tokens: None,
            model,
            output: output.collect(),
            parallel_tool_calls: true,
            previous_response_id: previous.map(ResponseId),
            store: kept,
            temperature: None,
            text: serde_json::json!({"format": {"type": "text"}}),
            tool_choice: "auto",
            tools: Vec::new(),
            top_p: None,
            truncation: "disabled",
            usage: used(&run),
            instructions: run.instructions,
            metadata: run.metadata,
        }
    }
}

fn used(run: &Run) -> Option<ResponseUsageBody> {
    run.status().is_final().then(|| run.usage.into())
}

const fn status(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Queued => "queued",
        RunStatus::Running
        | RunStatus::WaitingForApproval
        | RunStatus::WaitingForAnswer
        | RunStatus::Stopping => "in_progress",
        RunStatus::Completed => "completed",
        RunStatus::Failed => "failed",
        RunStatus::Cancelled => "cancelled",
    }
}

impl OutputItemBody {
    /// A message that has begun.
    pub(super) const fn begun(id: MessageId) -> Self {
        let (status, role) = ("in_progress", "assistant");
        Self { id, r#type: "message", status, role, content: Vec::new() }
    }

    /// A whole message.
    pub(super) fn completed(id: MessageId, text: String) -> Self {
        let content = vec![OutputTextBody::new(text)];
        Self { status: "completed", content, ..Self::begun(id) }
    }

    /// A message that broke off.
    pub(super) fn broken_off(id: MessageId, text: String) -> Self {
        Self { status: "incomplete", ..Self::completed(id, text) }
    }
}

impl OutputTextBody {
    pub(super) const fn new(text: String) -> Self {
        Self { r#type: "output_text", text, annotations: Vec::new(), logprobs: Vec::new() }
    }
}

impl From<RunFailure> for ResponseErrorBody {
    fn from(RunFailure { code, message }: RunFailure) -> Self {
        Self { code, message }
    }
}

impl From<Usage> for ResponseUsageBody {
    fn from(usage: Usage) -> Self {
        Self {
            input_tokens: usage.input_tokens,
            input_tokens_details: CachedBody { cached_tokens: usage.cache_read_tokens },
            output_tokens: usage.output_tokens,
            output_tokens_details: ReasoningBody::default(),
            total_tokens: usage.input_tokens.saturating_add(usage.output_tokens),
        }
    }
}
