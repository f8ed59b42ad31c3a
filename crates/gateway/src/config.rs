//! The sections of the configuration that the verbs and the guard read, and what they come to.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign_domain::approvals::Timing;
use countersign_domain::audit::NodeName;
use countersign_domain::audit::checkpoint::MOST_COVERED;
use countersign_domain::guard::Mode;
use countersign_domain::service_conversations::ServiceSettings;
use countersign_ports::duration::HumanDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::chat::ChatSettings;
pub use crate::config_accounts::NoAccount;
pub use crate::config_api::{ApiAccessKeys, ApiConfig};
pub use crate::config_approvers::{DelegateConfig, QuorumConfig};
pub use crate::config_chat::{
    AccessKeys, BusyText, Item, Listed, PairingText, PlatformConfig, PlatformsConfig,
    SessionsConfig,
};
pub use crate::config_nodes::NodesConfig;
pub use crate::config_outbound::{
    EmailConfig, MailTls, OutboundConfig, OutboundHttpConfig, SecretPolicyText, WebhookConfig,
};
pub use crate::config_problem::{ConfigProblem, Problem};
pub(crate) use crate::config_problem::{named, problem};
pub use crate::config_quick::{QuickCommand, QuickCommandsConfig};
pub use crate::config_retention::RetentionConfig;
pub use crate::config_risk::{FindingOverride, RiskConfig, SeverityText, VerdictText};
pub use crate::config_whatsapp::{
    BridgeConfig, ServiceConversationsConfig, ServiceModeText, WhatsappConfig,
};
use crate::operator_rules::{OperatorRules, RuleText};
use crate::settings::Settings;

/// When people are asked, whom, and for how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ApprovalsConfig {
    /// `manual`: every question is put to a person. `off`: what would be asked runs, and is
    /// recorded as such; what is forbidden stays forbidden.
    pub mode: ModeText,
    /// How long a question stays open; `0` for ever.
    pub timeout: HumanDuration,
    /// After how long people are reminded once; by default half of `timeout`, `0` never.
    pub remind_after: Option<HumanDuration>,
    /// How long an approved action may wait to be started before the approval lapses.
    pub start_within: HumanDuration,
    /// How long a rule left by `session` lasts.
    pub session_rule_ttl: HumanDuration,
    /// For how long at most nobody is asked in a session after `/yolo`; `0`: there is no `/yolo`.
    pub yolo_ttl: HumanDuration,
    /// Who may decide: `requester`, `admins`, or principals such as `operator` and `api:NAME`.
    pub approvers: Vec<String>,
    /// Whoever asked may deny, but not approve.
    pub separation_of_duties: bool,
    /// How many distinct approvers must agree, by severity: `critical: 2`. What is said of one
    /// severity holds for the more severe ones too, unless they say otherwise. Default 1.
    pub quorum: QuorumConfig,
    /// Who decides in whose name, and until when.
    pub delegates: Vec<DelegateConfig>,
    /// Where approvers are asked when the requester may not approve: `PLATFORM:CHANNEL`, a chat of an
    /// attached platform by its name or id, such as `mattermost:ops`. A card says that it was sent
    /// there only if it was.
    pub channel: Option<String>,
    /// After how long `channel` is asked about every pending question; by default, and with `0`,
    /// never.
    pub escalate_after: Option<HumanDuration>,
    /// How many approvals of one session may wait at a time; beyond it the agent is told to wait.
    pub max_pending_per_session: u64,
    /// After how many denials of the same effect a run is stopped; `0` never.
    pub denials_before_stop: u32,
    /// Commands that never run: globs on the normalised command, or matchers.
    pub deny: Vec<RuleText>,
    /// Commands that are always asked about.
    pub ask: Vec<RuleText>,
    /// Commands that run without a question, unless a finding is critical; only commands without
    /// operators, substitutions and redirections.
    pub allow: Vec<RuleText>,
}

/// `approvals.mode`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ModeText {
    /// Every question is put to a person.
    #[default]
    Manual,
    /// What would be asked runs.
    Off,
}

/// Limits on runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RunsConfig {
    /// How many runs may work at one time; runs that wait for people do not count.
    pub max_working: u64,
}

/// Secrets and protected files.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SecurityConfig {
    /// Mask secrets in cards, events, tool output and logs; never in what runs.
    pub redact_secrets: bool,
    /// Files and directories whose reading, attaching or changing is severe.
    pub protected_paths: Vec<String>,
}

/// The audit log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AuditConfig {
    /// After how many records the gateway signs where the log stands: 1 to 4096. It does so when it
    /// stops, too.
    #[schemars(range(min = 1, max = 4096))]
    pub checkpoint_every: u64,
    /// What records name as the node that wrote them; by default the name of the machine.
    pub node: Option<String>,
}

impl Default for ApprovalsConfig {
    fn default() -> Self {
        Self {
            mode: ModeText::Manual,
            timeout: HumanDuration::from_secs(15 * 60),
            remind_after: None,
            start_within: HumanDuration::from_secs(15 * 60),
            session_rule_ttl: HumanDuration::from_secs(12 * 60 * 60),
            yolo_ttl: HumanDuration::from_secs(60 * 60),
            approvers: vec!["requester".to_owned(), "admins".to_owned()],
            separation_of_duties: false,
            quorum: QuorumConfig::new(),
            delegates: Vec::new(),
            channel: None,
            escalate_after: None,
            max_pending_per_session: 100,
            denials_before_stop: 3,
            deny: Vec::new(),
            ask: Vec::new(),
            allow: Vec::new(),
        }
    }
}

impl Default for RunsConfig {
    fn default() -> Self {
        Self { max_working: 1024 }
    }
}

impl Default for AuditConfig {
    fn default() -> Self {
        Self { checkpoint_every: 256, node: None }
    }
}

impl AuditConfig {
    /// What records name as the node; `host` is the name of the machine.
    pub fn node(&self, host: &str) -> Result<NodeName, ConfigProblem> {
        if !(1..=MOST_COVERED).contains(&self.checkpoint_every) {
            return Err(problem("audit.checkpoint_every", Problem::CheckpointEvery));
        }
        match &self.node {
            Some(name) => name.parse().map_err(|error| problem("audit.node", Problem::Node(error))),
            None => Ok(host.parse().unwrap_or_else(|_| NodeName::local())),
        }
    }
}

impl Default for SecurityConfig {
    fn default() -> Self {
        let paths = [
            "~/.ssh",
            "~/.gnupg",
            "~/.aws",
            "~/.azure",
            "~/.config/gcloud",
            "~/.kube",
            "~/.docker",
            "~/.netrc",
            "~/.npmrc",
            "~/.pypirc",
            "~/.git-credentials",
            "~/.bashrc",
            "~/.bash_profile",
            "~/.profile",
            "~/.zshrc",
            "~/.config/systemd",
            "/root/.ssh",
            "/var/spool/cron",
        ];
        Self { redact_secrets: true, protected_paths: paths.map(str::to_owned).to_vec() }
    }
}

impl ApprovalsConfig {
    /// The settings of the verbs.
    pub fn settings(
        &self,
        runs: &RunsConfig,
        host: String,
        model: String,
    ) -> Result<Settings, ConfigProblem> {
        let approvers = self.approvers()?;
        Ok(Settings {
            mode: match self.mode {
                ModeText::Manual => Mode::Manual,
                ModeText::Off => Mode::Off,
            },
            timing: self.timing()?,
            quorum: self.quorum(&approvers)?,
            attention: self.attention()?,
            approvers,
            session_rule_ttl: at_least_a_second(
                "approvals.session_rule_ttl",
                self.session_rule_ttl,
            )?,
            yolo_ttl: self.yolo_ttl.0,
            max_working_runs: runs.max_working.max(1),
            host,
            model,
            fallbacks: Vec::new(),
            prices: BTreeMap::new(),
            service: ServiceSettings::default(),
            chat: ChatSettings::default(),
        })
    }

    fn timing(&self) -> Result<Timing, ConfigProblem> {
        let never = |span: Duration| (!span.is_zero()).then_some(span);
        let timeout = never(self.timeout.0);
        let remind_after = match self.remind_after {
            Some(span) => never(span.0),
            None => timeout.map(|span| span / 2),
        };
        let start_within = at_least_a_second("approvals.start_within", self.start_within)?;
        Ok(Timing { timeout, remind_after, start_within })
    }

    /// The operator's own rules.
    pub fn operator_rules(&self) -> Result<OperatorRules, ConfigProblem> {
        OperatorRules::new(&self.deny, &self.ask, &self.allow)
            .map_err(|error| problem("approvals.deny, .ask or .allow", error.into()))
    }
}

pub(crate) fn at_least_a_second(key: &str, span: HumanDuration) -> Result<Duration, ConfigProblem> {
    if span.0 < Duration::from_secs(1) {
        return Err(problem(key, Problem::TooShort(span)));
    }
    Ok(span.0)
}
