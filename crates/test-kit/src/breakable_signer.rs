//! A signer whose key can be taken away.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use countersign_domain::ids::GatewayId;
use countersign_domain::signing::{
    KeyRing, PublishedKey, Purpose, SigningKey, SigningKeyId, VerifyingKeys,
};
use countersign_domain::time::Timestamp;
use countersign_gateway::KeyHolder;
use countersign_ports::signer::{Signer, SignerError};
use uuid::Uuid;

/// The same key in every life of a house, as a kept file would give, until it is broken.
pub struct BreakableSigner {
    holder: KeyHolder,
    broken: AtomicBool,
}

impl Default for BreakableSigner {
    fn default() -> Self {
        let key = SigningKey::from_seed([7; 32]).expect("the curve takes this seed");
        let gateway = GatewayId::from_uuid(Uuid::from_u128(7));
        let ring = KeyRing::new(gateway, key, Timestamp::from_millis(1_795_000_000_000));
        let holder = KeyHolder::new(ring, |_| Ok(()));
        Self { holder, broken: AtomicBool::new(false) }
    }
}

impl BreakableSigner {
    /// Nothing is signed from now on, or everything again.
    pub fn break_off(&self, broken: bool) {
        self.broken.store(broken, Ordering::SeqCst);
    }

    fn check(&self) -> Result<(), SignerError> {
        if self.broken.load(Ordering::SeqCst) {
            return Err(SignerError::Unusable("the key is gone".to_owned()));
        }
        Ok(())
    }
}

impl Signer for BreakableSigner {
    fn gateway(&self) -> GatewayId {
        self.holder.gateway()
    }

    fn sign(&self, purpose: Purpose, claims: &str) -> Result<String, SignerError> {
        self.check()?;
        self.holder.sign(purpose, claims)
    }

    fn verifying(&self) -> Arc<VerifyingKeys> {
        self.holder.verifying()
    }

    fn published(&self) -> Vec<PublishedKey> {
        self.holder.published()
    }

    fn rotate(&self, key: SigningKey, now: Timestamp) -> Result<SigningKeyId, SignerError> {
        self.check()?;
        self.holder.rotate(key, now)
    }
}
