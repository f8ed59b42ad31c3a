//! When keys were used last: what people look at before they take an old one back.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use countersign_domain::ids::KeyId;
use countersign_domain::time::Timestamp;
use countersign_ports::store::{ApiKey, Change, UnitOfWork};

use crate::gateway::Gateway;

/// A use within this time of one that is stored is not stored: a request should not cost a write.
const NOTED_EVERY: Duration = Duration::from_mins(5);

/// When this process last noted the use of each key.
#[derive(Default)]
pub(crate) struct KeyUses(Mutex<BTreeMap<KeyId, Timestamp>>);

impl KeyUses {
    /// Whether a use now has to be noted; of many at one time, one has to.
    fn is_due(&self, key: &ApiKey, now: Timestamp) -> bool {
        let fresh = |noted: Timestamp| now.since(noted) < NOTED_EVERY;
        if key.last_used_at.is_some_and(fresh) {
            return false;
        }
        let mut noted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if noted.get(&key.id).copied().is_some_and(fresh) {
            return false;
        }
        noted.insert(key.id, now);
        true
    }
}

impl Gateway {
    /// Notes that a key has opened something. Nobody is refused because this could not be stored.
    pub(crate) async fn note_use(&self, key: &ApiKey) {
        let now = self.clock.now();
        if !self.key_uses.is_due(key, now) {
            return;
        }
        let work = UnitOfWork::new().and(Change::UseKey(key.id, now));
        if let Err(error) = self.commit(work).await {
            tracing::debug!(%error, key = key.name.as_str(), "the use of a key was not noted");
        }
    }
}
