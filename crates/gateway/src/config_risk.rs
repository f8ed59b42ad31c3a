//! The section about how shell commands are judged.

use std::collections::BTreeMap;

use countersign_command_risk::{Engine, Policy, SelfDescription, TableError};
use countersign_domain::assessment::FindingId;
use countersign_domain::verdict::{Severity, Verdict};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{ConfigProblem, Problem, SecurityConfig, named, problem};

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
