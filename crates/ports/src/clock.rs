//! The time.

use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::time::Timestamp;

/// Where the time comes from; a manual one in tests.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// How much time has passed since some moment in the past. Nobody sets this clock, so it tells
    /// spans and nothing else.
    fn steady(&self) -> Duration;

    /// Returns when `span` has passed on the clock that nobody sets.
    async fn pause(&self, span: Duration);

    /// Returns at `instant`, or at once if it has passed.
    async fn sleep_until(&self, instant: Timestamp);
}
