//! The test's own clock and dice.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::digest::Digest;
use countersign_domain::time::Timestamp;
use countersign_ports::clock::Clock;
use countersign_ports::entropy::Entropy;
use tokio::sync::watch;
use uuid::Uuid;

/// A clock that stands still until the test moves it, and that can be made to break.
pub(crate) struct TestClock {
    now: watch::Sender<Timestamp>,
    broken: AtomicBool,
}

impl TestClock {
    pub(crate) fn new() -> Self {
        let now = watch::Sender::new(Timestamp::from_millis(1_795_000_000_000));
        Self { now, broken: AtomicBool::new(false) }
    }

    pub(crate) fn advance(&self, span: Duration) {
        self.now.send_modify(|now| *now = now.after(span));
    }

    /// From now on, whoever asks for the time meets a bug.
    pub(crate) fn smash(&self) {
        self.broken.store(true, Ordering::SeqCst);
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        assert!(!self.broken.load(Ordering::SeqCst), "the clock was smashed");
        *self.now.borrow()
    }

    fn steady(&self) -> Duration {
        self.now().since(Timestamp::from_millis(0))
    }

    async fn pause(&self, span: Duration) {
        self.sleep_until(self.now().after(span)).await;
    }

    async fn sleep_until(&self, instant: Timestamp) {
        let mut moved = self.now.subscribe();
        drop(moved.wait_for(|now| *now >= instant).await);
    }
}

/// Counts instead of drawing lots.
#[derive(Default)]
pub(crate) struct TestEntropy(AtomicU64);

impl TestEntropy {
    fn count(&self) -> u64 {
        self.0.fetch_add(1, Ordering::Relaxed) + 1
    }
}

impl Entropy for TestEntropy {
    fn uuid(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.count()) << 64)
    }

    fn secret(&self) -> [u8; 32] {
        *Digest::of(format!("secret {}", self.count()).as_bytes()).as_bytes()
    }
}
