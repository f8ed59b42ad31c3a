//! The gateway's signing keys, held in memory and kept by whoever owns their file.

use std::sync::{Arc, PoisonError, RwLock};

use countersign_domain::ids::GatewayId;
use countersign_domain::signing::{
    KeyRing, PublishedKey, Purpose, SigningKey, SigningKeyId, VerifyingKeys,
};
use countersign_domain::time::Timestamp;
use countersign_ports::signer::{Signer, SignerError};

/// Puts a changed ring on stable storage, or says why not.
type Keep = Box<dyn Fn(&KeyRing) -> Result<(), String> + Send + Sync>;

/// Signs with the current key of a ring.
pub struct KeyHolder {
    held: RwLock<Held>,
    keep: Keep,
}

struct Held {
    ring: KeyRing,
    verifying: Arc<VerifyingKeys>,
}

impl Held {
    fn new(ring: KeyRing) -> Self {
        Self { verifying: Arc::new(ring.verifying()), ring }
    }
}

impl KeyHolder {
    /// Holds `ring`, and calls `keep` with each later state before it counts.
    pub fn new(
        ring: KeyRing,
        keep: impl Fn(&KeyRing) -> Result<(), String> + Send + Sync + 'static,
    ) -> Self {
        Self { held: RwLock::new(Held::new(ring)), keep: Box::new(keep) }
    }

    /// What must never be shown: for the redactor.
    pub fn secrets(&self) -> Vec<String> {
        self.read(|held| held.ring.current().secrets())
    }

    /// What adapters of chat platforms seal with, the same on all nodes.
    pub fn platform_secret(&self) -> [u8; 32] {
        self.read(|held| held.ring.platform_secret())
    }

    fn read<T>(&self, of: impl FnOnce(&Held) -> T) -> T {
        // Nothing panics while it writes, and a ring is replaced whole.
        of(&self.held.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Signer for KeyHolder {
    fn gateway(&self) -> GatewayId {
        self.read(|held| held.ring.gateway())
    }

    fn sign(&self, purpose: Purpose, claims: &str) -> Result<String, SignerError> {
        self.read(|held| held.ring.current().sign(purpose, claims))
            .ok_or_else(|| SignerError::Unusable("there is nothing to sign".to_owned()))
    }

    fn verifying(&self) -> Arc<VerifyingKeys> {
        self.read(|held| held.verifying.clone())
    }

    fn published(&self) -> Vec<PublishedKey> {
        self.read(|held| held.ring.published())
    }

    fn rotate(&self, key: SigningKey, now: Timestamp) -> Result<SigningKeyId, SignerError> {
        let mut held = self.held.write().unwrap_or_else(PoisonError::into_inner);
        let next = held.ring.rotated(key, now);
        (self.keep)(&next).map_err(SignerError::NotKept)?;
        *held = Held::new(next);
        Ok(held.ring.current().id().clone())
    }
}
