//! The journal that a run is driven from, and goes on from after a crash.

use async_trait::async_trait;
use countersign_domain::ids::{MessageId, RunId};
use countersign_domain::runs::{Entry, Run, RunFailure, RunStatus, ToolCall};

use crate::model_provider::ModelReply;
use crate::store::StoreError;

/// Records the steps of runs. Implemented by the gateway alone.
#[async_trait]
pub trait RunJournal: Send + Sync + 'static {
    /// Takes a run up: marks it running, says so on its stream, and settles what a crash left
    /// (calls that were started and not finished become `indeterminate`). `None` if there is
    /// nothing to drive: the run is over, or an older run of its session is not.
    async fn open(&self, run: RunId) -> Result<Option<Snapshot>, StoreError>;

    /// The run as the store has it now. What people have said to it meanwhile is part of it as soon
    /// as the calls before it are done.
    async fn read(&self, run: RunId) -> Result<Snapshot, StoreError>;

    /// Where the run stands. Other than [`Self::read`], this may be asked while its model is at
    /// work.
    async fn status(&self, run: RunId) -> Result<RunStatus, StoreError>;

    /// A piece of the model's text.
    async fn delta(&self, run: RunId, message: MessageId, text: String) -> Result<(), StoreError>;

    /// A model does not answer, and another one is asked instead.
    async fn fell_back(&self, run: RunId, fallback: Fallback) -> Result<(), StoreError>;

    /// The model's complete reply; its calls become `proposed`.
    async fn reply(
        &self,
        run: RunId,
        message: MessageId,
        reply: ModelReply,
    ) -> Result<(), StoreError>;

    /// Nothing is being done: lets the run wait, unless something changed meanwhile.
    /// `active_ms` is the time spent working since the run was last opened or parked.
    async fn park(&self, run: RunId, active_ms: u64) -> Result<Parked, StoreError>;

    /// Ends the run; a completed one only if nobody has said anything to it that its model has not
    /// read.
    async fn end(&self, run: RunId, end: RunEnd) -> Result<Ended, StoreError>;

    /// Nothing is being done, and the run is over: another node may look after it.
    async fn let_go(&self, run: RunId) -> Result<(), StoreError>;

    /// Runs that are not over and can go on now, oldest first: for the start of the process.
    async fn unfinished(&self) -> Result<Vec<RunId>, StoreError>;

    /// A new id for an attempt at a message.
    fn new_message(&self) -> MessageId;
}

/// A run and its conversation.
#[derive(Debug, Clone, PartialEq)]
pub struct Snapshot {
    /// The run.
    pub run: Run,
    /// The conversation of the session up to now, oldest first: earlier runs and this one.
    pub entries: Vec<Entry>,
    /// The tool calls of these entries, in order.
    pub calls: Vec<ToolCall>,
}

/// One model in the place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fallback {
    /// The one that does not answer.
    pub from: String,
    /// The one that is asked now.
    pub to: String,
    /// Why.
    pub reason: String,
}

/// Whether a run waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parked {
    /// It waits; whoever drives it may let go.
    Waiting,
    /// There is something to do after all.
    GoOn,
}

/// Whether a run has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// It has.
    Over,
    /// It was spoken to: it goes on.
    GoOn,
}

/// How a run ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RunEnd {
    /// With the agent's last words.
    Completed {
        /// The words.
        output: String,
    },
    /// Without.
    Failed(RunFailure),
    /// As somebody asked.
    Stopped,
}
