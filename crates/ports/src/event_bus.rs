//! Wake-ups for those who follow a stream. Nothing durable is only on the bus: an announcement
//! says "look at the store", may come twice and may be lost.

use async_trait::async_trait;
use countersign_domain::runs::Stream;

/// Tells followers that a stream has grown.
pub trait EventBus: Send + Sync + 'static {
    /// `stream` has grown. Called after the commit; never fails and never blocks.
    fn announce(&self, stream: Stream);

    /// From now on, announcements of `stream` wake the subscription.
    fn subscribe(&self, stream: Stream) -> Box<dyn Subscription>;
}

/// One follower of one stream.
#[async_trait]
pub trait Subscription: Send {
    /// Returns when the stream was announced since the last call, or since the subscription. An
    /// implementation may also return without reason. Safe to cancel.
    async fn changed(&mut self);
}
