//! Who works on the store.

use async_trait::async_trait;
use countersign_domain::ids::{NodeId, RunId};
use countersign_domain::nodes::{Lease, LeaseName, Living};

use super::StoreError;

/// Nodes and what they hold.
#[async_trait]
pub trait NodeReads: Send + Sync {
    /// The nodes that have neither left nor been buried, oldest first.
    async fn living(&self) -> Result<Vec<Living>, StoreError>;

    /// Who holds this work.
    async fn holder(&self, name: LeaseName) -> Result<Option<NodeId>, StoreError>;

    /// What is held by anybody except the driving of runs, by name.
    async fn lasting_leases(&self) -> Result<Vec<Lease>, StoreError>;

    /// How many runs each node drives; nodes that drive none are absent.
    async fn driven(&self) -> Result<Vec<(NodeId, u64)>, StoreError>;

    /// Runs that are at work (as [`super::RunReads::working`] counts them) and held by nobody,
    /// oldest first, at most `limit`.
    async fn adrift(&self, limit: usize) -> Result<Vec<RunId>, StoreError>;
}
