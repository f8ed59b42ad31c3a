//! The agent as the gateway sees it: woken, resumed, drained.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::display::inert;
use countersign_domain::ids::RunId;
use countersign_domain::redaction::Redactor;
use countersign_domain::runs::RunFailure;
use countersign_ports::agent_runner::AgentRunner;
use countersign_ports::clock::Clock;
use countersign_ports::effect_gate::EffectGate;
use countersign_ports::model_provider::ModelProvider;
use countersign_ports::run_journal::{RunEnd, RunJournal};
use countersign_ports::store::StoreError;
use futures::FutureExt as _;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::backoff::Backoff;
use super::driver::Driver;
use super::registry::Registry;
use crate::limits::Limits;
use crate::tools::Toolbox;

/// What an agent is made of.
pub struct AgentParts {
    /// Where runs are recorded.
    pub journal: Arc<dyn RunJournal>,
    /// Who decides about effects.
    pub gate: Arc<dyn EffectGate>,
    /// The language model.
    pub provider: Arc<dyn ModelProvider>,
    /// Those that are asked, in this order, when it does not answer.
    pub fallbacks: Vec<Arc<dyn ModelProvider>>,
    /// What the model may call.
    pub tools: Toolbox,
    /// The time, for the limit on a run's working time.
    pub clock: Arc<dyn Clock>,
    /// How far a run may go.
    pub limits: Limits,
    /// What the model is told before every conversation.
    pub instructions: String,
    /// Masks secrets in what the model is told.
    pub redactor: Arc<Redactor>,
}

/// Drives runs.
pub struct Agent {
    shared: Arc<Shared>,
}

/// What all drivers use.
pub(super) struct Shared {
    pub(super) parts: AgentParts,
    pub(super) registry: Registry,
    /// No new steps.
    pub(super) draining: CancellationToken,
    /// No step at all, for those who drive now.
    cut_off: Mutex<CancellationToken>,
    tasks: TaskTracker,
    runtime: Handle,
}

/// A run whose driver panics this often in a row is failed.
const MOST_PANICS: u32 = 3;

impl Agent {
    /// An agent that works on the current Tokio runtime.
    ///
    /// # Panics
    ///
    /// Outside a Tokio runtime.
    pub fn new(parts: AgentParts) -> Arc<Self> {
        Arc::new(Self {
            shared: Arc::new(Shared {
                parts,
                registry: Registry::default(),
                draining: CancellationToken::new(),
                cut_off: Mutex::default(),
                tasks: TaskTracker::new(),
                runtime: Handle::current(),
            }),
        })
    }

    /// Takes up every run that is not over: at the start of the process.
    pub async fn resume(&self) -> Result<(), StoreError> {
        for run in self.shared.parts.journal.unfinished().await? {
            self.wake(run);
        }
        Ok(())
    }

    /// Takes up nothing new, lets the steps at work end until `deadline` has passed, then kills
    /// what is left. A run that is cut off stays as the store has it and goes on after a restart.
    pub async fn drain(&self, deadline: Duration) {
        self.shared.draining.cancel();
        self.shared.tasks.close();
        if tokio::time::timeout(deadline, self.shared.tasks.wait()).await.is_err() {
            tracing::warn!(runs = self.active(), "the agent was cut off at its work");
            self.shared.cut_off().cancel();
            self.shared.tasks.wait().await;
        }
    }

    /// How many runs are being driven now; waiting ones are not.
    pub fn active(&self) -> usize {
        self.shared.registry.len()
    }
}

#[async_trait]
impl AgentRunner for Agent {
    fn wake(&self, run: RunId) {
        if self.shared.draining.is_cancelled() {
            return;
        }
        if let Some(signal) = self.shared.registry.wake(run) {
            let driving = Arc::clone(&self.shared).drive_until_idle(run, signal);
            self.shared.tasks.spawn_on(driving, &self.shared.runtime);
        }
    }

    fn nudge(&self, run: RunId) {
        self.shared.registry.nudge(run);
    }

    async fn let_go(&self) {
        self.shared.cut_off().cancel();
        self.shared.tasks.close();
        self.shared.tasks.wait().await;
        if !self.shared.draining.is_cancelled() {
            self.shared.tasks.reopen();
            *self.shared.lock_cut_off() = CancellationToken::new();
        }
    }
}

/// How a driver ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parting {
    /// It has nothing to do and is off the registry.
    Retired,
    /// It does not go on with what there is.
    Left,
}

/// Whether a driver whose attempt failed tries again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Again,
    GiveUp,
}

impl Shared {
    /// Drives `run` until there is nothing to do and nobody has called meanwhile.
    async fn drive_until_idle(self: Arc<Self>, run: RunId, signal: Arc<Notify>) {
        let mut driver = Driver::new(Arc::clone(&self), run, signal);
        let cut_off = self.cut_off();
        let work = self.keep_driving(&mut driver);
        match cut_off.run_until_cancelled(work).await {
            Some(Parting::Retired) => {}
            Some(Parting::Left) | None => {
                driver.cut_off().await;
                self.registry.abandon(run);
            }
        }
    }

    fn cut_off(&self) -> CancellationToken {
        self.lock_cut_off().clone()
    }

    fn lock_cut_off(&self) -> MutexGuard<'_, CancellationToken> {
        self.cut_off.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn keep_driving(&self, driver: &mut Driver) -> Parting {
        let mut backoff = Backoff::for_store();
        let mut panics = 0;
        loop {
            let outcome = AssertUnwindSafe(driver.drive()).catch_unwind().await;
            let after = match outcome {
                Ok(Ok(())) if self.draining.is_cancelled() => return Parting::Left,
                Ok(Ok(())) if self.registry.retire(driver.run) => return Parting::Retired,
                Ok(Ok(())) => {
                    backoff = Backoff::for_store();
                    continue;
                }
                Ok(Err(error)) => self.after_error(driver.run, &error).await,
                Err(_) => {
                    panics += 1;
                    driver.cut_off().await;
                    self.after_panic(driver.run, panics).await
                }
            };
            if after == After::GiveUp {
                return Parting::Left;
            }
            tokio::time::sleep(backoff.pause(None)).await;
        }
    }

    async fn after_error(&self, run: RunId, error: &StoreError) -> After {
        match error {
            StoreError::Conflict(_) => After::Again,
            StoreError::Unavailable(_) => {
                tracing::warn!(%run, %error, "a run cannot go on now; trying again");
                After::Again
            }
            // The process stops for this, or lets go of everything; it says so where it does.
            StoreError::Broken { .. } | StoreError::Expelled => After::GiveUp,
            StoreError::Missing(_) | StoreError::Unreadable { .. } => {
                tracing::error!(%run, %error, "a run cannot go on");
                self.fail(run, "journal_unusable", "The run's record cannot be used").await;
                After::GiveUp
            }
        }
    }

    async fn after_panic(&self, run: RunId, panics: u32) -> After {
        tracing::error!(%run, panics, "the driver of a run panicked");
        if panics < MOST_PANICS {
            return After::Again;
        }
        self.fail(run, "internal_error", "The agent crashed on this run").await;
        After::GiveUp
    }

    async fn fail(&self, run: RunId, code: &str, what: &str) {
        let failure = RunFailure {
            code: code.to_owned(),
            message: format!("{what}. Start another run; the log of the gateway says more."),
        };
        if let Err(error) = self.parts.journal.end(run, RunEnd::Failed(failure)).await {
            tracing::warn!(%run, %error, "the failure of a run cannot be recorded");
        }
    }

    /// `text` as the model may see it: no secrets, nothing invisible.
    pub(super) fn shown(&self, text: &str) -> String {
        inert(&self.parts.redactor.redact(text))
    }
}
