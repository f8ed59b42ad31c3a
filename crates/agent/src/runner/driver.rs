//! The task that drives one run.

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::ids::RunId;
use countersign_domain::runs::RunStatus;
use countersign_domain::time::Timestamp;
use countersign_ports::run_journal::{Ended, Parked, RunEnd, Snapshot};
use countersign_ports::store::StoreError;
use tokio::sync::Notify;

use super::agent::Shared;
use super::backoff::Backoff;
use super::calls::Progress;
use super::model_call::ModelOutcome;
use super::running_tools::RunningTools;
use super::step::{Calls, Step, next_step};

/// Drives one run from what the store says, one step after the other.
pub(super) struct Driver {
    pub(super) shared: Arc<Shared>,
    pub(super) run: RunId,
    pub(super) tools: RunningTools,
    /// Whether a decision may have come since the gate was last asked.
    pub(super) claims_due: bool,
    signal: Arc<Notify>,
    /// Since when work has been counted that the store does not know of.
    counted_from: Timestamp,
    /// Grows while the store says to go on and nothing comes of it.
    idle: Backoff,
}

/// What follows a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// Reading the store and the next step.
    Read,
    /// The same, after what is left of a crash has been settled.
    Open,
    /// Nothing: the run is over, waits, or is left to the next process.
    LetGo,
}

impl Driver {
    pub(super) fn new(shared: Arc<Shared>, run: RunId, signal: Arc<Notify>) -> Self {
        Self {
            tools: RunningTools::new(shared.parts.limits.parallel_tools),
            claims_due: true,
            signal,
            counted_from: shared.parts.clock.now(),
            idle: Backoff::for_store(),
            shared,
            run,
        }
    }

    /// Drives the run until there is nothing to do. After an error this may be called again:
    /// tools go on working meanwhile.
    pub(super) async fn drive(&mut self) -> Result<(), StoreError> {
        let mut next = if self.tools.is_empty() { Next::Open } else { Next::Read };
        loop {
            if self.shared.draining.is_cancelled() {
                self.tools.all_ended().await;
                return Ok(());
            }
            let snapshot = match next {
                Next::LetGo => return Ok(()),
                Next::Open => self.open().await?,
                Next::Read => Some(self.read().await?),
            };
            next = match snapshot {
                Some(snapshot) => self.advance(&snapshot).await?,
                None => Next::LetGo,
            };
        }
    }

    /// Kills what is at work; the store keeps what it has.
    pub(super) async fn cut_off(&mut self) {
        self.tools.kill().await;
    }

    async fn open(&mut self) -> Result<Option<Snapshot>, StoreError> {
        self.note_wake();
        self.claims_due = true;
        self.shared.parts.journal.open(self.run).await
    }

    async fn read(&mut self) -> Result<Snapshot, StoreError> {
        self.note_wake();
        self.shared.parts.journal.read(self.run).await
    }

    /// Before reading: what is called out from here on is seen in the next round.
    fn note_wake(&mut self) {
        self.claims_due |= self.shared.registry.take_wake(self.run);
    }

    async fn advance(&mut self, snapshot: &Snapshot) -> Result<Next, StoreError> {
        let spent = self.spent(snapshot);
        match next_step(snapshot, &self.shared.parts.limits, spent) {
            Step::Over => {
                self.tools.cancel().await;
                self.shared.parts.journal.let_go(self.run).await?;
                Ok(Next::LetGo)
            }
            Step::Stop => self.end(RunEnd::Stopped).await,
            Step::Fail(failure) => self.end(RunEnd::Failed(failure)).await,
            Step::Complete { output } => self.end(RunEnd::Completed { output }).await,
            Step::CallModel => self.call_model(snapshot).await,
            Step::Calls(calls) => self.go_on_with(&calls, snapshot).await,
        }
    }

    async fn end(&mut self, end: RunEnd) -> Result<Next, StoreError> {
        self.tools.cancel().await;
        match self.shared.parts.journal.end(self.run, end).await? {
            Ended::Over => Ok(Next::LetGo),
            Ended::GoOn => Ok(Next::Read),
        }
    }

    async fn call_model(&mut self, snapshot: &Snapshot) -> Result<Next, StoreError> {
        let outcome = tokio::select! {
            outcome = self.shared.call_model(snapshot) => outcome?,
            () = self.stopped() => return Ok(Next::Read),
            () = self.out_of_time(snapshot) => return Ok(Next::Read),
        };
        match outcome {
            ModelOutcome::Replied => Ok(Next::Read),
            ModelOutcome::Failed(failure) => self.end(RunEnd::Failed(failure)).await,
        }
    }

    async fn go_on_with(&mut self, calls: &Calls, snapshot: &Snapshot) -> Result<Next, StoreError> {
        if self.take_to_gate(calls).await? == Progress::Made {
            self.idle = Backoff::for_store();
            return Ok(Next::Read);
        }
        if !self.tools.is_empty() {
            self.something_happens(snapshot).await;
            return Ok(Next::Read);
        }
        if calls.started > 0 {
            // Started, but not by this task: its permit was lost with an error or a crash.
            tokio::time::sleep(self.idle.pause(None)).await;
            return Ok(Next::Open);
        }
        self.park().await
    }

    async fn park(&mut self) -> Result<Next, StoreError> {
        let now = self.shared.parts.clock.now();
        let active = now.since(self.counted_from).as_millis();
        let active_ms = u64::try_from(active).unwrap_or(u64::MAX);
        let parked = self.shared.parts.journal.park(self.run, active_ms).await?;
        match parked {
            Parked::Waiting => {
                self.counted_from = now;
                Ok(Next::LetGo)
            }
            Parked::GoOn => {
                self.claims_due = true;
                tokio::time::sleep(self.idle.pause(None)).await;
                Ok(Next::Read)
            }
        }
    }

    /// Returns when a tool has ended, somebody called, or the time is up.
    async fn something_happens(&mut self, snapshot: &Snapshot) {
        let out_of_time = self.shared.parts.clock.sleep_until(self.deadline(snapshot));
        tokio::select! {
            () = self.tools.one_ended() => {}
            () = self.signal.notified() => {}
            () = out_of_time => {}
        }
    }

    /// Returns when the run is to stop, or is over.
    async fn stopped(&self) {
        loop {
            self.signal.notified().await;
            let status = self.shared.parts.journal.status(self.run).await;
            match status {
                Ok(status) if must_stop(status) => return,
                Ok(_) => {}
                Err(_) => {
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    self.signal.notify_one();
                }
            }
        }
    }

    async fn out_of_time(&self, snapshot: &Snapshot) {
        let deadline = self.deadline(snapshot);
        self.shared.parts.clock.sleep_until(deadline).await;
    }

    fn spent(&self, snapshot: &Snapshot) -> Duration {
        let uncounted = self.shared.parts.clock.now().since(self.counted_from);
        Duration::from_millis(snapshot.run.active_ms) + uncounted
    }

    fn deadline(&self, snapshot: &Snapshot) -> Timestamp {
        let before = Duration::from_millis(snapshot.run.active_ms);
        let left = self.shared.parts.limits.max_run_time.saturating_sub(before);
        self.counted_from.after(left)
    }
}

fn must_stop(status: RunStatus) -> bool {
    status == RunStatus::Stopping || status.is_final()
}
