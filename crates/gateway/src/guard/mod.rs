//! The guard: judges any action from its content, the operator's rules and nothing else.

mod files;
mod hidden;
mod leaving;
mod requests;
mod scripts;
mod targets;

use std::collections::BTreeSet;
use std::sync::Arc;

use countersign_command_risk::{
    Analysis, Context, Engine, UNKNOWN_WORD, covers, describe_worst_first, is_within,
};
use countersign_domain::action::Action;
use countersign_domain::approvals::{Matcher, Rule, Touch};
use countersign_domain::assessment::{Assessment, Finding, FindingId, Revealed};
use countersign_domain::display::one_line;
use countersign_domain::guard::with_operator_rule;
use countersign_domain::outbound::OutboundPolicy;
use countersign_domain::redaction::Redactor;
use countersign_domain::verdict::Severity;

use self::files::Access;
pub(crate) use self::leaving::SECRET as LEAVING_SECRET;
pub(crate) use self::scripts::{LONGEST_SCRIPT, Script, finding as file_finding};
use self::targets::target;
use crate::operator_rules::OperatorRules;

/// Judges actions.
pub struct Guard {
    engine: Engine,
    operator: OperatorRules,
    parts: GuardParts,
}

/// What the guard knows of the house.
#[derive(Debug, Clone)]
pub struct GuardParts {
    /// The agent's workspace, absolute and resolved: reading and writing in it is free.
    pub workspace: String,
    /// The gateway's own home, absolute and resolved: closed to the agent.
    pub gateway_home: String,
    /// The home directory of the user.
    pub user_home: String,
    /// The user's name.
    pub user: String,
    /// Paths whose reading or writing is severe, absolute or beginning with `~/`.
    pub protected_paths: Vec<String>,
    /// What may leave the house, and how.
    pub outbound: OutboundPolicy,
    /// Finds secrets in what would leave, whether or not they are masked in what is shown.
    pub scanner: Arc<Redactor>,
    /// The port of the gateway's own listener.
    pub own_port: u16,
}

/// An assessment, and what is needed to compare it with rules.
pub struct Assessed {
    /// The verdict with its findings, after the operator's rules.
    pub assessment: Assessment,
    analysis: Option<Analysis>,
    home: String,
}

impl Guard {
    /// A guard of these parts.
    pub const fn new(engine: Engine, operator: OperatorRules, parts: GuardParts) -> Self {
        Self { engine, operator, parts }
    }

    /// Judges `action`.
    pub fn assess(&self, action: &Action) -> Assessed {
        let (mut findings, analysis) = match action {
            Action::Exec { command, cwd, .. } => {
                split(self.engine.assess(command, &self.context(cwd)))
            }
            Action::Code { language, source, cwd, .. } => {
                split(self.engine.assess_code(language, source, &self.context(cwd)))
            }
            Action::FileRead { path } => {
                (files::assess(&self.parts, path, Access::Read).into_iter().collect(), None)
            }
            Action::FileWrite { path, .. } => {
                (files::assess(&self.parts, path, Access::Write).into_iter().collect(), None)
            }
            Action::HttpRequest { .. } => {
                (requests::assess(&self.parts, action).into_iter().collect(), None)
            }
            Action::SendMessage { .. } | Action::SendEmail { .. } => {
                (leaving::assess(&self.parts.outbound, action), None)
            }
        };
        findings.extend(leaving::files(&self.parts, action));
        findings.extend(hidden::characters(action, analysis.is_some()));
        findings.extend(leaving::secrets(&self.parts, action));
        let assessment = Assessment::from_findings(findings);
        let operator = self.operator.on(action, &assessment, analysis.as_ref());
        let home = self.parts.user_home.clone();
        Assessed { assessment: with_operator_rule(assessment, operator), analysis, home }
    }

    /// What speaks against a message beside that it leaves the house: secrets, what cannot be seen,
    /// and the operator's own rules.
    pub(crate) fn assess_sent(&self, action: &Action) -> Assessment {
        let mut findings = leaving::files(&self.parts, action);
        findings.extend(hidden::characters(action, false));
        findings.extend(leaving::secrets(&self.parts, action));
        let assessment = Assessment::from_findings(findings);
        let operator = self.operator.on(action, &assessment, None);
        with_operator_rule(assessment, operator)
    }

    /// What may leave the house, and how.
    pub(crate) const fn outbound(&self) -> &OutboundPolicy {
        &self.parts.outbound
    }

    /// The agent's workspace.
    pub(crate) fn workspace(&self) -> &str {
        &self.parts.workspace
    }

    /// Whether the content of `path` is not to be shown: a credential, or the gateway's own.
    pub(crate) fn protects(&self, path: &str) -> bool {
        let found = files::assess(&self.parts, path, Access::Read);
        found.is_some_and(|found| found.id.as_str() != "fs.read_outside")
    }

    fn context(&self, cwd: &str) -> Context {
        Context {
            cwd: cwd.to_owned(),
            home: self.parts.user_home.clone(),
            workspace: Some(self.parts.workspace.clone()).filter(|root| is_within(cwd, root)),
            user: self.parts.user.clone(),
        }
    }
}

impl Assessed {
    /// The narrowest rule that a lasting choice would leave, with its sentence; `None` where only
    /// the exact action may be approved.
    pub(crate) fn matcher(&self, action: &Action) -> Option<(Matcher, String)> {
        if let Some(analysis) = &self.analysis {
            // A file that is run without being bound could be any by then.
            let unbound = |f: &Finding| f.id.as_str() == "files.unbound";
            if self.assessment.severity() == Some(Severity::Critical)
                || self.assessment.findings().iter().any(unbound)
            {
                return None;
            }
            let by_command = analysis.pattern().map(|pattern| pattern.running(action.files()));
            let (mut pattern, sentence) = match by_command {
                Some(pattern) => {
                    let sentence = describe_worst_first(&pattern, analysis);
                    (pattern, sentence)
                }
                None => self.line_pattern(action)?,
            };
            pattern.findings.extend(self.assessment.findings().iter().map(|f| f.id.clone()));
            let describes = with_scripts(sentence, action);
            return Some((Matcher::Commands(pattern), describes));
        }
        let matcher = Matcher::for_plain_action(action, &self.assessment)?;
        let describes = matcher.describe_plain()?;
        Some((matcher, describes))
    }

    /// Whether `rule` covers this action. Nothing critical is ever covered.
    pub(crate) fn is_covered_by(&self, rule: &Rule, action: &Action) -> bool {
        match (&rule.matcher, &self.analysis) {
            (Matcher::Commands(pattern), Some(analysis)) => {
                (covers(pattern, analysis) || self.is_same_line(pattern, action))
                    && pattern.knows_scripts(action.files())
                    && self.assessment.severity() < Some(Severity::Critical)
                    && self.assessment.findings().iter().all(|f| pattern.findings.contains(&f.id))
            }
            (
                Matcher::Http(_) | Matcher::FileRead(_) | Matcher::FileWrite(_) | Matcher::Send(_),
                None,
            ) => rule.matcher.covers_plain_action(action, &self.assessment),
            (Matcher::Commands(_), None)
            | (
                Matcher::Http(_) | Matcher::FileRead(_) | Matcher::FileWrite(_) | Matcher::Send(_),
                Some(_),
            ) => false,
        }
    }

    /// The dangers that are asked about, each with what it would be done to.
    pub(crate) fn touches(&self, action: &Action) -> BTreeSet<Touch> {
        let asked: BTreeSet<_> = self.assessment.findings().iter().map(|f| f.id.clone()).collect();
        let Some(analysis) = &self.analysis else {
            let target = action.text().to_owned();
            return asked
                .into_iter()
                .map(|class| Touch { class, target: target.clone() })
                .collect();
        };
        let cwd = action.cwd().unwrap_or_default();
        let effects = analysis.effects().iter();
        effects
            .map(|effect| (FindingId::from_static(effect.kind), effect.object.as_str()))
            .filter(|(class, object)| asked.contains(class) && is_known(object))
            .map(|(class, object)| {
                let target = target(class.as_str(), object, cwd, &self.home);
                Touch { class, target }
            })
            .collect()
    }

    /// What the action would really run, where its text does not say so.
    pub fn revealed(&self) -> &[Revealed] {
        self.analysis.as_ref().map_or(&[], Analysis::revealed)
    }

    /// What `session` and `always` would cover, in a sentence.
    pub fn covers(&self, action: &Action) -> Option<String> {
        self.matcher(action).map(|(_, describes)| describes)
    }
}

/// What is only known at run time is no target that two actions could share.
fn is_known(object: &str) -> bool {
    !object.is_empty() && !object.contains(UNKNOWN_WORD)
}

/// The sentence of a rule, with the scripts that it holds for.
fn with_scripts(sentence: String, action: &Action) -> String {
    let scripts = action.files().iter().filter(|file| file.runs).filter_map(|file| {
        let name = file.named().rsplit('/').next()?;
        Some(format!("`{}` is as now ({})", one_line(name, 60), file.sha256?.short()))
    });
    let scripts: Vec<String> = scripts.collect();
    if scripts.is_empty() {
        sentence
    } else {
        format!("{sentence}, while {}", scripts.join(" and "))
    }
}

fn split(analysis: Analysis) -> (Vec<Finding>, Option<Analysis>) {
    (analysis.assessment().findings().to_vec(), Some(analysis))
}
