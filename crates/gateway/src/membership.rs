//! What this process is among the nodes, for every commit to say.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use countersign_domain::ids::{NodeId, RunId};
use countersign_domain::nodes::{LeaseName, Sightings};
use countersign_ports::store::{Change, StoreError, UnitOfWork};
use tokio::sync::{Notify, watch};

/// Whether this process works alone, is a node, or was taken for dead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Standing {
    /// It has not joined: nobody else works on the store, or it does nothing that takes a lease.
    #[default]
    Alone,
    /// It is this node.
    Member(NodeId),
    /// The others took it for dead, and it has not joined anew.
    Expelled,
}

/// That this node lives was said then, on the clock that nobody sets.
#[derive(Debug, Clone, Copy, Default)]
struct SignOfLife {
    at: Duration,
    ttl: Duration,
}

/// What one process knows of its own place among the nodes.
#[derive(Debug)]
pub(crate) struct Membership {
    standing: watch::Sender<Standing>,
    /// Whether others may be at work on the store.
    company: AtomicBool,
    /// Whether the timers are this node's.
    timers: watch::Sender<bool>,
    /// The accounts of platforms whose connection is this node's.
    accounts: watch::Sender<BTreeSet<String>>,
    /// Whether it takes connections; not any more once it leaves.
    takes_accounts: AtomicBool,
    /// The runs whose lease this node has: opening one of them again takes none.
    driven: Mutex<BTreeSet<RunId>>,
    /// What it has seen of the others.
    pub(crate) sightings: Mutex<Sightings>,
    /// Notified when a commit was refused because the node is not among the living.
    pub(crate) refused: Notify,
    /// When it last began to say that it lives, and how long it may be silent.
    sign_of_life: Mutex<SignOfLife>,
}

impl Default for Membership {
    fn default() -> Self {
        Self {
            standing: watch::Sender::default(),
            company: AtomicBool::new(false),
            timers: watch::Sender::new(true),
            accounts: watch::Sender::default(),
            takes_accounts: AtomicBool::new(true),
            driven: Mutex::default(),
            sightings: Mutex::default(),
            refused: Notify::new(),
            sign_of_life: Mutex::default(),
        }
    }
}

impl Membership {
    /// The node that this process is, if it has joined.
    pub(crate) fn node(&self) -> Option<NodeId> {
        match *self.standing.borrow() {
            Standing::Member(node) => Some(node),
            Standing::Alone | Standing::Expelled => None,
        }
    }

    /// From now on this process is `node`, and every commit expects it among the living.
    pub(crate) fn joined(&self, node: NodeId, is_alone: bool) {
        self.company.store(!is_alone, Ordering::Relaxed);
        self.driven().clear();
        self.timers.send_replace(false);
        self.standing.send_replace(Standing::Member(node));
        self.accounts.send_replace(BTreeSet::new());
        self.takes_accounts.store(true, Ordering::SeqCst);
    }

    /// It was said at `at`, or a little later, that this node lives, and everybody can see it.
    pub(crate) fn said_alive(&self, at: Duration, ttl: Duration) {
        *self.sign_of_life() = SignOfLife { at, ttl };
    }

    /// The same, said between two beats.
    pub(crate) fn said_alive_again(&self, at: Duration) {
        self.sign_of_life().at = at;
    }

    /// Whether nobody can have taken this node for dead by `now`, on the clock that nobody sets. A
    /// process that works alone has nobody to bury it.
    pub(crate) fn is_safe(&self, now: Duration) -> bool {
        let SignOfLife { at, ttl } = *self.sign_of_life();
        // Whoever buries it has seen it silent for the whole time to live: a quarter of it is left
        // for what comes after this look.
        !self.has_company() || now < at + ttl * 3 / 4
    }

    /// The others took it for dead: nothing is committed until it joins anew.
    pub(crate) fn expelled(&self) {
        self.timers.send_replace(false);
        self.standing.send_replace(Standing::Expelled);
        self.accounts.send_replace(BTreeSet::new());
        self.driven().clear();
    }

    /// `work` with what fences it.
    pub(crate) fn fenced(&self, mut work: UnitOfWork) -> Result<UnitOfWork, StoreError> {
        match *self.standing.borrow() {
            Standing::Alone => {}
            Standing::Member(node) => work.changes.insert(0, Change::ExpectNode(node)),
            Standing::Expelled => return Err(StoreError::Expelled),
        }
        Ok(work)
    }

    /// The change that takes a run's lease; none if this process works alone or has it.
    pub(crate) fn take(&self, run: RunId) -> Option<Change> {
        let node = self.node().filter(|_| !self.driven().contains(&run))?;
        Some(Change::TakeLease(LeaseName::Run(run), node))
    }

    /// The lease of `run` was taken.
    pub(crate) fn taken(&self, run: RunId) {
        if self.node().is_some() {
            self.driven().insert(run);
        }
    }

    /// The change that lets go of a run's lease; none if this process works alone. Whatever becomes
    /// of it: who takes the lease anew that it has does no harm, and who relies on one that it no
    /// longer has would drive a run beside another.
    pub(crate) fn drop_lease(&self, run: RunId) -> Option<Change> {
        self.driven().remove(&run);
        Some(Change::DropLease(LeaseName::Run(run), self.node()?))
    }

    /// The runs whose leases this node has.
    pub(crate) fn drives(&self) -> Vec<RunId> {
        self.driven().iter().copied().collect()
    }

    /// Whether the timers are this node's, from now on.
    pub(crate) fn note_timers(&self, are_ours: bool) {
        self.timers.send_if_modified(|ours| std::mem::replace(ours, are_ours) != are_ours);
    }

    /// The connection of `account` is this node's, from now on, if this process is still `me`: whoever
    /// was buried or leaves meanwhile keeps nothing.
    pub(crate) fn keep_account(&self, me: NodeId, account: String) {
        self.accounts.send_if_modified(|accounts| {
            let may = self.node() == Some(me) && self.takes_accounts.load(Ordering::SeqCst);
            may && accounts.insert(account)
        });
    }

    /// The connection of `account` is not this node's any more.
    pub(crate) fn lose_account(&self, account: &str) {
        self.accounts.send_if_modified(|accounts| accounts.remove(account));
    }

    /// None of the connections is this node's any more, and it takes no other; which were.
    pub(crate) fn drop_accounts(&self) -> BTreeSet<String> {
        self.takes_accounts.store(false, Ordering::SeqCst);
        self.accounts.send_replace(BTreeSet::new())
    }

    /// Returns when this process does not keep the connection of `account`.
    pub(crate) async fn lost(&self, account: &str) {
        let mut accounts = self.accounts.subscribe();
        while self.keeps(account) {
            // The sender is part of `self`, so this cannot fail.
            drop(accounts.changed().await);
        }
    }

    /// Whether this process keeps the connection of `account`.
    pub(crate) fn keeps(&self, account: &str) -> bool {
        match *self.standing.borrow() {
            Standing::Alone => true,
            Standing::Member(_) => self.accounts.borrow().contains(account),
            Standing::Expelled => false,
        }
    }

    /// Changes when other connections are this node's.
    pub(crate) fn accounts(&self) -> watch::Receiver<BTreeSet<String>> {
        self.accounts.subscribe()
    }

    /// Whether others may be at work on the store.
    pub(crate) fn has_company(&self) -> bool {
        self.company.load(Ordering::Relaxed)
    }

    /// Returns when the timers are this node's; at once where it works alone.
    pub(crate) async fn timers(&self) {
        let mut timers = self.timers.subscribe();
        // The sender is part of `self`, so this cannot fail.
        drop(timers.wait_for(|ours| *ours).await);
    }

    fn sign_of_life(&self) -> MutexGuard<'_, SignOfLife> {
        self.sign_of_life.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn driven(&self) -> MutexGuard<'_, BTreeSet<RunId>> {
        self.driven.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
