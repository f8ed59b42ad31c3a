//! A run in JSON.

use countersign_domain::identity::Principal;
use countersign_domain::ids::{ApprovalId, CallId, RunId, SessionId};
use countersign_domain::runs::{RunFailure, RunState, RunStatus, Spent, Usage};
use countersign_domain::time::Timestamp;
use countersign_gateway::RunView;
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// A run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Run)]
pub(crate) struct RunBody {
    #[schema(example = "run")]
    object: &'static str,
    #[schema(value_type = String, example = "run_0198c0de00007000800000000000000a")]
    run_id: RunId,
    #[schema(value_type = String, example = "sess_0198c0de00007000800000000000000b")]
    session_id: SessionId,
    #[schema(inline)]
    status: StatusWord,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    updated_at: Timestamp,
    /// Who started it: `operator`, `api:NAME` or `platform:id`.
    #[schema(value_type = String, example = "api:ci")]
    requested_by: Principal,
    /// The name of its last event.
    #[schema(example = "run.completed")]
    last_event: Option<&'static str>,
    /// What it was given, oldest first.
    input: Vec<MessageBody>,
    /// Its approvals that nobody has decided, oldest first.
    #[schema(value_type = Vec<String>)]
    pending_approvals: Vec<ApprovalId>,
    /// The question that it waits for an answer to.
    question: Option<QuestionBody>,
    /// The agent's last words, once it is `completed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    /// Tokens used, once the model has been asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage: Option<UsageBody>,
    /// The same by model; the one that answered last is the last one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    models: Vec<ModelUsageBody>,
    /// What it has cost in US dollars, if the price of every model that answered was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "0.0123")]
    cost_usd: Option<String>,
    /// Why it ended without an answer, once it is `failed`.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<RunErrorBody>,
    /// What the caller attached.
    metadata: Map<String, Value>,
}

/// One message that a run was given.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Message)]
pub(crate) struct MessageBody {
    #[schema(example = "user")]
    role: &'static str,
    content: String,
}

/// A question of the agent that nobody has answered.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Question)]
pub(crate) struct QuestionBody {
    #[schema(value_type = String)]
    call_id: CallId,
    text: String,
}

/// Tokens that the model reported.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Usage)]
#[expect(clippy::struct_field_names, reason = "the names of the API")]
pub(crate) struct UsageBody {
    input_tokens: u64,
    output_tokens: u64,
    total_tokens: u64,
    /// Those of the input that the model's server had kept from earlier requests.
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_read_tokens: Option<u64>,
    /// Those of the input that it has kept for later ones, for a price.
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_write_tokens: Option<u64>,
}

/// What one model was used for in a run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ModelUsage)]
pub(crate) struct ModelUsageBody {
    #[schema(example = "gpt-4.1")]
    model: String,
    #[serde(flatten)]
    usage: UsageBody,
    /// What it has cost in US dollars, if its price was known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "0.0123")]
    cost_usd: Option<String>,
}

/// Why a run ended without an answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RunError)]
pub(crate) struct RunErrorBody {
    #[schema(example = "model_unavailable")]
    code: String,
    message: String,
}

/// An accepted run.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RunStarted)]
pub(crate) struct StartedBody {
    #[schema(example = "run")]
    pub(super) object: &'static str,
    #[schema(value_type = String, example = "run_0198c0de00007000800000000000000a")]
    pub(super) run_id: RunId,
    #[schema(value_type = String, example = "sess_0198c0de00007000800000000000000b")]
    pub(super) session_id: SessionId,
    #[schema(example = "queued")]
    pub(super) status: &'static str,
}

/// Where a run stands after a request to stop it, or after an answer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RunStatus)]
pub(crate) struct RunStatusBody {
    #[schema(example = "run")]
    pub(super) object: &'static str,
    #[schema(value_type = String)]
    pub(super) run_id: RunId,
    #[schema(inline)]
    pub(super) status: StatusWord,
}

/// Where a run stands.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum StatusWord {
    Queued,
    Running,
    WaitingForApproval,
    WaitingForAnswer,
    Stopping,
    Completed,
    Failed,
    Cancelled,
}

impl From<RunStatus> for StatusWord {
    fn from(status: RunStatus) -> Self {
        match status {
            RunStatus::Queued => Self::Queued,
            RunStatus::Running => Self::Running,
            RunStatus::WaitingForApproval => Self::WaitingForApproval,
            RunStatus::WaitingForAnswer => Self::WaitingForAnswer,
            RunStatus::Stopping => Self::Stopping,
            RunStatus::Completed => Self::Completed,
            RunStatus::Failed => Self::Failed,
            RunStatus::Cancelled => Self::Cancelled,
        }
    }
}

impl From<RunView> for RunBody {
    fn from(view: RunView) -> Self {
        let run = view.run;
        let status = run.status();
        let cost_usd = run.cost().map(|cost| cost.to_string());
        let (output, error) = match run.state {
            RunState::Completed { output } => (Some(output), None),
            RunState::Failed { failure } => (None, Some(failure.into())),
            RunState::Queued
            | RunState::Running
            | RunState::WaitingForApproval
            | RunState::WaitingForAnswer
            | RunState::Stopping(_)
            | RunState::Cancelled(_) => (None, None),
        };
        let input = view.input.into_iter();
        Self {
            object: "run",
            run_id: run.id,
            session_id: run.session_id,
            status: status.into(),
            created_at: run.created_at,
            updated_at: run.updated_at,
            requested_by: run.requested_by,
            last_event: view.last_event,
            input: input.map(|m| MessageBody { role: m.role, content: m.text }).collect(),
            pending_approvals: view.pending_approvals,
            question: view.question.map(|q| QuestionBody { call_id: q.call_id, text: q.text }),
            output,
            usage: (run.steps > 0).then(|| run.usage.into()),
            models: run.spent.into_iter().map(ModelUsageBody::from).collect(),
            cost_usd,
            error,
            metadata: run.metadata,
        }
    }
}

impl From<Spent> for ModelUsageBody {
    fn from(spent: Spent) -> Self {
        let cost_usd = spent.cost.map(|cost| cost.to_string());
        Self { model: spent.model, usage: spent.usage.into(), cost_usd }
    }
}

impl From<Usage> for UsageBody {
    fn from(usage: Usage) -> Self {
        Self {
            input_tokens: usage.input_tokens,
            output_tokens: usage.output_tokens,
            total_tokens: usage.input_tokens.saturating_add(usage.output_tokens),
            cache_read_tokens: Some(usage.cache_read_tokens).filter(|&count| count > 0),
            cache_write_tokens: Some(usage.cache_write_tokens).filter(|&count| count > 0),
        }
    }
}

impl From<RunFailure> for RunErrorBody {
    fn from(failure: RunFailure) -> Self {
        Self { code: failure.code, message: failure.message }
    }
}
