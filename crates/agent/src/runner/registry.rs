//! Which runs are being driven, and what has been called out to them meanwhile.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use countersign_domain::ids::RunId;
use tokio::sync::Notify;

/// The runs that have a driver. A wake is never lost: it starts a driver, or the driver that
/// there is cannot retire before it has looked at the store again.
#[derive(Debug, Default)]
pub(super) struct Registry {
    drivers: Mutex<BTreeMap<RunId, Slot>>,
}

#[derive(Debug)]
struct Slot {
    woken: bool,
    signal: Arc<Notify>,
}

impl Registry {
    /// Something about `run` has changed. The answer is the signal for a new driver if one must
    /// be started.
    pub(super) fn wake(&self, run: RunId) -> Option<Arc<Notify>> {
        let mut drivers = self.lock();
        if let Some(slot) = drivers.get_mut(&run) {
            slot.woken = true;
            slot.signal.notify_one();
            return None;
        }
        let signal = Arc::new(Notify::new());
        let slot = Slot { woken: false, signal: Arc::clone(&signal) };
        drivers.insert(run, slot);
        Some(signal)
    }

    /// The same, if it has a driver.
    pub(super) fn nudge(&self, run: RunId) {
        if let Some(slot) = self.lock().get_mut(&run) {
            slot.woken = true;
            slot.signal.notify_one();
        }
    }

    /// Whether `run` was woken since this was last asked. To be asked before reading the store.
    pub(super) fn take_wake(&self, run: RunId) -> bool {
        let mut drivers = self.lock();
        let slot = drivers.get_mut(&run);
        slot.is_some_and(|slot| std::mem::take(&mut slot.woken))
    }

    /// Lets go of `run`, unless it was woken meanwhile: then its driver must look again.
    pub(super) fn retire(&self, run: RunId) -> bool {
        let mut drivers = self.lock();
        if let Some(slot) = drivers.get_mut(&run)
            && std::mem::take(&mut slot.woken)
        {
            return false;
        }
        drivers.remove(&run);
        true
    }

    /// Lets go of `run` whatever happened meanwhile.
    pub(super) fn abandon(&self, run: RunId) {
        self.lock().remove(&run);
    }

    /// How many runs are driven.
    pub(super) fn len(&self) -> usize {
        self.lock().len()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<RunId, Slot>> {
        self.drivers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_starts_one_driver_and_keeps_it_from_retiring_unseen() {
        let registry = Registry::default();
        let run = RunId::from_uuid(uuid::Uuid::from_u128(1));
        assert!(registry.wake(run).is_some());
        assert!(!registry.take_wake(run));
        assert!(registry.wake(run).is_none());
        assert!(!registry.retire(run), "it was woken");
        assert!(registry.retire(run));
        assert_eq!(registry.len(), 0);
        assert!(registry.wake(run).is_some());
    }
}
