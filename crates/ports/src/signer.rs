//! Signing with the gateway's key.

use std::sync::Arc;

use countersign_domain::ids::GatewayId;
use countersign_domain::signing::{PublishedKey, Purpose, SigningKey, SigningKeyId, VerifyingKeys};
use countersign_domain::time::Timestamp;

/// Holds the gateway's secret key and signs with it. A file in practice; it could be a hardware
/// token, for the key itself never leaves it.
pub trait Signer: Send + Sync + 'static {
    /// The gateway that it signs for.
    fn gateway(&self) -> GatewayId;

    /// Signs `claims`, a JSON object, as a PASETO `v4.public` token.
    fn sign(&self, purpose: Purpose, claims: &str) -> Result<String, SignerError>;

    /// Every key whose signatures count.
    fn verifying(&self) -> Arc<VerifyingKeys>;

    /// Every public key, newest first: the first one signs.
    fn published(&self) -> Vec<PublishedKey>;

    /// Signs with `key` from now on. When this returns, the new key is on stable storage and the
    /// old secret is gone.
    fn rotate(&self, key: SigningKey, now: Timestamp) -> Result<SigningKeyId, SignerError>;
}

/// Why nothing is signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    /// There is no key, or it does not work.
    #[error("the signing key cannot be used: {0}")]
    Unusable(String),
    /// The new key could not be kept; the old one stays.
    #[error("the signing key cannot be kept: {0}")]
    NotKept(String),
}
