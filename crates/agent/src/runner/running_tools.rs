//! The tools of one run that are at work.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_domain::ids::{CallId, RunId};
use countersign_domain::permit::PermittedAction;
use countersign_domain::runs::{ProposedCall, ToolResult, ToolStatus};
use countersign_ports::store::StoreError;
use futures::FutureExt as _;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::agent::Shared;
use super::backoff::Backoff;
use crate::tools::ToolOutput;

/// How long a cancelled tool may take to clean up before it is dropped.
const CANCEL_GRACE: Duration = Duration::from_secs(5);

/// Tools at work, each of which records its own result. Dropping this kills them.
#[derive(Debug)]
pub(super) struct RunningTools {
    set: JoinSet<()>,
    cancel: CancellationToken,
    capacity: usize,
}

impl RunningTools {
    pub(super) fn new(capacity: usize) -> Self {
        Self { set: JoinSet::new(), cancel: CancellationToken::new(), capacity }
    }

    /// Starts `call` at once, now that `action` is permitted; whether there is room was to be seen
    /// before that.
    pub(super) fn start(
        &mut self,
        shared: &Arc<Shared>,
        run: RunId,
        call: ProposedCall,
        action: PermittedAction,
    ) {
        let task = ToolTask { shared: Arc::clone(shared), run, call, cancel: self.cancel.clone() };
        self.set.spawn(task.work(action));
    }

    /// Whether none is at work.
    pub(super) fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// Whether one more may be taken on.
    pub(super) fn has_room(&self) -> bool {
        self.set.len() < self.capacity
    }

    /// Returns when one of them has ended; at once if there is none.
    pub(super) async fn one_ended(&mut self) {
        // How it ended is recorded by the task itself.
        drop(self.set.join_next().await);
    }

    /// Returns when all have ended by themselves.
    pub(super) async fn all_ended(&mut self) {
        while self.set.join_next().await.is_some() {}
    }

    /// Cancels all and returns when each has recorded that.
    pub(super) async fn cancel(&mut self) {
        self.cancel.cancel();
        self.all_ended().await;
        self.cancel = CancellationToken::new();
    }

    /// Kills all; nothing more is recorded.
    pub(super) async fn kill(&mut self) {
        self.set.shutdown().await;
    }
}

struct ToolTask {
    shared: Arc<Shared>,
    run: RunId,
    call: ProposedCall,
    cancel: CancellationToken,
}

impl ToolTask {
    async fn work(self, action: PermittedAction) {
        let begun = Instant::now();
        let execution = AssertUnwindSafe(self.execute(action)).catch_unwind();
        let output = execution.await.unwrap_or_else(|_| {
            tracing::error!(run = %self.run, call = %self.call.id, tool = self.call.tool, "a tool panicked");
            ToolOutput::new(ToolStatus::Indeterminate, "the tool crashed; it may have done its work or a part of it")
        });
        let duration_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let result = ToolResult {
            status: output.status,
            content: output.content,
            exit_code: output.exit_code,
            duration_ms,
        };
        // What cannot be recorded is logged there and settled when the run is opened again.
        drop(self.shared.finish(self.run, self.call.id, result).await);
    }

    async fn execute(&self, action: PermittedAction) -> ToolOutput {
        if self.cancel.is_cancelled() {
            return ToolOutput::new(ToolStatus::Cancelled, "stopped before it began");
        }
        let tools = &self.shared.parts.tools;
        let work = tools.execute(&self.call, action, self.cancel.clone());
        tokio::select! {
            output = work => output,
            () = self.overdue() => {
                ToolOutput::new(ToolStatus::Cancelled, "stopped while it was at work")
            }
        }
    }

    async fn overdue(&self) {
        self.cancel.cancelled().await;
        tokio::time::sleep(CANCEL_GRACE).await;
    }
}

impl Shared {
    /// Records what a call came to, as often as it takes to reach the store.
    pub(super) async fn finish(
        &self,
        run: RunId,
        call: CallId,
        result: ToolResult,
    ) -> Result<(), StoreError> {
        /// A result that meets others' changes this often will not get through.
        const MOST_CONFLICTS: u32 = 20;
        let mut backoff = Backoff::for_store();
        let mut conflicts = 0;
        loop {
            let error = match self.parts.gate.finish(run, call, result.clone()).await {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            conflicts += u32::from(matches!(error, StoreError::Conflict(_)));
            match &error {
                StoreError::Unavailable(_) => {}
                StoreError::Conflict(_) if conflicts < MOST_CONFLICTS => {}
                StoreError::Conflict(_)
                | StoreError::Expelled
                | StoreError::Missing(_)
                | StoreError::Broken { .. }
                | StoreError::Unreadable { .. } => {
                    tracing::error!(%run, %call, %error, "the result of a tool call cannot be recorded");
                    return Err(error);
                }
            }
            tokio::time::sleep(backoff.pause(None)).await;
        }
    }
}
