//! The bus itself.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use countersign_ports::event_bus::{BusState, Call, Calls, EventBus, Subscription, Topic};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio::task::AbortHandle;

use super::counts::{BusCounts, Counters};
use super::outgoing::Outgoing;
use super::server::NatsServer;
use super::subjects::{Hint, Subjects};
use super::wire::{Signs, Wire};
use crate::InProcessBus;

/// How long a start waits for the server, so that a gateway does not begin with a lost bus only
/// because it was quicker.
const PATIENCE: Duration = Duration::from_secs(2);

/// A server that says nothing for three times as long is lost.
const PING_EVERY: Duration = Duration::from_secs(2);

/// How long the server may take to answer.
const ANSWER_WITHIN: Duration = Duration::from_secs(2);

/// Pauses between attempts to connect grow up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// How many messages of one subject may wait on this node.
const WAITING: usize = 4096;

/// The bus of one node on a NATS server. There is one subscription for each topic that somebody on
/// this node follows, however many do.
pub struct NatsBus(Arc<Inner>);

/// A bus that cannot even be tried.
#[derive(Debug, thiserror::Error)]
#[error("the bus cannot be used: {0}")]
pub struct Unusable(String);

struct Inner {
    wire: Arc<Wire>,
    followed: Mutex<BTreeMap<Topic, Followed>>,
    runtime: Handle,
    _tasks: [Task; 3],
}

/// A topic that somebody on this node follows.
struct Followed {
    followers: usize,
    _task: Task,
}

/// A task that ends with this value.
struct Task(AbortHandle);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl NatsBus {
    /// Connects. A server that cannot be reached is no failure: it is tried for ever, and until then
    /// the bus is [`BusState::Lost`].
    pub async fn connect(server: &NatsServer) -> Result<Self, Unusable> {
        if server.may_be_overheard() {
            tracing::warn!(%server, "the password of the bus may go unencrypted: write `tls://`");
        }
        let signs = Arc::new(Signs::default());
        let wire = Arc::new(wire(server, &signs).await?);
        let listening = wire.listen().await.ok_or_else(|| Unusable("it has ended".to_owned()))?;
        let runtime = Handle::current();
        let spawn = |task: tokio::task::JoinHandle<()>| Task(task.abort_handle());
        let tasks = [
            spawn(runtime.spawn({
                let (wire, signs) = (wire.clone(), signs.clone());
                async move { wire.pass_on(listening, &signs).await }
            })),
            spawn(runtime.spawn({
                let (wire, signs) = (wire.clone(), signs.clone());
                async move { wire.tend(&signs).await }
            })),
            spawn(runtime.spawn({
                let wire = wire.clone();
                async move { wire.pump().await }
            })),
        ];
        let mut state = wire.local.state();
        let connected = state.wait_for(|state| *state == BusState::Connected);
        if tokio::time::timeout(PATIENCE, connected).await.is_err() {
            tracing::warn!(
                %server,
                trouble = signs.trouble(),
                "the bus cannot be reached; it is tried again, and until then the store is looked \
                 at more often"
            );
        }
        Ok(Self(Arc::new(Inner { wire, followed: Mutex::default(), runtime, _tasks: tasks })))
    }

    /// What it has sent, dropped and heard.
    pub fn counts(&self) -> BusCounts {
        self.0.wire.counts()
    }

    /// How many topics are followed on this node, which is how many subscriptions there are.
    pub fn followed(&self) -> usize {
        self.0.lock().len()
    }
}

impl std::fmt::Debug for NatsBus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NatsBus").field("counts", &self.counts()).finish_non_exhaustive()
    }
}

impl EventBus for NatsBus {
    fn announce(&self, topic: Topic) {
        self.0.wire.local.announce(topic);
        self.0.wire.send(Hint::Topic(topic));
    }

    fn subscribe(&self, topic: Topic) -> Box<dyn Subscription> {
        // Locally first, so that nothing that the server tells is told to nobody.
        let local = self.0.wire.local.subscribe(topic);
        self.0.add_follower(topic);
        Box::new(Follower { local, topic, inner: self.0.clone() })
    }

    fn call(&self, call: Call) {
        self.0.wire.local.call(call);
        self.0.wire.send(Hint::Call(call));
    }

    fn calls(&self) -> Box<dyn Calls> {
        self.0.wire.local.calls()
    }

    fn state(&self) -> watch::Receiver<BusState> {
        self.0.wire.local.state()
    }
}

impl Inner {
    fn add_follower(&self, topic: Topic) {
        let mut followed = self.lock();
        let entry = followed.entry(topic).or_insert_with(|| {
            let wire = self.wire.clone();
            let task = self.runtime.spawn(async move { wire.follow(topic).await });
            Followed { followers: 0, _task: Task(task.abort_handle()) }
        });
        entry.followers += 1;
    }

    fn remove_follower(&self, topic: Topic) {
        let mut followed = self.lock();
        if let Some(entry) = followed.get_mut(&topic) {
            entry.followers -= 1;
            if entry.followers == 0 {
                followed.remove(&topic);
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Topic, Followed>> {
        // The map is whole between any two statements.
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One follower. Keeps the bus alive.
struct Follower {
    local: Box<dyn Subscription>,
    topic: Topic,
    inner: Arc<Inner>,
}

#[async_trait]
impl Subscription for Follower {
    async fn changed(&mut self) {
        self.local.changed().await;
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.inner.remove_follower(self.topic);
    }
}

async fn wire(server: &NatsServer, signs: &Arc<Signs>) -> Result<Wire, Unusable> {
    let subjects = Subjects::new(server.prefix.clone());
    let signs = signs.clone();
    let options = server
        .options()
        .name("countersign")
        // What this node says is told to its own followers without the server.
        .no_echo()
        .custom_inbox_prefix(subjects.inbox())
        .retry_on_initial_connect()
        .max_reconnects(None)
        // Credentials go to the servers that were named, not to those that one of them names.
        .ignore_discovered_servers()
        .reconnect_delay_callback(pause)
        .ping_interval(PING_EVERY)
        .connection_timeout(ANSWER_WITHIN)
        .request_timeout(Some(ANSWER_WITHIN))
        .subscription_capacity(WAITING)
        .event_callback(move |event| {
            signs.note(&event);
            std::future::ready(())
        });
    let connected = options.connect(server.addresses.clone()).await;
    Ok(Wire {
        client: connected.map_err(|error| Unusable(error.to_string()))?,
        subjects,
        local: InProcessBus::in_state(BusState::Lost),
        outgoing: Outgoing::default(),
        counters: Counters::default(),
    })
}

/// How long to wait before the attempt of this number, which counts from one.
fn pause(attempt: usize) -> Duration {
    let doublings = u32::try_from(attempt.saturating_sub(1)).unwrap_or(u32::MAX).min(10);
    if attempt <= 1 {
        Duration::ZERO
    } else {
        LONGEST_PAUSE.min(Duration::from_millis(25) * (1 << doublings))
    }
}
