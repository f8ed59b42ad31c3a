//! The configuration: the sections of all crates composed into one file.
//!
//! Each crate owns its sections and what they mean. Here they are read from YAML with the place of
//! every value, overridden by `--set`, checked against the known keys, and edited.

pub(crate) mod document;
pub(crate) mod edit;
mod in_force;
mod key_path;
pub(crate) mod keys;
mod platforms;
mod problem;
mod read;

use countersign_agent::{AgentConfig, ModelConfig};
use countersign_event_bus::config::BusConfig;
use countersign_gateway::config::{
    ApprovalsConfig, AuditConfig, NodesConfig, OutboundConfig, QuickCommandsConfig,
    RetentionConfig, RiskConfig, RunsConfig, SecurityConfig, SessionsConfig, WhatsappConfig,
};
use countersign_http_api::HttpConfig;
use countersign_storage::config::StoreConfig;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(crate) use in_force::in_force;
pub(crate) use key_path::{parse_key, write_key};
pub(crate) use platforms::PlatformsSection;
pub(crate) use problem::{ConfigError, advice, is_secret};
pub(crate) use read::{Loaded, Override, load, read_text};

/// What stands in the file that a first start writes.
pub(crate) const TEMPLATE: &str = include_str!("template.yaml");

/// The whole configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Config {
    /// The HTTP listener: API and web page.
    pub(crate) gateway: HttpConfig,
    /// What the agent is, and how far it may go.
    pub(crate) agent: AgentConfig,
    /// The language model.
    pub(crate) model: ModelConfig,
    /// When people are asked, whom, and for how long.
    pub(crate) approvals: ApprovalsConfig,
    /// Limits on runs.
    pub(crate) runs: RunsConfig,
    /// How conversations go.
    pub(crate) sessions: SessionsConfig,
    /// Chat platforms: the bots, who may talk, and who may run which command.
    pub(crate) platforms: PlatformsSection,
    /// Slash commands of the operator's own.
    pub(crate) quick_commands: QuickCommandsConfig,
    /// The audit log.
    pub(crate) audit: AuditConfig,
    /// Where everything is kept.
    pub(crate) store: StoreConfig,
    /// Being one of several nodes.
    pub(crate) nodes: NodesConfig,
    /// How several nodes wake each other.
    pub(crate) bus: BusConfig,
    /// How long what is over is kept.
    pub(crate) retention: RetentionConfig,
    /// Secrets and protected files.
    pub(crate) security: SecurityConfig,
    /// What may leave the house without a question.
    pub(crate) outbound: OutboundConfig,
    /// `WhatsApp`: the bridge to your own account, and service conversations.
    pub(crate) whatsapp: WhatsappConfig,
    /// How shell commands are judged.
    pub(crate) risk: RiskConfig,
}
