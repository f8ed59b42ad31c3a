//! A node in JSON.

use countersign_domain::ids::NodeId;
use countersign_domain::nodes::NodeState;
use countersign_domain::time::Timestamp;
use countersign_gateway::NodeView;
use serde::Serialize;
use utoipa::ToSchema;

/// One life of one process that works on the store.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Node)]
pub(crate) struct NodeBody {
    #[schema(example = "node")]
    object: &'static str,
    #[schema(value_type = String, example = "node_0198c0de000070008000000000000001")]
    node_id: NodeId,
    /// What the operator calls it; audit records name it.
    #[schema(example = "build-7")]
    name: String,
    /// The program's version.
    version: String,
    /// Where it listens.
    #[schema(example = "10.0.0.7:8642")]
    address: String,
    /// Whether it takes new work.
    #[schema(value_type = String, example = "serving")]
    state: NodeState,
    #[schema(value_type = String, format = DateTime)]
    joined_at: Timestamp,
    /// How often it has said that it lives. One whose number stands still for `nodes.lease_ttl` is
    /// taken for dead.
    beat: u64,
    /// How many runs it drives now.
    runs: u64,
    /// What else only it does now, such as `timers`.
    leases: Vec<String>,
    /// Which key it signs with.
    signing_key: String,
    /// Whether it is the one that answers.
    this: bool,
}

impl From<NodeView> for NodeBody {
    fn from(view: NodeView) -> Self {
        let NodeView { node, beat, runs, leases, is_this } = view;
        Self {
            object: "node",
            node_id: node.id,
            name: node.name.to_string(),
            version: node.version,
            address: node.address,
            state: node.state,
            joined_at: node.joined_at,
            beat,
            runs,
            leases: leases.iter().map(ToString::to_string).collect(),
            signing_key: node.signing_key,
            this: is_this,
        }
    }
}
