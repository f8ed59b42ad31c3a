//! The gateway: what every verb works with.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, OnceLock, Weak};

use countersign_domain::ids::RunId;
use countersign_domain::permit::Committed;
use countersign_domain::redaction::Redactor;
use countersign_domain::runs::Stream;
use countersign_ports::agent_runner::AgentRunner;
use countersign_ports::clock::Clock;
use countersign_ports::entropy::Entropy;
use countersign_ports::event_bus::{Call, EventBus, Topic};
use countersign_ports::file_witness::FileWitness;
use countersign_ports::signer::Signer;
use countersign_ports::store::{Change, SharedStore, StoreError, UnitOfWork};
use tokio::sync::Notify;

use crate::chat::ChatDesk;
use crate::guard::Guard;
use crate::key_uses::KeyUses;
use crate::membership::Membership;
use crate::metrics::{Metrics, tally};
use crate::outbound::{PresentedTokens, ended_runs};
use crate::pair_bridge::Link;
use crate::preview_files::Previewed;
use crate::service_chats::{Bridge, Strangers};
use crate::settings::Settings;
use crate::sign_checkpoint::Ledger;
use crate::tell_requesters::CallbackDesk;

/// How often a verb reads again and tries anew when somebody else was quicker.
const ATTEMPTS: usize = 64;

/// The use cases. One per process, shared by every surface.
pub struct Gateway {
    pub(crate) store: SharedStore,
    pub(crate) bus: Arc<dyn EventBus>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) signer: Arc<dyn Signer>,
    pub(crate) guard: Guard,
    pub(crate) witness: Arc<dyn FileWitness>,
    pub(crate) settings: Settings,
    pub(crate) redactor: Arc<Redactor>,
    pub(crate) deadlines_changed: Notify,
    pub(crate) ledger: Ledger,
    pub(crate) tokens: PresentedTokens,
    pub(crate) key_uses: KeyUses,
    pub(crate) membership: Membership,
    pub(crate) previewed: Previewed,
    pub(crate) chats: ChatDesk,
    pub(crate) metrics: Metrics,
    pub(crate) stopping: AtomicBool,
    /// Whether it takes no new work: it leaves.
    pub(crate) leaving: AtomicBool,
    pub(crate) bridge: Bridge,
    pub(crate) callbacks: CallbackDesk,
    pub(crate) link: Link,
    pub(crate) strangers: Strangers,
    runner: OnceLock<Arc<dyn AgentRunner>>,
    /// For what goes on when whoever began it has gone.
    pub(crate) itself: Weak<Self>,
}

/// What a gateway is made of.
pub struct Parts {
    /// Where everything is kept.
    pub store: SharedStore,
    /// Tells followers that there is something to read.
    pub bus: Arc<dyn EventBus>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids and secrets.
    pub entropy: Arc<dyn Entropy>,
    /// Signs grants and checkpoints.
    pub signer: Arc<dyn Signer>,
    /// Judges actions.
    pub guard: Guard,
    /// Looks at the files that actions name.
    pub witness: Arc<dyn FileWitness>,
    /// Settings of the verbs.
    pub settings: Settings,
    /// Masks secrets in what is shown.
    pub redactor: Arc<Redactor>,
}

impl Gateway {
    /// A gateway made of `parts`. It drives no runs until [`Self::attach_runner`].
    pub fn new(parts: Parts) -> Arc<Self> {
        let Parts { store, bus, clock, entropy, signer, guard, witness, settings, redactor } =
            parts;
        Arc::new_cyclic(|itself| Self {
            itself: itself.clone(),
            store,
            bus,
            clock,
            entropy,
            signer,
            guard,
            witness,
            chats: ChatDesk::with(&settings.chat.quick),
            settings,
            redactor,
            deadlines_changed: Notify::new(),
            ledger: Ledger::default(),
            tokens: PresentedTokens::default(),
            key_uses: KeyUses::default(),
            membership: Membership::default(),
            previewed: Previewed::default(),
            metrics: Metrics::default(),
            stopping: AtomicBool::new(false),
            leaving: AtomicBool::new(false),
            bridge: Bridge::new(),
            callbacks: CallbackDesk::new(),
            link: Link::default(),
            strangers: Strangers::default(),
            runner: OnceLock::new(),
        })
    }

    /// Names who drives the runs. Only the first call counts.
    pub fn attach_runner(&self, runner: Arc<dyn AgentRunner>) {
        if self.runner.set(runner).is_err() {
            tracing::warn!("a second agent runner was attached and is ignored");
        }
    }

    /// The settings in force.
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether the store can read and write now, and this process may.
    pub async fn check_store(&self) -> Result<(), StoreError> {
        self.membership.fenced(UnitOfWork::new())?;
        self.store.check().await
    }

    /// Something about `run` has changed: it is driven here, unless another node drives it; that one
    /// is told.
    pub(crate) fn wake(&self, run: RunId) {
        self.wake_here(run);
        if self.membership.has_company() {
            self.bus.call(Call::Run(run));
        }
    }

    /// The same, where no other node drives it.
    pub(crate) fn wake_here(&self, run: RunId) {
        if let Some(runner) = self.runner.get() {
            runner.wake(run);
        }
    }

    /// Something about `run` has changed: its driver looks again, if it is here.
    pub(crate) fn nudge(&self, run: RunId) {
        if let Some(runner) = self.runner.get() {
            runner.nudge(run);
        }
    }

    /// Kills whatever this process is doing for runs.
    pub(crate) async fn let_go_of_all(&self) {
        if let Some(runner) = self.runner.get() {
            runner.let_go().await;
        }
    }

    /// Commits `work` and tells followers of the streams that it added events to. Nothing is
    /// committed by a node that is not among the living.
    pub(crate) async fn commit(&self, work: UnitOfWork) -> Result<Committed, StoreError> {
        let work = self.with_chats_settled(work).await?;
        let grown = grown_streams(&work);
        let lines = work.changes.iter().filter(|change| adds_line(change)).count();
        let moves_deadlines = work.changes.iter().any(moves_deadline);
        let ended = ended_runs(&work);
        let work = self.membership.fenced(work)?;
        let committed = self.make_durable(work).await.inspect_err(|error| {
            if *error == StoreError::Expelled {
                self.membership.refused.notify_one();
            }
        })?;
        for run in ended {
            self.tokens.forget_run(run);
        }
        for stream in grown {
            self.bus.announce(stream.into());
        }
        if lines > 0 {
            self.bus.announce(Topic::AuditLog);
        }
        if moves_deadlines {
            self.deadlines_changed.notify_one();
            if self.membership.has_company() {
                self.bus.call(Call::Timers);
            }
        }
        self.ledger.grew_by(lines);
        Ok(committed)
    }

    /// Commits `work` as it is, and counts it.
    pub(crate) async fn make_durable(&self, work: UnitOfWork) -> Result<Committed, StoreError> {
        let counted = tally(&work);
        let began = self.clock.steady();
        let committed = self.store.commit(work).await;
        let took = self.clock.steady().saturating_sub(began);
        self.metrics.committed(committed.as_ref().map(|_| ()), took, counted);
        committed
    }

    /// Repeats `attempt`, which reads, decides and commits, until nobody else was quicker.
    pub(crate) async fn until_settled<T, E, F>(&self, attempt: impl Fn() -> F) -> Result<T, E>
    where
        E: Settles,
        F: Future<Output = Result<T, E>>,
    {
        for _ in 1..ATTEMPTS {
            match attempt().await {
                Err(error) if error.is_conflict() => tokio::task::yield_now().await,
                settled => return settled,
            }
        }
        attempt().await
    }
}

/// Errors that may say "somebody else was quicker".
pub(crate) trait Settles {
    /// Whether trying again makes sense.
    fn is_conflict(&self) -> bool;
}

impl Settles for StoreError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Conflict(_))
    }
}

fn grown_streams(work: &UnitOfWork) -> BTreeSet<Stream> {
    let mut grown = BTreeSet::new();
    for change in &work.changes {
        if let Change::AddEvent { run_id, event, .. } = change {
            grown.insert(Stream::Run(*run_id));
            if event.is_about_approval() {
                grown.insert(Stream::Approvals);
            }
        }
    }
    grown
}

const fn adds_line(change: &Change) -> bool {
    matches!(change, Change::AddAudit(_))
}

const fn moves_deadline(change: &Change) -> bool {
    matches!(change, Change::AddApproval(_) | Change::UpdateApproval(..))
}
