//! A clock that stands still until the test moves it.

use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::time::Timestamp;
use countersign_ports::clock::Clock;
use tokio::sync::watch;

/// A clock that the test moves.
#[derive(Debug)]
pub struct ManualClock(watch::Sender<Timestamp>);

impl ManualClock {
    /// A clock that shows `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(watch::Sender::new(now))
    }

    /// Lets `span` pass; sleepers whose time has come wake up.
    pub fn advance(&self, span: Duration) {
        self.0.send_modify(|now| *now = now.after(span));
    }

    /// Somebody sets the clock back.
    pub fn set_back(&self, span: Duration) {
        self.0.send_modify(|now| *now = now.before(span));
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.0.borrow()
    }

    async fn sleep_until(&self, instant: Timestamp) {
        let mut moved = self.0.subscribe();
        // The sender lives as long as the clock that is borrowed here.
        drop(moved.wait_for(|now| *now >= instant).await);
    }
}
