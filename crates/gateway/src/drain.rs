//! Saying that this process is about to stop, before it does.

use std::sync::atomic::Ordering;

use crate::gateway::Gateway;

impl Gateway {
    /// From now on this process says that it is not ready, so that whoever hands out requests
    /// chooses another one. What comes all the same is done as before.
    pub fn announce_stop(&self) {
        self.stopping.store(true, Ordering::Relaxed);
    }

    /// Whether this process takes no new work.
    pub(crate) fn is_leaving(&self) -> bool {
        self.leaving.load(Ordering::Relaxed)
    }

    /// Whether this process is about to stop.
    pub fn is_draining(&self) -> bool {
        self.stopping.load(Ordering::Relaxed)
    }
}
