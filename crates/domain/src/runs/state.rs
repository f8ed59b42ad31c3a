//! What a run and a session are at any moment.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::identity::{Actor, Principal};
use crate::ids::{RunId, SessionId};
use crate::runs::{AsResponse, Cost, Prices};
use crate::service_conversations::ServiceChatId;
use crate::time::Timestamp;

/// One conversation, which runs share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Who began it.
    pub created_by: Principal,
    /// When.
    pub created_at: Timestamp,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// One piece of work of the agent, from an input to an end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Run {
    /// Its id.
    pub id: RunId,
    /// The conversation that it belongs to.
    pub session_id: SessionId,
    /// Who started it.
    pub requested_by: Principal,
    /// Instructions for this run, added to the agent's own.
    pub instructions: Option<String>,
    /// The model asked for; `None` for the configured one.
    pub model: Option<String>,
    /// What the caller attached; never read by the gateway.
    pub metadata: Map<String, Value>,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When its state last changed.
    pub updated_at: Timestamp,
    /// Where it stands.
    pub state: RunState,
    /// Journal entries so far.
    pub entries: u32,
    /// Model calls made so far.
    pub steps: u32,
    /// Milliseconds spent working, not waiting for people.
    pub active_ms: u64,
    /// Tokens used so far.
    pub usage: Usage,
    /// The same by model; the one that answered last is the last one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub spent: Vec<Spent>,
    /// What people have said to it while it worked, and its model has not read yet.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub steered: Vec<String>,
    /// Earlier runs of its session that were taken back: its model does not see them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub without: Vec<RunId>,
    /// What ends it.
    #[serde(default, skip_serializing_if = "Course::is_conversation")]
    pub course: Course,
    /// Whose words have begun it, if they were a third party's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub third_party: Option<ThirdParty>,
    /// What it is as a response, if it was asked for as one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response: Option<AsResponse>,
}

/// A third party whose words have begun a run: nobody follows them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ThirdParty {
    /// The chat in which they were said.
    pub chat: ServiceChatId,
    /// The tools that the run is given. Whatever else it asks for is put to people.
    pub tools: BTreeSet<String>,
}

/// What ends a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Course {
    /// A reply of the model that asks for nothing more.
    #[default]
    Conversation,
    /// Its first calls: no model takes part.
    Calls,
    /// The decision about an action that another program carries out.
    Foreign,
}

impl Course {
    /// Whether a model takes part.
    pub const fn is_conversation(&self) -> bool {
        matches!(self, Self::Conversation)
    }
}

/// Tokens that the model reported.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Tokens read by the model, those included that its server had kept from earlier requests.
    pub input_tokens: u64,
    /// Tokens written by the model.
    pub output_tokens: u64,
    /// Those of the read tokens that its server had kept from earlier requests.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cache_read_tokens: u64,
    /// Those of the read tokens that its server has kept for later requests, for a price.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cache_write_tokens: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Usage {
    /// Both together.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            cache_read_tokens: self.cache_read_tokens.saturating_add(other.cache_read_tokens),
            cache_write_tokens: self.cache_write_tokens.saturating_add(other.cache_write_tokens),
        }
    }
}

/// What one model has been used for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spent {
    /// Its name.
    pub model: String,
    /// Tokens.
    pub usage: Usage,
    /// What all of them have cost, if the price was known for each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost: Option<Cost>,
}

/// Where a run stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum RunState {
    /// Accepted, not begun.
    Queued,
    /// The model or a tool is at work.
    Running,
    /// Nothing goes on until a person decides.
    WaitingForApproval,
    /// Nothing goes on until a person answers the agent's question.
    WaitingForAnswer,
    /// Somebody asked for a stop; what runs is being killed.
    Stopping(StopRequest),
    /// Ended with an answer.
    Completed {
        /// The agent's last words.
        output: String,
    },
    /// Ended without one.
    Failed {
        /// Why.
        failure: RunFailure,
    },
    /// Ended because somebody stopped it.
    Cancelled(StopRequest),
}

/// Who stopped a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopRequest {
    /// Who.
    pub by: Actor,
    /// When.
    pub at: Timestamp,
    /// Why the run counts as failed once it has stopped; `None` if it was simply cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<RunFailure>,
}

/// Why a run ended without an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunFailure {
    /// A stable code, such as `model_unavailable`.
    pub code: String,
    /// What happened and what to do, for a person.
    pub message: String,
}

/// The name of a run's state, without what it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RunStatus {
    /// [`RunState::Queued`].
    Queued,
    /// [`RunState::Running`].
    Running,
    /// [`RunState::WaitingForApproval`].
    WaitingForApproval,
    /// [`RunState::WaitingForAnswer`].
    WaitingForAnswer,
    /// [`RunState::Stopping`].
    Stopping,
    /// [`RunState::Completed`].
    Completed,
    /// [`RunState::Failed`].
    Failed,
    /// [`RunState::Cancelled`].
    Cancelled,
}

impl RunStatus {
    /// Every status.
    pub const ALL: [Self; 8] = [
        Self::Queued,
        Self::Running,
        Self::WaitingForApproval,
        Self::WaitingForAnswer,
        Self::Stopping,
        Self::Completed,
        Self::Failed,
        Self::Cancelled,
    ];

    /// The word that people and the API see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::WaitingForApproval => "waiting_for_approval",
            Self::WaitingForAnswer => "waiting_for_answer",
            Self::Stopping => "stopping",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }

    /// The status named `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Whether nothing follows it.
    pub const fn is_final(self) -> bool {
        match self {
            Self::Completed | Self::Failed | Self::Cancelled => true,
            Self::Queued
            | Self::Running
            | Self::WaitingForApproval
            | Self::WaitingForAnswer
            | Self::Stopping => false,
        }
    }
}

impl RunState {
    /// The name of this state.
    pub const fn status(&self) -> RunStatus {
        match self {
            Self::Queued => RunStatus::Queued,
            Self::Running => RunStatus::Running,
            Self::WaitingForApproval => RunStatus::WaitingForApproval,
            Self::WaitingForAnswer => RunStatus::WaitingForAnswer,
            Self::Stopping(_) => RunStatus::Stopping,
            Self::Completed { .. } => RunStatus::Completed,
            Self::Failed { .. } => RunStatus::Failed,
            Self::Cancelled(_) => RunStatus::Cancelled,
        }
    }
}

impl Run {
    /// The name of the state.
    pub const fn status(&self) -> RunStatus {
        self.state.status()
    }

    /// Counts a reply of `model`, which has these prices, if they are known.
    pub fn spend(&mut self, model: &str, usage: Usage, prices: Option<&Prices>) {
        self.usage = self.usage.and(usage);
        let cost = prices.map(|prices| prices.cost(&usage));
        let known = self.spent.iter().position(|spent| spent.model == model);
        let next = match known.map(|at| self.spent.remove(at)) {
            None => Spent { model: model.to_owned(), usage, cost },
            Some(before) => Spent {
                usage: before.usage.and(usage),
                cost: before.cost.zip(cost).map(|(before, now)| before.and(now)),
                ..before
            },
        };
        self.spent.push(next);
    }

    /// What it has cost, if that is known of all of it.
    pub fn cost(&self) -> Option<Cost> {
        let (first, rest) = self.spent.split_first()?;
        rest.iter().try_fold(first.cost?, |sum, spent| Some(sum.and(spent.cost?)))
    }

    /// The same run in another state.
    #[must_use]
    pub fn moved(&self, state: RunState, now: Timestamp) -> Self {
        Self { state, updated_at: now, ..self.clone() }
    }
}
