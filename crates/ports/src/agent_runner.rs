//! What the gateway asks of the agent.

use async_trait::async_trait;
use countersign_domain::ids::RunId;

/// Drives runs.
#[async_trait]
pub trait AgentRunner: Send + Sync + 'static {
    /// Something about `run` has changed in the store: it was queued, an approval of it was
    /// decided, its question was answered, its stop was asked for. May be called too often; a call
    /// is never lost while the process lives, and runs are found in the store after a restart.
    fn wake(&self, run: RunId);

    /// The same, if this process drives `run`; otherwise nothing.
    fn nudge(&self, run: RunId);

    /// Another node has all of this one's work: kills what is at work, and returns when nothing is.
    /// What is called out meanwhile and later is heard again.
    async fn let_go(&self);
}
