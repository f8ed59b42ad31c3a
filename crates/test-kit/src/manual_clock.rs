//! A clock that stands still until the test moves it.

use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::time::Timestamp;
use countersign_ports::clock::Clock;
use tokio::sync::watch;

/// A clock that the test moves.
#[derive(Debug)]
pub struct ManualClock(watch::Sender<Shown>);

#[derive(Debug, Clone, Copy)]
struct Shown {
    now: Timestamp,
    /// How much time has really passed.
    steady: Duration,
}

impl ManualClock {
    /// A clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(watch::Sender::new(Shown { now, steady: Duration::ZERO }))
    }

    /// Lets `span` pass; sleepers whose time has come wake up.
    pub fn advance(&self, span: Duration) {
        self.0.send_modify(|shown| {
            shown.now = shown.now.after(span);
            shown.steady += span;
        });
    }

    /// Somebody sets the clock back.
    pub fn set_back(&self, span: Duration) {
        self.0.send_modify(|shown| shown.now = shown.now.before(span));
    }

    /// Somebody sets the clock forward.
    pub fn set_forward(&self, span: Duration) {
        self.0.send_modify(|shown| shown.now = shown.now.after(span));
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.0.borrow().now
    }

    fn steady(&self) -> Duration {
        self.0.borrow().steady
    }

    async fn pause(&self, span: Duration) {
        let until = self.steady().saturating_add(span);
        let mut moved = self.0.subscribe();
        // The sender lives as long as the clock that is borrowed here.
        drop(moved.wait_for(|shown| shown.steady >= until).await);
    }

    async fn sleep_until(&self, instant: Timestamp) {
        let mut moved = self.0.subscribe();
        drop(moved.wait_for(|shown| shown.now >= instant).await);
    }
}
