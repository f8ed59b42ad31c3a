//! The bus of a gateway that is one process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use countersign_domain::runs::Stream;
use countersign_ports::event_bus::{EventBus, Subscription};
use tokio::sync::watch;

/// A bus for followers in the same process. It remembers only streams that somebody follows.
#[derive(Debug, Clone, Default)]
pub struct InProcessBus(Arc<Mutex<Followed>>);

/// The streams that are followed. A `watch` holds no queue: however often a stream grows, a slow
/// follower costs nothing and is woken once.
type Followed = BTreeMap<Stream, watch::Sender<()>>;

impl InProcessBus {
    /// A bus that nobody follows yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many streams are followed.
    pub fn followed(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, Followed> {
        // The map is whole between any two statements, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventBus for InProcessBus {
    fn announce(&self, stream: Stream) {
        if let Some(followers) = self.lock().get(&stream) {
            followers.send_replace(());
        }
    }

    fn subscribe(&self, stream: Stream) -> Box<dyn Subscription> {
        let receiver =
            self.lock().entry(stream).or_insert_with(|| watch::Sender::new(())).subscribe();
        Box::new(Follower { bus: self.clone(), stream, receiver: Some(receiver) })
    }
}

/// One follower. Keeps the bus's map alive, so its sender outlives it.
#[derive(Debug)]
struct Follower {
    bus: InProcessBus,
    stream: Stream,
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
            followed.get(&self.stream).is_some_and(|followers| followers.receiver_count() == 0);
        if last {
            followed.remove(&self.stream);
        }
    }
}
