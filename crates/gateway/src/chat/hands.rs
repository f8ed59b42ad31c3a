//! What this process is doing for chats right now: it is ended before anything is given away.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

/// Counts what is being done.
#[derive(Debug, Clone, Default)]
pub(super) struct Hands(Arc<watch::Sender<usize>>);

/// Something that is being done, until this is dropped.
#[derive(Debug)]
pub(super) struct Hand(Arc<watch::Sender<usize>>);

impl Hands {
    /// Something begins.
    pub(super) fn begin(&self) -> Hand {
        self.0.send_modify(|busy| *busy += 1);
        Hand(self.0.clone())
    }

    pub(super) fn are_idle(&self) -> bool {
        *self.0.borrow() == 0
    }

    /// Returns when nothing is being done, or after `limit`.
    pub(super) async fn idle(&self, limit: Duration) {
        let mut busy = self.0.subscribe();
        let waited = tokio::time::timeout(limit, busy.wait_for(|busy| *busy == 0)).await;
        if waited.is_err() {
            tracing::warn!("something that was said in a chat takes too long to be waited for");
        }
    }
}

impl Drop for Hand {
    fn drop(&mut self) {
        self.0.send_modify(|busy| *busy -= 1);
    }
}
