//! The bus of a gateway that is one process, and of all that is local to one of many.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use countersign_ports::event_bus::{BusState, Call, Calls, EventBus, Heard, Subscription, Topic};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, watch};

/// How many calls a slow listener may be behind before it is told that it missed some.
const CALLS: usize = 1024;

/// A bus for followers in the same process. It remembers only what somebody follows.
#[derive(Debug, Clone)]
pub struct InProcessBus(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    followed: Mutex<Followed>,
    calls: broadcast::Sender<Heard>,
    state: watch::Sender<BusState>,
}

/// What is followed. A `watch` holds no queue: however often it grows, a slow
/// follower costs nothing and is woken once.
type Followed = BTreeMap<Topic, watch::Sender<()>>;

impl Default for InProcessBus {
    fn default() -> Self {
        Self::in_state(BusState::Alone)
    }
}

impl InProcessBus {
    /// A bus that nobody follows yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The local part of a bus that reaches further.
    pub(crate) fn in_state(state: BusState) -> Self {
        Self(Arc::new(Inner {
            followed: Mutex::default(),
            calls: broadcast::Sender::new(CALLS),
            state: watch::Sender::new(state),
        }))
    }

    /// How much is followed.
    pub fn followed(&self) -> usize {
        self.lock().len()
    }

    /// Wakes every follower of everything.
    pub(crate) fn wake_all(&self) {
        for followers in self.lock().values() {
            followers.send_replace(());
        }
    }

    /// Lets every listener hear this.
    pub(crate) fn let_hear(&self, heard: Heard) {
        // Without listeners there is nobody to tell.
        drop(self.0.calls.send(heard));
    }

    /// Whether others are reached from now on; `true` if that is news.
    pub(crate) fn set_state(&self, state: BusState) -> bool {
        self.0.state.send_if_modified(|known| std::mem::replace(known, state) != state)
    }

    fn lock(&self) -> MutexGuard<'_, Followed> {
        // The map is whole between any two statements, so a panic elsewhere does not spoil it.
        self.0.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventBus for InProcessBus {
    fn announce(&self, topic: Topic) {
        if let Some(followers) = self.lock().get(&topic) {
            followers.send_replace(());
        }
    }

    fn subscribe(&self, topic: Topic) -> Box<dyn Subscription> {
        let receiver =
            self.lock().entry(topic).or_insert_with(|| watch::Sender::new(())).subscribe();
        Box::new(Follower { bus: self.clone(), topic, receiver: Some(receiver) })
    }

    fn call(&self, call: Call) {
        self.let_hear(Heard::Call(call));
    }

    fn calls(&self) -> Box<dyn Calls> {
        Box::new(Listener { receiver: self.0.calls.subscribe(), _bus: self.clone() })
    }

    fn state(&self) -> watch::Receiver<BusState> {
        self.0.state.subscribe()
    }
}

/// One follower. Keeps the bus's map alive, so its sender outlives it.
#[derive(Debug)]
struct Follower {
    bus: InProcessBus,
    topic: Topic,
    /// Present until the follower is dropped.
    receiver: Option<watch::Receiver<()>>,
}

#[async_trait]
impl Subscription for Follower {
    async fn changed(&mut self) {
        let woken = match &mut self.receiver {
            Some(receiver) => receiver.changed().await.is_ok(),
            None => false,
        };
        if !woken {
            // Without a sender nothing can be announced any more; returning would spin.
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut followed = self.bus.lock();
        // Given up under the lock: of two that go at the same time, one must see that it is last.
        self.receiver = None;
        let last =
            followed.get(&self.topic).is_some_and(|followers| followers.receiver_count() == 0);
        if last {
            followed.remove(&self.topic);
        }
    }
}

/// One listener. Keeps the bus alive, so that there is always somebody who could speak.
#[derive(Debug)]
struct Listener {
    receiver: broadcast::Receiver<Heard>,
    _bus: InProcessBus,
}

#[async_trait]
impl Calls for Listener {
    async fn next(&mut self) -> Heard {
        match self.receiver.recv().await {
            Ok(heard) => heard,
            Err(RecvError::Lagged(_)) => Heard::Missed,
            // Nobody can speak any more; returning would spin.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}
