//! Whether the store is still usable, and waking those who wait for its end.

use countersign_ports::store::StoreError;
use tokio::sync::watch;

/// The first error that ended the store. Shared by the writer, the readers and the store.
#[derive(Debug, Clone)]
pub(crate) struct Health(watch::Sender<Option<StoreError>>);

impl Health {
    /// A usable store.
    pub(crate) fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    /// Fails once the store is broken.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.0.borrow().clone().map_or(Ok(()), Err)
    }

    /// Remembers `error` if it ends the store; the first one stays.
    pub(crate) fn note(&self, error: &StoreError) {
        if !ends_the_store(error) {
            return;
        }
        let first = self.0.send_if_modified(|broken| {
            let first = broken.is_none();
            if first {
                *broken = Some(error.clone());
            }
            first
        });
        if first {
            tracing::error!(%error, "the store has become unusable");
        }
    }

    /// Returns when the store has ended, with the reason.
    pub(crate) async fn broken(&self) -> StoreError {
        let mut changes = self.0.subscribe();
        let broken = changes.wait_for(Option::is_some).await;
        let reason = broken.ok().and_then(|reason| reason.clone());
        match reason {
            Some(reason) => reason,
            // The sender is `self`, so the wait cannot end without a reason.
            None => std::future::pending().await,
        }
    }
}

/// Whether nothing can be done with the store after `error`.
pub(crate) const fn ends_the_store(error: &StoreError) -> bool {
    match error {
        StoreError::Broken { .. } => true,
        StoreError::Conflict(_)
        | StoreError::Expelled
        | StoreError::Missing(_)
        | StoreError::Unavailable(_)
        | StoreError::Unreadable { .. } => false,
    }
}
