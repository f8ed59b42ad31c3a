//! What waits to be sent: a set, not a queue, because a hint that waits need not be given twice.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::Notify;

use super::subjects::Hint;

/// How many different hints may wait.
pub(super) const MOST: usize = 8192;

/// Hints on their way out. Bounded: what finds no room is dropped, and once there is room again
/// everybody is told to look at everything.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    waiting: Mutex<BTreeSet<Hint>>,
    filled: Notify,
}

impl Outgoing {
    /// Adds a hint without waiting; `false` if it was dropped.
    pub(super) fn put(&self, hint: Hint) -> bool {
        let mut waiting = self.lock();
        let fits = waiting.len() < MOST || waiting.contains(&hint);
        // This one always fits, because it stands for all others.
        waiting.insert(if fits { hint } else { Hint::All });
        drop(waiting);
        self.filled.notify_one();
        fits
    }

    /// All that waits, at least one; for one taker. Safe to cancel.
    pub(super) async fn take(&self) -> BTreeSet<Hint> {
        loop {
            let taken = std::mem::take(&mut *self.lock());
            if !taken.is_empty() {
                return taken;
            }
            self.filled.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<Hint>> {
        // The set is whole between any two statements.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use countersign_domain::ids::RunId;
    use countersign_domain::runs::Stream;
    use uuid::Uuid;

    use super::*;

    fn hint(number: usize) -> Hint {
        Hint::Topic(Stream::Run(RunId::from_uuid(Uuid::from_u128(number as u128))).into())
    }

    #[tokio::test]
    async fn what_waits_is_given_once() {
        let outgoing = Outgoing::default();
        assert!((0..1000).all(|_| outgoing.put(hint(1))));
        assert!(outgoing.put(hint(2)));
        assert_eq!(outgoing.take().await, BTreeSet::from([hint(1), hint(2)]));
    }

    #[tokio::test]
    async fn what_finds_no_room_is_dropped_and_everybody_is_told() {
        let outgoing = Outgoing::default();
        assert!((0..MOST).all(|number| outgoing.put(hint(number))));
        assert!(!outgoing.put(hint(MOST)) && !outgoing.put(hint(MOST + 1)));
        assert!(outgoing.put(hint(0)), "it waits already");
        let taken = outgoing.take().await;
        assert_eq!(taken.len(), MOST + 1);
        assert!(taken.contains(&Hint::All));
        assert!(outgoing.put(hint(MOST)));
    }
}
