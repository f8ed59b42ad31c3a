//! What the verbs need to know of the configuration.

use std::time::Duration;

use countersign_domain::approvals::{Approvers, Timing};
use countersign_domain::guard::Mode;

/// Settings of the verbs, made from the configuration by [`crate::config`].
#[derive(Debug, Clone)]
pub struct Settings {
    /// `approvals.mode`.
    pub mode: Mode,
    /// How long people have.
    pub timing: Timing,
    /// Who may decide.
    pub approvers: Approvers,
    /// How long a `session` rule lasts.
    pub session_rule_ttl: Duration,
    /// How many runs may work at one time; waiting ones do not count.
    pub max_working_runs: u64,
    /// The name of this machine, as cards show it.
    pub host: String,
    /// The model's name, for `run.started`.
    pub model: String,
}
