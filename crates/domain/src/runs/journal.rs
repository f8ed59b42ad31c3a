//! The journal of a run: what was said, which tools were called and what they gave back.
//!
//! Every entry is stored before the next step begins, so that a run can go on from its journal
//! after the process has died.

use serde::{Deserialize, Serialize};

use crate::ids::{ApprovalId, CallId, MessageId, RunId, SessionId};
use crate::runs::Thinking;
use crate::time::Timestamp;

/// One message of a conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The conversation.
    pub session_id: SessionId,
    /// The run that added it.
    pub run_id: RunId,
    /// Place within the run, from 0.
    pub position: u32,
    /// When it was added.
    pub at: Timestamp,
    /// What was said.
    pub body: EntryBody,
}

/// What was said, and by whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "role", rename_all = "snake_case")]
pub enum EntryBody {
    /// The caller's own instructions within a given history.
    System {
        /// The text.
        text: String,
    },
    /// The person.
    User {
        /// The text.
        text: String,
    },
    /// Somebody outside, in a service chat. What they say is data for the model, never a wish of the
    /// person.
    ThirdParty {
        /// Who, as people know them.
        from: String,
        /// An unguessable mark, between two of which the model is given the text.
        mark: String,
        /// The text.
        text: String,
    },
    /// The model: text, and the tool calls that it wants.
    Assistant {
        /// The attempt that ended well.
        message_id: MessageId,
        /// The text, possibly empty.
        text: String,
        /// The calls, in the model's order.
        calls: Vec<ProposedCall>,
        /// What it thought before, where its server wants that back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        thinking: Option<Thinking>,
    },
}

/// A tool call as the model asked for it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedCall {
    /// The gateway's id of the call.
    pub id: CallId,
    /// The model's own id of the call, given back to it with the result.
    pub provider_id: String,
    /// The tool's name.
    pub tool: String,
    /// The arguments, as the model wrote them: not yet known to be JSON.
    pub arguments: String,
}

/// One tool call and what has become of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolCall {
    /// The call.
    pub call: ProposedCall,
    /// The run.
    pub run_id: RunId,
    /// The position of the assistant entry that asked for it.
    pub entry: u32,
    /// Its place among the calls of that entry, from 0.
    pub index: u32,
    /// What has become of it.
    pub state: ToolCallState,
}

/// Where a tool call stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ToolCallState {
    /// Nothing has been done about it.
    Proposed,
    /// A person is asked whether it may run.
    AwaitingApproval {
        /// The question.
        approval_id: ApprovalId,
    },
    /// A person is asked the agent's own question.
    AwaitingAnswer {
        /// The question.
        question: Question,
    },
    /// Its effect may have started.
    Started {
        /// When.
        at: Timestamp,
        /// The approval that let it, if a person did.
        approval_id: Option<ApprovalId>,
    },
    /// It has a result.
    Done {
        /// The result.
        result: ToolResult,
    },
}

/// A question that the agent puts to the person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Question {
    /// What is asked.
    pub text: String,
}

/// What a tool call came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolResult {
    /// In one word.
    pub status: ToolStatus,
    /// What the model sees: inert, redacted, capped.
    pub content: String,
    /// The process's exit status, for calls that are processes.
    pub exit_code: Option<i32>,
    /// From start to end, in milliseconds.
    pub duration_ms: u64,
}

/// What a tool call came to, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ToolStatus {
    /// It did what it was asked to.
    Ok,
    /// A person said no.
    Denied,
    /// Nobody answered in time, or the decision was not used in time.
    Expired,
    /// The guard forbids it.
    Blocked,
    /// It could not be done, or failed.
    Error,
    /// It may have run: the gateway stopped in the middle.
    Indeterminate,
    /// The run was stopped.
    Cancelled,
}

impl ToolStatus {
    /// The word that people and models see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Blocked => "blocked",
            Self::Error => "error",
            Self::Indeterminate => "indeterminate",
            Self::Cancelled => "cancelled",
        }
    }
}
