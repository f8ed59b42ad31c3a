//! What the gateway asks of the agent.

use countersign_domain::ids::RunId;

/// Drives runs.
pub trait AgentRunner: Send + Sync + 'static {
    /// Something about `run` has changed in the store: it was queued, an approval of it was
    /// decided, its question was answered, its stop was asked for. May be called too often; a call
    /// is never lost while the process lives, and runs are found in the store after a restart.
    fn wake(&self, run: RunId);
}
