//! Runs: one piece of work of the agent, and the journal that lets it go on after a crash.

mod cost;
mod event;
mod journal;
mod response;
mod state;
mod thinking;

pub use cost::{Cost, InvalidPrice, Price, Prices};
pub use event::{
    ApprovalNotice, ApprovalRaised, Attention, Covers, Event, EventRecord, ExecutionNotice,
    ExecutionOutcome, Progress, ShownFinding, Stream,
};
pub use journal::{
    Entry, EntryBody, ProposedCall, Question, ToolCall, ToolCallState, ToolResult, ToolStatus,
};
pub use response::{AsResponse, Keeping};
pub use state::{
    Course, Run, RunFailure, RunState, RunStatus, Session, Spent, StopRequest, ThirdParty, Usage,
};
pub use thinking::{Thinking, ThinkingBlock, Thought};
