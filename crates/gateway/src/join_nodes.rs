//! Being one of several nodes: joining, saying that one lives, taking over from who is silent,
//! leaving.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::time::Duration;

use countersign_domain::audit::{AuditKind, AuditRecord, NodeName};
use countersign_domain::identity::Actor;
use countersign_domain::ids::NodeId;
use countersign_domain::nodes::{LeaseName, Living, Node, NodeState};
use countersign_ports::event_bus::{BusState, Call, Calls, Heard};
use countersign_ports::store::{Change, StoreError, UnitOfWork};
use serde_json::{Map, json};

use crate::gateway::Gateway;

/// How many runs that nobody holds are taken up in one go.
const ADRIFT: usize = 1000;

/// A node says that it lives so often in its time to live.
const BEATS: u32 = 4;

/// What a node says of itself.
#[derive(Debug, Clone)]
pub struct NodeSettings {
    /// What the operator calls it.
    pub name: NodeName,
    /// The program's version.
    pub version: String,
    /// Where it listens.
    pub address: String,
    /// How long a node may be silent before the others take it for dead.
    pub ttl: Duration,
    /// Whether nobody else can be at work: then nodes that are still listed were cut off.
    pub is_alone: bool,
}

/// Why a process does not become a node.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// Another node signs with a key that is not among this one's.
    #[error(
        "the node `{node}` signs with the key {key}, which this one does not know: copy \
         `signing-keys.json` from its home to this one's, and start again"
    )]
    UnknownKey {
        /// The other one.
        node: NodeName,
        /// Its key.
        key: String,
    },
    /// There is no key.
    #[error("there is no signing key")]
    NoKey,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Gateway {
    /// Becomes a node: from now on work is taken by leases, and every commit expects this node
    /// among the living.
    pub async fn join(&self, settings: &NodeSettings) -> Result<NodeId, JoinError> {
        let keys: Vec<String> =
            self.signer.published().iter().map(|key| key.kid.to_string()).collect();
        let signing_key = keys.first().cloned().ok_or(JoinError::NoKey)?;
        let mut work = UnitOfWork::new();
        for Living { node, .. } in self.store.nodes().living().await? {
            if settings.is_alone {
                work.push(Change::RemoveNode(node.id));
                work.push(self.audit_node(&node, AuditKind::NodeBuried));
            } else if !keys.contains(&node.signing_key) {
                return Err(JoinError::UnknownKey { node: node.name, key: node.signing_key });
            }
        }
        let node = Node {
            id: NodeId::from_uuid(self.entropy.uuid()),
            name: settings.name.clone(),
            version: settings.version.clone(),
            address: settings.address.clone(),
            signing_key,
            joined_at: self.clock.now(),
            state: NodeState::Serving,
        };
        work.push(Change::AddNode(Box::new(node.clone())));
        work.push(self.audit_node(&node, AuditKind::NodeJoined));
        let said = self.clock.steady();
        // Not by way of the gateway's own commit: before it has joined, nothing fences it.
        self.make_durable(work).await?;
        self.membership.joined(node.id, settings.is_alone);
        self.membership.said_alive(said, settings.ttl);
        tracing::info!(node = %node.id, name = %node.name, "joined");
        Ok(node.id)
    }

    /// Says that it lives, looks after the others, and joins anew if it was taken for dead. Returns
    /// when the store is unusable for good.
    pub async fn keep_membership(&self, settings: &NodeSettings) -> StoreError {
        let pause = settings.ttl / BEATS;
        let mut calls = self.bus.calls();
        loop {
            match self.beat(settings).await {
                Ok(()) => {}
                Err(error @ StoreError::Broken { .. }) => return error,
                Err(error) => tracing::warn!(%error, "this node could not say that it lives"),
            }
            tokio::select! {
                () = self.clock.pause(pause) => {}
                () = self.membership.refused.notified() => {}
                () = self.listen(calls.as_mut()) => {}
            }
        }
    }

    /// Does what the other nodes call out. Returns when something may have been missed.
    async fn listen(&self, calls: &mut dyn Calls) {
        loop {
            match calls.next().await {
                // What one says alone, one hears alone.
                Heard::Call(_) if !self.membership.has_company() => {}
                Heard::Call(Call::Run(run)) => self.nudge(run),
                Heard::Call(Call::Timers) => self.deadlines_changed.notify_one(),
                Heard::Call(Call::Work) => {
                    if let Err(error) = self.take_over().await {
                        tracing::warn!(%error, "work that nobody holds could not be taken up");
                    }
                }
                Heard::Missed => {
                    self.nudge_all();
                    self.deadlines_changed.notify_one();
                    return;
                }
            }
        }
    }

    /// Takes what a node that has left held: whoever waited for its timers need not wait for a beat.
    async fn take_over(&self) -> Result<(), StoreError> {
        if let Some(me) = self.membership.node() {
            self.take_timers(me).await?;
        }
        self.take_up_work().await
    }

    /// Every run that is driven here is looked at again.
    fn nudge_all(&self) {
        for run in self.membership.drives() {
            self.nudge(run);
        }
    }

    /// One round: says that this node lives, buries who has been silent for too long, takes up work
    /// that nobody holds; or joins anew.
    pub async fn beat(&self, settings: &NodeSettings) -> Result<(), StoreError> {
        match self.try_beat(settings).await {
            Err(StoreError::Expelled) => self.join_anew(settings).await,
            done => done,
        }
    }

    /// Returns once nobody can have taken this node for dead: after a commit that took long, its
    /// work may be somebody else's already, and nothing may start here any more.
    pub(crate) async fn is_still_ours(&self) -> Result<(), StoreError> {
        let Some(me) = self.membership.node() else { return Ok(()) };
        if self.membership.is_safe(self.clock.steady()) {
            return Ok(());
        }
        let said = self.clock.steady();
        self.commit(UnitOfWork::new().and(Change::Beat(me))).await?;
        self.membership.said_alive_again(said);
        if self.membership.is_safe(self.clock.steady()) {
            return Ok(());
        }
        Err(StoreError::Unavailable("the store answers too slowly to start anything".to_owned()))
    }

    async fn try_beat(&self, settings: &NodeSettings) -> Result<(), StoreError> {
        let Some(me) = self.membership.node() else {
            return Err(StoreError::Expelled);
        };
        let said = self.clock.steady();
        self.commit(UnitOfWork::new().and(Change::Beat(me))).await?;
        self.membership.said_alive(said, settings.ttl);
        self.bury_the_silent(me, settings.ttl).await?;
        self.take_timers(me).await?;
        if self.membership.has_company() && *self.bus.state().borrow() != BusState::Connected {
            // What was changed about them elsewhere has been called out in vain.
            self.nudge_all();
        }
        self.take_up_work().await
    }

    /// Takes up runs that are at work and that nobody drives.
    pub async fn take_up_work(&self) -> Result<(), StoreError> {
        if let Some(me) = self.membership.node() {
            self.take_accounts(me).await?;
            if self.membership.has_company() {
                // Another node may have taken something for a chat that is this one's to write to.
                self.find_owed().await?;
                self.chats.more_owed_cards.notify_one();
            }
        }
        for run in self.store.nodes().adrift(ADRIFT).await? {
            self.wake_here(run);
        }
        Ok(())
    }

    /// Takes nothing new; what it has goes on.
    pub async fn stop_taking_work(&self) -> Result<(), StoreError> {
        let Some(me) = self.membership.node() else { return Ok(()) };
        self.leaving.store(true, Ordering::Relaxed);
        let found = self.store.nodes().living().await?;
        let Some(Living { node, .. }) = found.into_iter().find(|living| living.node.id == me)
        else {
            return Err(StoreError::Expelled);
        };
        let node = Node { state: NodeState::Draining, ..node };
        self.commit(UnitOfWork::new().and(Change::UpdateNode(Box::new(node)))).await?;
        self.drop_accounts(me).await
    }

    /// Leaves: signs where the audit log stands, and gives whatever this node still holds to others.
    pub async fn leave(&self) -> Result<(), StoreError> {
        self.end_what_was_said().await;
        let Some(me) = self.membership.node() else { return Ok(()) };
        let found = self.store.nodes().living().await?;
        if let Some(Living { node, .. }) = found.into_iter().find(|living| living.node.id == me) {
            let left = self.audit_node(&node, AuditKind::NodeLeft);
            self.commit(UnitOfWork::new().and(left)).await?;
            if let Err(error) = self.checkpoint().await {
                tracing::warn!(%error, "the end of the audit log could not be signed");
            }
            self.commit(UnitOfWork::new().and(Change::RemoveNode(me))).await?;
            self.bus.call(Call::Work);
        }
        self.membership.expelled();
        Ok(())
    }

    /// The others took this node for dead: kills what it is doing, and joins as another one.
    async fn join_anew(&self, settings: &NodeSettings) -> Result<(), StoreError> {
        tracing::warn!("this node was silent for too long, and its work belongs to others now");
        self.membership.expelled();
        self.metrics.expelled();
        // Nothing of the old life may write in the name of the new one.
        self.let_go_of_all().await;
        match self.join(settings).await {
            Ok(_) => self.take_up_work().await,
            Err(JoinError::Store(error)) => Err(error),
            Err(error @ (JoinError::UnknownKey { .. } | JoinError::NoKey)) => {
                // Whoever repairs it need not start this node anew.
                tracing::error!(%error, "this node cannot join again");
                Ok(())
            }
        }
    }

    async fn bury_the_silent(&self, me: NodeId, ttl: Duration) -> Result<(), StoreError> {
        let now = self.clock.steady();
        let mut others = self.store.nodes().living().await?;
        others.retain(|living| living.node.id != me);
        let silent = {
            let sightings = &self.membership.sightings;
            sightings.lock().unwrap_or_else(PoisonError::into_inner).silent(&others, now, ttl)
        };
        for (id, beat) in silent {
            let Some(living) = others.iter().find(|living| living.node.id == id) else { continue };
            let buried = self.audit_node(&living.node, AuditKind::NodeBuried);
            match self.commit(UnitOfWork::new().and(Change::BuryNode(id, beat)).and(buried)).await {
                Ok(_) => tracing::warn!(node = %id, name = %living.node.name, "a node is silent"),
                // It was heard of meanwhile, or somebody else buried it.
                Err(StoreError::Conflict(_) | StoreError::Missing(_)) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn take_timers(&self, me: NodeId) -> Result<(), StoreError> {
        let are_ours = if let Some(holder) = self.store.nodes().holder(LeaseName::Timers).await? {
            holder == me
        } else {
            let take = Change::TakeLease(LeaseName::Timers, me);
            match self.commit(UnitOfWork::new().and(take)).await {
                Ok(_) => true,
                Err(StoreError::Conflict(_)) => false,
                Err(error) => return Err(error),
            }
        };
        self.membership.note_timers(are_ours);
        Ok(())
    }

    fn audit_node(&self, node: &Node, kind: AuditKind) -> Change {
        Change::AddAudit(Box::new(AuditRecord {
            at: self.clock.now(),
            kind,
            actor: Actor::System,
            subject: node.id.to_string(),
            session: None,
            detail: Map::from_iter([
                ("name".to_owned(), json!(node.name)),
                ("version".to_owned(), json!(node.version)),
            ]),
        }))
    }
}
