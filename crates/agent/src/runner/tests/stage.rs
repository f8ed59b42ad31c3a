//! A world with an agent in it, and what a person can do there.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::identity::Actor;
use countersign_domain::redaction::Redactor;
use countersign_domain::runs::{RunFailure, RunState, RunStatus, StopRequest};
use countersign_domain::time::Timestamp;
use countersign_ports::agent_runner::AgentRunner as _;
use countersign_ports::clock::Clock;
use countersign_ports::effect_gate::EffectGate;
use countersign_ports::model_provider::ModelProvider;
use countersign_ports::run_journal::RunJournal;

use super::actors::Probe;
use super::world::{Decision, World, run_id};
use crate::limits::Limits;
use crate::providers::rehearsal::Rehearsal;
use crate::runner::{Agent, AgentParts};
use crate::tools::{Tool, Toolbox, testing};

/// A world and an agent in it.
pub(crate) struct Stage {
    pub(crate) world: Arc<World>,
    pub(crate) agent: Arc<Agent>,
    _dir: tempfile::TempDir,
}

impl Stage {
    pub(crate) fn new(message: &str) -> Self {
        Self::with(World::new(message), Arc::new(Rehearsal), Limits::default())
    }

    pub(crate) fn with(
        world: Arc<World>,
        provider: Arc<dyn ModelProvider>,
        limits: Limits,
    ) -> Self {
        Self::with_fallbacks(world, (provider, Vec::new()), limits)
    }

    pub(crate) fn with_fallbacks(
        world: Arc<World>,
        (provider, fallbacks): (Arc<dyn ModelProvider>, Vec<Arc<dyn ModelProvider>>),
        limits: Limits,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let probe: Arc<dyn Tool> = Arc::new(Probe(Arc::clone(&world)));
        let agent = Agent::new(AgentParts {
            journal: Arc::clone(&world) as Arc<dyn RunJournal>,
            gate: Arc::clone(&world) as Arc<dyn EffectGate>,
            provider,
            fallbacks,
            tools: Toolbox::of(testing::context(dir.path()), [probe]),
            clock: Arc::new(TokioClock::default()),
            limits,
            instructions: "be careful".to_owned(),
            redactor: Arc::new(Redactor::new([])),
        });
        Self { world, agent, _dir: dir }
    }

    pub(crate) fn begin(self) -> Self {
        self.agent.wake(run_id());
        self
    }

    pub(crate) fn decide(&self, command: &str, decision: Decision) {
        let call = self.world.call(command).call.id;
        self.world.change(|state| {
            state.decisions.insert(call, decision);
        });
        self.agent.wake(run_id());
    }

    pub(crate) fn stop(&self) {
        self.world.change(|state| {
            state.run.state = RunState::Stopping(StopRequest {
                by: Actor::System,
                at: Timestamp::from_millis(0),
                failure: None,
            });
        });
        self.agent.wake(run_id());
    }

    /// Waits for the run to wait, with nothing of it left in memory.
    pub(crate) async fn until_parked(&self) {
        self.world
            .until("parked", |state| state.run.status() == RunStatus::WaitingForApproval)
            .await;
        self.until_idle().await;
    }

    pub(crate) async fn until_idle(&self) {
        for _ in 0..10_000 {
            if self.agent.active() == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        panic!("the agent is still at work");
    }

    pub(crate) async fn until_over(&self) -> RunState {
        self.world.until("over", |state| state.run.status().is_final()).await;
        self.until_idle().await;
        self.world.lock().run.state.clone()
    }

    pub(crate) async fn output(&self) -> String {
        let state = self.until_over().await;
        if let RunState::Completed { output } = state {
            return output;
        }
        panic!("{state:?}");
    }

    pub(crate) async fn failure(&self) -> RunFailure {
        let state = self.until_over().await;
        if let RunState::Failed { failure } = state {
            return failure;
        }
        panic!("{state:?}");
    }
}

/// Tokio's time, which tests may pause.
struct TokioClock(tokio::time::Instant);

impl Default for TokioClock {
    fn default() -> Self {
        Self(tokio::time::Instant::now())
    }
}

#[async_trait]
impl Clock for TokioClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_millis(0).after(self.0.elapsed())
    }

    fn steady(&self) -> Duration {
        self.0.elapsed()
    }

    async fn pause(&self, span: Duration) {
        tokio::time::sleep(span).await;
    }

    async fn sleep_until(&self, instant: Timestamp) {
        tokio::time::sleep(instant.since(self.now())).await;
    }
}
