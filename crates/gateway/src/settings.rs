//! What the verbs need to know of the configuration.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign_domain::approvals::{Approvers, ChannelPolicy, Quorum, Timing};
use countersign_domain::guard::Mode;
use countersign_domain::runs::Prices;
use countersign_domain::service_conversations::ServiceSettings;

use crate::chat::ChatSettings;

/// Settings of the verbs, made from the configuration by [`crate::config`].
#[derive(Debug, Clone)]
pub struct Settings {
    /// `approvals.mode`.
    pub mode: Mode,
    /// How long people have.
    pub timing: Timing,
    /// Who may decide.
    pub approvers: Approvers,
    /// How many must agree.
    pub quorum: Quorum,
    /// What keeps people's attention from being used up.
    pub attention: Attention,
    /// How long a `session` rule lasts.
    pub session_rule_ttl: Duration,
    /// For how long at most nobody is asked after `/yolo`.
    pub yolo_ttl: Duration,
    /// How many runs may work at one time; waiting ones do not count.
    pub max_working_runs: u64,
    /// The name of this machine, as cards show it.
    pub host: String,
    /// The model's name, for `run.started`.
    pub model: String,
    /// The names of those that stand in for it.
    pub fallbacks: Vec<String>,
    /// What the tokens of models cost, by the model's name.
    pub prices: BTreeMap<String, Prices>,
    /// `whatsapp.service_conversations`.
    pub service: ServiceSettings,
    /// Who may talk and command, and how conversations go.
    pub chat: ChatSettings,
}

/// What keeps people's attention from being used up, and where it is sought.
#[derive(Debug, Clone)]
pub struct Attention {
    /// Where approvers are asked, and when.
    pub channel: ChannelPolicy,
    /// At most so many approvals of one session wait at a time, and so many calls on one card.
    pub max_pending: u64,
    /// After so many denials of the same effect a run is stopped; 0 never.
    pub denials_before_stop: u32,
}
