//! The sections of the configuration that the verbs and the guard read, and what they come to.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign_command_risk::{Engine, OverrideError, Policy, SelfDescription, TableError};
use countersign_domain::approvals::{InvalidChannel, Timing};
use countersign_domain::assessment::{FindingId, InvalidFindingId};
use countersign_domain::audit::NodeName;
use countersign_domain::audit::chain::InvalidNodeName;
use countersign_domain::audit::checkpoint::MOST_COVERED;
use countersign_domain::guard::Mode;
use countersign_domain::identity::InvalidPrincipal;
use countersign_domain::service_conversations::{InvalidServiceSetting, ServiceSettings};
use countersign_domain::verdict::{Severity, Verdict};
use countersign_ports::duration::HumanDuration;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::chat::ChatSettings;
pub use crate::config_accounts::NoAccount;
pub use crate::config_approvers::{DelegateConfig, QuorumConfig};
pub use crate::config_chat::{
    AccessKeys, BusyText, Item, Listed, PairingText, PlatformConfig, PlatformsConfig,
    SessionsConfig,
};
pub use crate::config_nodes::NodesConfig;
pub use crate::config_outbound::{
    EmailConfig, MailTls, OutboundConfig, OutboundHttpConfig, SecretPolicyText, WebhookConfig,
};
pub use crate::config_quick::{QuickCommand, QuickCommandsConfig};
pub use crate::config_retention::RetentionConfig;
pub use crate::config_whatsapp::{
    BridgeConfig, ServiceConversationsConfig, ServiceModeText, WhatsappConfig,
};
use crate::operator_rules::{InvalidOperatorRule, OperatorRules, RuleText};
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
    /// Where approvers are asked when the requester may not approve: `PLATFORM:CHANNEL`. A card
    /// says that it was sent there only if it was.
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

/// How shell commands are judged.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RiskConfig {
    /// What belongs to the guard and to agents: names, paths, ports, switches. By default this
    /// product and the known agents.
    #[serde(rename = "self")]
    #[schemars(with = "Option<serde_json::Value>")]
    pub belongings: Option<SelfDescription>,
    /// Severity and verdict for a finding id; never milder than `forbid` where that is built in.
    pub overrides: BTreeMap<String, FindingOverride>,
    /// Files with further tables of tools.
    pub tables: Vec<std::path::PathBuf>,
}

/// Another severity or verdict for a finding.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FindingOverride {
    /// `low`, `medium`, `high` or `critical`.
    pub severity: Option<SeverityText>,
    /// `allow`, `ask` or `forbid`.
    pub verdict: Option<VerdictText>,
}

/// A severity in the configuration.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum SeverityText {
    /// Worth saying.
    Low,
    /// Can be undone with some work.
    Medium,
    /// Hard to undo, or leaves the machine.
    High,
    /// Loses the machine, its secrets or the control over the agent.
    Critical,
}

/// A verdict in the configuration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum VerdictText {
    /// Runs without a question.
    Allow,
    /// A person decides.
    Ask,
    /// Never runs.
    Forbid,
}

/// A value that cannot be used; names its key.
#[derive(Debug, thiserror::Error)]
#[error("`{key}`: {problem}")]
pub struct ConfigProblem {
    /// The key, with dots.
    pub key: String,
    /// What is wrong, and what is accepted.
    pub problem: Problem,
}

/// What is wrong with a value.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// Not a principal.
    #[error("{0}; `requester` and `admins` are accepted too")]
    Principal(#[from] InvalidPrincipal),
    /// Nobody could decide.
    #[error("nobody could decide anything; name at least one approver")]
    NoApprovers,
    /// Not somebody who could have or hold a delegation.
    #[error("{0}")]
    Delegate(InvalidPrincipal),
    /// Not an instant.
    #[error("`{0}` is not an instant in RFC 3339 such as `2026-12-24T18:00:00Z`")]
    NoInstant(String),
    /// Nobody would have to agree.
    #[error("`0` would approve by itself; use 1 or more")]
    NoQuorum,
    /// More must agree than there are.
    #[error("{wanted} must agree, but `approvals.approvers` names only {named}")]
    QuorumOutOfReach {
        /// How many must.
        wanted: u32,
        /// How many there are.
        named: usize,
    },
    /// Not a destination.
    #[error(transparent)]
    Channel(#[from] InvalidChannel),
    /// Nowhere to escalate to.
    #[error("there is nowhere to ask; set `approvals.channel` too")]
    NoChannel,
    /// Not a rule.
    #[error(transparent)]
    Rule(#[from] InvalidOperatorRule),
    /// Not a finding.
    #[error(transparent)]
    FindingId(#[from] InvalidFindingId),
    /// Not allowed for this finding.
    #[error(transparent)]
    Override(#[from] OverrideError),
    /// A table cannot be read.
    #[error("{0}")]
    Table(String),
    /// Not a name.
    #[error(transparent)]
    Node(InvalidNodeName),
    /// Not a time of the day.
    #[error("`{0}` is not a time of the day such as `04:30`")]
    NoTime(String),
    /// Not a name for a command, or not one that stands for anything.
    #[error("{0}")]
    Command(String),
    /// Never, or too rarely.
    #[error("use a number from 1 to {MOST_COVERED}")]
    CheckpointEvery,
    /// Not a destination, a name, a mail address or the address of a webhook.
    #[error("{0}")]
    Outbound(String),
    /// Not a setting of service conversations.
    #[error("{0}")]
    Service(#[from] InvalidServiceSetting),
    /// Not the address of a bridge.
    #[error("`{0}` is not accepted: write `http://127.0.0.1:PORT`, an address of this machine")]
    Bridge(String),
    /// Nothing is connected under this name.
    #[error("there is no such platform; known: {0}")]
    NoPlatform(String),
    /// Too short to be meant.
    #[error("`{0}` is too short; use at least one second")]
    TooShort(HumanDuration),
    /// Too short to look anything up.
    #[error("`{0}` is too short; use at least one hour, such as `30d`, or `0` to keep everything")]
    TooSoon(HumanDuration),
    /// A time to live that buries the busy, or nobody.
    #[error("`{0}` does not work; use from `2s` to `10m`")]
    LeaseTtl(HumanDuration),
    /// Limits still count it.
    #[error("`{0}` is too short: limits still count what was sent; use at least `1d`")]
    StillCounts(HumanDuration),
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

impl RiskConfig {
    /// The shell risk engine under this configuration; `read` reads a file of tables.
    pub fn engine(
        &self,
        security: &SecurityConfig,
        read: impl Fn(&std::path::Path) -> std::io::Result<String>,
    ) -> Result<Engine, ConfigProblem> {
        let mut policy =
            Policy::builtin().with_protected_paths(security.protected_paths.iter().cloned());
        if let Some(belongings) = &self.belongings {
            policy = policy.with_self(belongings.clone());
        }
        for (id, wanted) in &self.overrides {
            let key = || format!("risk.overrides.{id}");
            let finding: FindingId = id.parse().map_err(|error| named(key(), error))?;
            let severity = wanted.severity.map(Severity::from);
            let verdict = wanted.verdict.map(Verdict::from);
            policy = policy
                .with_override(&finding, severity, verdict)
                .map_err(|error| named(key(), error))?;
        }
        for path in &self.tables {
            let broken = |error: String| {
                problem("risk.tables", Problem::Table(format!("{}: {error}", path.display())))
            };
            let text = read(path).map_err(|error| broken(error.to_string()))?;
            policy = policy
                .with_tables(&[&text])
                .map_err(|error: TableError| broken(error.to_string()))?;
        }
        Ok(Engine::new(policy))
    }
}

impl From<SeverityText> for Severity {
    fn from(text: SeverityText) -> Self {
        match text {
            SeverityText::Low => Self::Low,
            SeverityText::Medium => Self::Medium,
            SeverityText::High => Self::High,
            SeverityText::Critical => Self::Critical,
        }
    }
}

impl From<VerdictText> for Verdict {
    fn from(text: VerdictText) -> Self {
        match text {
            VerdictText::Allow => Self::Allow,
            VerdictText::Ask => Self::Ask,
            VerdictText::Forbid => Self::Forbid,
        }
    }
}

pub(crate) fn at_least_a_second(key: &str, span: HumanDuration) -> Result<Duration, ConfigProblem> {
    if span.0 < Duration::from_secs(1) {
        return Err(problem(key, Problem::TooShort(span)));
    }
    Ok(span.0)
}

pub(crate) fn problem(key: &str, problem: Problem) -> ConfigProblem {
    ConfigProblem { key: key.to_owned(), problem }
}

pub(crate) fn named(key: String, error: impl Into<Problem>) -> ConfigProblem {
    ConfigProblem { key, problem: error.into() }
}
