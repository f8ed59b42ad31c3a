//! Events: what readers of a run's stream, and of the approvals' stream, are told.
//!
//! Events are stored in the transaction that they tell of and numbered there; streams only replay
//! the store. The JSON of [`EventRecord`] is the wire format of the HTTP API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::approvals::{Approval, Audience, Choice, OutcomeStatus, Status, TriedBefore, Vote};
use crate::assessment::{FindingId, Revealed, Span};
use crate::digest::Digest;
use crate::files::BoundFile;
use crate::identity::{Actor, Principal};
use crate::ids::{ApprovalId, CallId, MessageId, RunId, SessionId};
use crate::outbound::ShownAttachment;
use crate::runs::{ToolStatus, Usage};
use crate::time::Timestamp;
use crate::verdict::Severity;

/// An event in its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EventRecord {
    /// The run it belongs to.
    pub run_id: RunId,
    /// Place within the run, from 1, without gaps.
    pub seq: u64,
    /// Place among all events of this store, increasing.
    pub global_seq: u64,
    /// When.
    pub timestamp: Timestamp,
    /// What.
    pub event: Event,
}

/// Which stream is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stream {
    /// All events of one run, numbered by `seq`.
    Run(RunId),
    /// The approval events of all runs, numbered by `global_seq`.
    Approvals,
}

/// What happened. The name in `event` is the one in the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event")]
pub enum Event {
    /// The run has begun.
    #[serde(rename = "run.started")]
    RunStarted {
        /// The conversation.
        session_id: SessionId,
        /// The model at work.
        model: String,
    },
    /// The run goes on after a restart of the gateway.
    #[serde(rename = "run.recovered")]
    RunRecovered {},
    /// A model does not answer: another one is asked instead.
    #[serde(rename = "model.fallback")]
    ModelFellBack {
        /// The one that does not answer.
        from: String,
        /// The one that is asked now.
        to: String,
        /// Why.
        reason: String,
    },
    /// A piece of the model's text.
    #[serde(rename = "message.delta")]
    MessageDelta {
        /// The attempt that it belongs to; text of an attempt that never completes is void.
        message_id: MessageId,
        /// The text to append.
        delta: String,
    },
    /// The model's whole text of one message.
    #[serde(rename = "message.completed")]
    MessageCompleted {
        /// The attempt that ended well.
        message_id: MessageId,
        /// The text.
        text: String,
        /// Tokens that this one answer took; absent where the model has not told, and in old events.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        usage: Option<Usage>,
    },
    /// A tool call has begun: it is being looked at, asked about or run.
    #[serde(rename = "tool.started")]
    ToolStarted {
        /// The call.
        call_id: CallId,
        /// The tool.
        tool: String,
        /// The beginning of what it is about to do, in one line.
        preview: String,
    },
    /// A tool call has a result.
    #[serde(rename = "tool.completed")]
    ToolCompleted {
        /// The call.
        call_id: CallId,
        /// The tool.
        tool: String,
        /// In one word.
        status: ToolStatus,
        /// Whether it is anything but `ok`.
        error: bool,
        /// From start to end, in milliseconds.
        duration_ms: u64,
        /// The beginning of the result.
        output: String,
    },
    /// The agent asks the person something.
    #[serde(rename = "clarify.required")]
    ClarifyRequired {
        /// The call.
        call_id: CallId,
        /// The question.
        question: String,
    },
    /// The person has answered.
    #[serde(rename = "clarify.answered")]
    ClarifyAnswered {
        /// The call.
        call_id: CallId,
        /// The answer.
        answer: String,
    },
    /// A person must decide.
    #[serde(rename = "approval.required")]
    ApprovalRequired(Box<ApprovalRaised>),
    /// Something about a pending approval has changed.
    #[serde(rename = "approval.updated")]
    ApprovalUpdated {
        /// The approval.
        approval_id: ApprovalId,
        /// What: `reminded`, `joined`, `voted`, `routed`, `escalated` or `edited`.
        change: String,
        /// Until when it is open.
        expires_at: Option<Timestamp>,
        /// How many must agree, how many have, and for how many calls; absent in old events.
        #[serde(flatten)]
        progress: Option<Progress>,
    },
    /// An approval has ended, in whatever way.
    #[serde(rename = "approval.resolved")]
    ApprovalResolved(ApprovalNotice),
    /// An approved effect has ended, or its end is not known.
    #[serde(rename = "approval.executed")]
    ApprovalExecuted(ExecutionNotice),
    /// The run has ended with an answer.
    #[serde(rename = "run.completed")]
    RunCompleted {
        /// The agent's last words.
        output: String,
        /// Tokens used.
        usage: Usage,
    },
    /// The run has ended without an answer.
    #[serde(rename = "run.failed")]
    RunFailed {
        /// Why.
        error: super::RunFailure,
    },
    /// The run was stopped.
    #[serde(rename = "run.cancelled")]
    RunCancelled {
        /// By whom.
        by: Actor,
    },
}

/// The card of an approval: the same facts on every surface. Secrets are masked here, never in
/// what runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalRaised {
    /// The approval.
    pub approval_id: ApprovalId,
    /// The conversation.
    pub session_id: SessionId,
    /// The kind of action.
    pub kind: crate::action::ActionKind,
    /// What will run, for `exec` and `code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// The interpreter, for `code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// The working directory, for `exec` and `code`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cwd: Option<String>,
    /// Where it goes, for the other kinds: method and URL, or path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// What goes there, for the other kinds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// The files that go with it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<ShownAttachment>,
    /// What it would really run, where the text above does not say so: to be quoted on the card,
    /// marked as decoded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revealed: Vec<Revealed>,
    /// The environment of the process, for `exec` and `code`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub env: BTreeMap<String, String>,
    /// Files that it runs or reads, bound by their content.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<BoundFile>,
    /// Why it is asked, in one sentence.
    pub description: String,
    /// Why it is asked, most important first.
    pub findings: Vec<ShownFinding>,
    /// Digest of what will run.
    pub digest: Digest,
    /// What may be answered.
    pub choices: Vec<Choice>,
    /// What the lasting choices would cover.
    pub covers: Covers,
    /// On whose behalf.
    pub requested_by: Principal,
    /// When it was asked.
    pub created_at: Timestamp,
    /// Until when.
    pub expires_at: Option<Timestamp>,
    /// For how many calls, how many must agree, what was denied before, who else is asked.
    #[serde(flatten)]
    pub attention: Attention,
}

/// What people should know of a question besides the action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    /// How many identical calls the decision is for.
    #[serde(default = "one")]
    pub count: u32,
    /// How many distinct approvers must agree.
    #[serde(default = "one")]
    pub votes_needed: u32,
    /// Who has agreed so far, where one is not enough.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub votes: Vec<Vote>,
    /// Earlier denials of the same effect in this run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tried_before: Vec<TriedBefore>,
    /// Who is shown the card, and whether it reached them.
    #[serde(default)]
    pub audiences: Vec<Audience>,
}

/// How far a pending approval has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Progress {
    /// How many identical calls the decision is for.
    pub count: u32,
    /// How many have agreed.
    pub votes_given: u32,
    /// How many must.
    pub votes_needed: u32,
}

impl Progress {
    /// How far `approval` has come.
    pub fn of(approval: &Approval) -> Self {
        Self {
            count: approval.count(),
            votes_given: u32::try_from(approval.votes.len()).unwrap_or(u32::MAX),
            votes_needed: approval.needed,
        }
    }
}

impl Default for Attention {
    fn default() -> Self {
        let (votes, tried_before, audiences) = (Vec::new(), Vec::new(), Vec::new());
        Self { count: 1, votes_needed: 1, votes, tried_before, audiences }
    }
}

const fn one() -> u32 {
    1
}

/// A finding as people see it; its span points into the shown text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShownFinding {
    /// What kind of danger.
    pub id: FindingId,
    /// How bad it would be.
    pub severity: Severity,
    /// Where, in bytes of the shown text.
    pub span: Span,
    /// One plain sentence.
    pub message: String,
}

/// What the lasting choices would cover, in a sentence each; absent when not offered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covers {
    /// What `session` would cover.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// What `always` would cover.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub always: Option<String>,
}

/// How an approval ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalNotice {
    /// The approval.
    pub approval_id: ApprovalId,
    /// `approved`, `denied`, `expired` or `cancelled`.
    pub status: Status,
    /// The answer, if a person gave one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub choice: Option<Choice>,
    /// The person's reason.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Who decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<Principal>,
}

/// How an approved effect ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExecutionNotice {
    /// The approval.
    pub approval_id: ApprovalId,
    /// `ok`, `failed`, `indeterminate` or `lapsed`.
    pub outcome: ExecutionOutcome,
    /// The process's exit status.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// From claim to end, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
}

/// How an approved effect ended, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionOutcome {
    /// It did what it was meant to.
    Ok,
    /// It ran and reported a failure.
    Failed,
    /// It may have run.
    Indeterminate,
    /// It never started.
    Lapsed,
}

impl From<OutcomeStatus> for ExecutionOutcome {
    fn from(status: OutcomeStatus) -> Self {
        match status {
            OutcomeStatus::Ok => Self::Ok,
            OutcomeStatus::Failed => Self::Failed,
        }
    }
}

impl Event {
    /// The name in the API.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RunStarted { .. } => "run.started",
            Self::RunRecovered {} => "run.recovered",
            Self::ModelFellBack { .. } => "model.fallback",
            Self::MessageDelta { .. } => "message.delta",
            Self::MessageCompleted { .. } => "message.completed",
            Self::ToolStarted { .. } => "tool.started",
            Self::ToolCompleted { .. } => "tool.completed",
            Self::ClarifyRequired { .. } => "clarify.required",
            Self::ClarifyAnswered { .. } => "clarify.answered",
            Self::ApprovalRequired(_) => "approval.required",
            Self::ApprovalUpdated { .. } => "approval.updated",
            Self::ApprovalResolved(_) => "approval.resolved",
            Self::ApprovalExecuted(_) => "approval.executed",
            Self::RunCompleted { .. } => "run.completed",
            Self::RunFailed { .. } => "run.failed",
            Self::RunCancelled { .. } => "run.cancelled",
        }
    }

    /// Whether the approvals' own stream carries it.
    pub const fn is_about_approval(&self) -> bool {
        match self {
            Self::ApprovalRequired(_)
            | Self::ApprovalUpdated { .. }
            | Self::ApprovalResolved(_)
            | Self::ApprovalExecuted(_) => true,
            Self::RunStarted { .. }
            | Self::RunRecovered {}
            | Self::ModelFellBack { .. }
            | Self::MessageDelta { .. }
            | Self::MessageCompleted { .. }
            | Self::ToolStarted { .. }
            | Self::ToolCompleted { .. }
            | Self::ClarifyRequired { .. }
            | Self::ClarifyAnswered { .. }
            | Self::RunCompleted { .. }
            | Self::RunFailed { .. }
            | Self::RunCancelled { .. } => false,
        }
    }

    /// Whether a run's stream ends with it.
    pub const fn is_final(&self) -> bool {
        match self {
            Self::RunCompleted { .. } | Self::RunFailed { .. } | Self::RunCancelled { .. } => true,
            Self::RunStarted { .. }
            | Self::RunRecovered {}
            | Self::ModelFellBack { .. }
            | Self::MessageDelta { .. }
            | Self::MessageCompleted { .. }
            | Self::ToolStarted { .. }
            | Self::ToolCompleted { .. }
            | Self::ClarifyRequired { .. }
            | Self::ClarifyAnswered { .. }
            | Self::ApprovalRequired(_)
            | Self::ApprovalUpdated { .. }
            | Self::ApprovalResolved(_)
            | Self::ApprovalExecuted(_) => false,
        }
    }
}
