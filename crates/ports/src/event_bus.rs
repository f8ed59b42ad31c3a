//! Wake-ups for those who follow what grows, and calls among nodes. Nothing durable is only on the
//! bus: a message says "look at the store", may come twice and may be lost.

use async_trait::async_trait;
use countersign_domain::ids::RunId;
use countersign_domain::runs::Stream;
use tokio::sync::watch;

/// Tells followers that something has grown, and nodes that there is something to do.
pub trait EventBus: Send + Sync + 'static {
    /// `topic` has grown. Called after the commit; never fails and never blocks.
    fn announce(&self, topic: Topic);

    /// From now on, announcements of `topic` wake the subscription.
    fn subscribe(&self, topic: Topic) -> Box<dyn Subscription>;

    /// Says something to whoever listens, on any node, this one too. Called after the commit; never
    /// fails and never blocks.
    fn call(&self, call: Call);

    /// From now on, everything that is said with [`Self::call`].
    fn calls(&self) -> Box<dyn Calls>;

    /// Whether the bus reaches anybody, now and from now on.
    fn state(&self) -> watch::Receiver<BusState>;
}

/// What grows, and can be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Topic {
    /// A stream of events.
    Events(Stream),
    /// The audit log.
    AuditLog,
}

impl From<Stream> for Topic {
    fn from(stream: Stream) -> Self {
        Self::Events(stream)
    }
}

/// One follower of one topic.
#[async_trait]
pub trait Subscription: Send {
    /// Returns when the topic was announced since the last call, or since the subscription. An
    /// implementation may also return without reason. Safe to cancel.
    async fn changed(&mut self);
}

/// What one node says to all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Call {
    /// Something about this run has changed: whoever drives it should look.
    Run(RunId),
    /// A deadline has moved.
    Timers,
    /// There may be work that nobody holds.
    Work,
}

/// What a listener hears.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// This was said.
    Call(Call),
    /// Something may have been said that did not get here: look at everything.
    Missed,
}

/// One listener to calls.
#[async_trait]
pub trait Calls: Send {
    /// What was said next. Safe to cancel.
    async fn next(&mut self) -> Heard;
}

/// Whether a bus reaches anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BusState {
    /// There is nobody beyond this process, and it needs nobody.
    Alone,
    /// What is said reaches the other nodes.
    Connected,
    /// Nobody is reached, and nobody heard, beyond this process. The store is looked at more often.
    Lost,
}

impl BusState {
    /// Its name in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Alone => "alone",
            Self::Connected => "connected",
            Self::Lost => "lost",
        }
    }
}
