//! The one way from a tool call to its effect.

use async_trait::async_trait;
use countersign_domain::action::Action;
use countersign_domain::ids::{ApprovalId, CallId, RunId};
use countersign_domain::permit::PermittedAction;
use countersign_domain::runs::{Question, ToolResult};

use crate::store::StoreError;

/// Decides, through the store, what becomes of a tool call. Implemented by the gateway alone.
#[async_trait]
pub trait EffectGate: Send + Sync + 'static {
    /// Assesses what a proposed call wants to do. When this returns `Run`, the call is recorded as
    /// started and must be finished; when it returns `Waiting`, the question is open; after `NoSlot`
    /// the call is to be proposed again.
    async fn propose(
        &self,
        run: RunId,
        call: CallId,
        action: Action,
        slot: Slot,
    ) -> Result<Passage, StoreError>;

    /// Asks again about a call that waits for an approval, after something has changed.
    async fn claim(&self, run: RunId, call: CallId) -> Result<Passage, StoreError>;

    /// Puts the agent's own question to the person; the call then waits for the answer.
    async fn ask(&self, run: RunId, call: CallId, question: Question) -> Result<(), StoreError>;

    /// Does what a call wants of service conversations, as their policy lets it. A list is recorded
    /// as the call's result at once; a message is proposed like any other effect.
    async fn converse(
        &self,
        run: RunId,
        call: CallId,
        request: ServiceRequest,
        slot: Slot,
    ) -> Result<Passage, StoreError>;

    /// Records what a call came to, whether it was started or could not even be proposed.
    async fn finish(&self, run: RunId, call: CallId, result: ToolResult) -> Result<(), StoreError>;
}

/// What a call wants of service conversations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServiceRequest {
    /// The recent chats.
    Recent {
        /// At most so many.
        limit: usize,
        /// Which kinds.
        groups: Groups,
    },
    /// A first message to somebody.
    Start {
        /// To whom: a number, a JID or the name of a recent chat.
        target: String,
        /// What for.
        purpose: String,
        /// The whole text.
        message: String,
    },
    /// A further message.
    Reply {
        /// To whom; `None` for the chat that the conversation is with.
        target: Option<String>,
        /// The whole text.
        message: String,
    },
}

/// Whether chats with several people are listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Groups {
    /// They are not.
    #[default]
    Left,
    /// They are.
    Listed,
}

/// Whether what may start can start at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slot {
    /// It can.
    Free,
    /// Others must end first. Nothing is started meanwhile: what was permitted now could be
    /// forbidden by then.
    Taken,
}

/// What becomes of a tool call now.
#[derive(Debug)]
pub enum Passage {
    /// It is started: run exactly this, once, and record the result.
    Run(PermittedAction),
    /// A person is asked.
    Waiting(ApprovalId),
    /// It could start if there was room. Nothing is recorded.
    NoSlot,
    /// It will not run, or there was nothing to run; the result is recorded already.
    Refused(ToolResult),
}
