//! The time.

use async_trait::async_trait;
use countersign_domain::time::Timestamp;

/// Where the time comes from; a manual one in tests.
#[async_trait]
pub trait Clock: Send + Sync + 'static {
    /// The time now.
    fn now(&self) -> Timestamp;

    /// Returns at `instant`, or at once if it has passed.
    async fn sleep_until(&self, instant: Timestamp);
}
