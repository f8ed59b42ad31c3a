//! The section `nodes`: being one of several.

use std::time::Duration;

use countersign_ports::duration::HumanDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{ConfigProblem, Problem, problem};

/// Being one of several nodes on one database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct NodesConfig {
    /// How long a node may be silent before the others take it for dead and take over its work.
    pub lease_ttl: HumanDuration,
}

/// A node that is busy for a moment is not dead.
const SHORTEST: Duration = Duration::from_secs(2);
/// Longer, and work would wait for nobody.
const LONGEST: Duration = Duration::from_mins(10);

impl Default for NodesConfig {
    fn default() -> Self {
        Self { lease_ttl: HumanDuration::from_secs(10) }
    }
}

impl NodesConfig {
    /// How long a node may be silent.
    pub fn ttl(&self) -> Result<Duration, ConfigProblem> {
        if (SHORTEST..=LONGEST).contains(&self.lease_ttl.0) {
            Ok(self.lease_ttl.0)
        } else {
            Err(problem("nodes.lease_ttl", Problem::LeaseTtl(self.lease_ttl)))
        }
    }
}
