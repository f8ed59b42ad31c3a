//! Who works on the store.

use countersign_domain::access::Scope;
use countersign_domain::nodes::{LeaseName, Node};
use countersign_ports::store::StoreError;

use crate::caller::{Caller, Forbidden};
use crate::gateway::Gateway;

/// A node and what it holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeView {
    /// The node.
    pub node: Node,
    /// How often it has said that it lives.
    pub beat: u64,
    /// How many runs it drives.
    pub runs: u64,
    /// What else it holds, by name.
    pub leases: Vec<LeaseName>,
    /// Whether it is the one that answers.
    pub is_this: bool,
}

/// Why nodes are not shown.
#[derive(Debug, thiserror::Error)]
pub enum ReadNodesError {
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Gateway {
    /// The nodes that are among the living, oldest first.
    pub async fn nodes(&self, caller: &Caller) -> Result<Vec<NodeView>, ReadNodesError> {
        caller.require(Scope::Admin)?;
        let reads = self.store.nodes();
        let living = reads.living().await?;
        let driven = reads.driven().await?;
        let leases = reads.lasting_leases().await?;
        let me = self.membership.node();
        let view = |living: countersign_domain::nodes::Living| {
            let id = living.node.id;
            let held = leases.iter().filter(|lease| lease.holder == id);
            NodeView {
                runs: driven.iter().find(|(node, _)| *node == id).map_or(0, |(_, runs)| *runs),
                leases: held.map(|lease| lease.name.clone()).collect(),
                is_this: me == Some(id),
                beat: living.beat,
                node: living.node,
            }
        };
        Ok(living.into_iter().map(view).collect())
    }
}
