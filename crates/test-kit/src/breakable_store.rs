//! A store that can be taken away.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use countersign_domain::permit::Committed;
use countersign_ports::store::{
    AccessReads, ApprovalReads, AuditReads, Change, ChatReads, EventReads, NodeReads,
    RetentionReads, RunReads, ServiceReads, SharedStore, Store, StoreError, UnitOfWork,
};
use tokio::sync::watch;

/// A store that takes no grant's use while it is broken: the moment before anything may leave.
pub struct BreakableStore {
    store: SharedStore,
    state: watch::Sender<State>,
    meanwhile: Mutex<Option<Meanwhile>>,
    held: Mutex<Option<(Which, Arc<Gate>)>>,
}

/// Which commits are held.
type Which = Box<dyn Fn(&Change) -> bool + Send + Sync>;

/// Commits that wait for somebody to be quicker.
#[derive(Debug, Default)]
pub struct Gate {
    state: watch::Sender<(u64, bool)>,
}

impl Gate {
    /// Returns once a commit waits here.
    pub async fn reached(&self) {
        let mut state = self.state.subscribe();
        drop(state.wait_for(|(waiting, _)| *waiting > 0).await);
    }

    /// Lets it go on, and holds none any more.
    pub fn open(&self) {
        self.state.send_modify(|state| state.1 = true);
    }

    async fn pass(&self) {
        self.state.send_modify(|state| state.0 += 1);
        let mut state = self.state.subscribe();
        drop(state.wait_for(|(_, open)| *open).await);
    }
}

#[derive(Clone, Copy, Default)]
struct State {
    is_broken: bool,
    refused: u64,
}

/// What happens during each commit.
type Meanwhile = Box<dyn Fn() + Send + Sync>;

impl BreakableStore {
    /// `store`, whole.
    pub fn new(store: SharedStore) -> Self {
        Self {
            store,
            state: watch::Sender::default(),
            meanwhile: Mutex::default(),
            held: Mutex::default(),
        }
    }

    /// From now on this happens during each commit.
    pub fn meanwhile(&self, happens: impl Fn() + Send + Sync + 'static) {
        *self.meanwhile.lock().expect("nobody panicked") = Some(Box::new(happens));
    }

    /// From now on commits with such a change wait before they are made.
    pub fn hold(&self, which: impl Fn(&Change) -> bool + Send + Sync + 'static) -> Arc<Gate> {
        let gate = Arc::new(Gate::default());
        let held = (Box::new(which) as Which, gate.clone());
        *self.held.lock().expect("nobody panicked") = Some(held);
        gate
    }

    /// Takes it away, or brings it back.
    pub fn break_off(&self, is_broken: bool) {
        self.state.send_modify(|state| state.is_broken = is_broken);
    }

    /// Returns once it has refused something.
    pub async fn refused(&self) {
        let mut state = self.state.subscribe();
        // The sender lives as long as the store that is borrowed here.
        drop(state.wait_for(|state| state.refused > 0).await);
    }
}

#[async_trait]
impl Store for BreakableStore {
    async fn commit(&self, work: UnitOfWork) -> Result<Committed, StoreError> {
        let uses = work.changes.iter().any(|change| matches!(change, Change::UseGrant(_)));
        if uses && self.state.borrow().is_broken {
            self.state.send_modify(|state| state.refused += 1);
            return Err(StoreError::Unavailable("the disk is away".to_owned()));
        }
        let held = {
            let held = self.held.lock().expect("nobody panicked");
            held.as_ref()
                .and_then(|(which, gate)| work.changes.iter().any(which).then(|| gate.clone()))
        };
        if let Some(gate) = held {
            gate.pass().await;
        }
        let committed = self.store.commit(work).await;
        if let Some(happens) = self.meanwhile.lock().expect("nobody panicked").as_ref() {
            happens();
        }
        committed
    }

    fn runs(&self) -> &dyn RunReads {
        self.store.runs()
    }

    fn approvals(&self) -> &dyn ApprovalReads {
        self.store.approvals()
    }

    fn events(&self) -> &dyn EventReads {
        self.store.events()
    }

    fn access(&self) -> &dyn AccessReads {
        self.store.access()
    }

    fn audit(&self) -> &dyn AuditReads {
        self.store.audit()
    }

    fn nodes(&self) -> &dyn NodeReads {
        self.store.nodes()
    }

    fn retention(&self) -> &dyn RetentionReads {
        self.store.retention()
    }

    fn chats(&self) -> &dyn ChatReads {
        self.store.chats()
    }

    fn service(&self) -> &dyn ServiceReads {
        self.store.service()
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.store.check().await
    }

    async fn broken(&self) -> StoreError {
        self.store.broken().await
    }

    async fn close(&self) {
        self.store.close().await;
    }
}
