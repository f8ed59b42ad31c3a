//! The operator's own rules: `approvals.deny`, `approvals.ask` and `approvals.allow`.

use countersign_command_risk::Analysis;
use countersign_domain::action::{Action, ActionKind};
use countersign_domain::guard::OperatorRule;
use regex::Regex;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One rule as it stands in the configuration: a glob on the normalised command, or a matcher.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum RuleText {
    /// `*` stands for any characters, `?` for one: `git push *`.
    Command(String),
    /// A structured matcher; every field that is given must match.
    Matcher(MatcherText),
}

/// A structured matcher.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MatcherText {
    /// `exec`, `code`, `file_read`, `file_write` or `http_request`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// A glob on the command or source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// A glob on the path, or on `METHOD URL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub destination: Option<String>,
    /// A finding id, such as `fs.recursive_delete`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finding: Option<String>,
}

/// Why a rule cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidOperatorRule {
    /// It would match everything.
    #[error("an empty rule matches everything; write `*` if that is meant")]
    Empty,
    /// The kind does not exist.
    #[error("`{0}` is not a kind of action: use {accepted}", accepted = kinds())]
    Kind(String),
    /// The glob is too large to be compiled.
    #[error("the pattern `{0}` is too large")]
    TooLarge(String),
}

/// The rules, ready for use.
#[derive(Debug, Default)]
pub struct OperatorRules {
    deny: Vec<Matcher>,
    ask: Vec<Matcher>,
    allow: Vec<Matcher>,
}

#[derive(Debug)]
struct Matcher {
    kind: Option<ActionKind>,
    command: Option<Regex>,
    destination: Option<Regex>,
    finding: Option<String>,
}

impl OperatorRules {
    /// The rules of the configuration.
    pub fn new(
        deny: &[RuleText],
        ask: &[RuleText],
        allow: &[RuleText],
    ) -> Result<Self, InvalidOperatorRule> {
        Ok(Self { deny: compile(deny)?, ask: compile(ask)?, allow: compile(allow)? })
    }

    /// What the operator says of `action`; the strictest match counts. `allow` counts only for
    /// commands without operators, substitutions and redirections.
    pub(crate) fn on(
        &self,
        action: &Action,
        assessment: &countersign_domain::assessment::Assessment,
        analysis: Option<&Analysis>,
    ) -> OperatorRule {
        let whole = Subject::new(action, assessment, analysis);
        let parts = whole.clone().with_each_command(analysis);
        let any = |rules: &[Matcher], on: &Subject<'_>| rules.iter().any(|rule| rule.fits(on));
        if any(&self.deny, &parts) {
            OperatorRule::Deny
        } else if any(&self.ask, &parts) {
            OperatorRule::Ask
        } else if analysis.is_none_or(Analysis::is_plain) && any(&self.allow, &whole) {
            OperatorRule::Allow
        } else {
            OperatorRule::None
        }
    }
}

/// What the matchers look at.
#[derive(Clone)]
struct Subject<'a> {
    kind: ActionKind,
    commands: Vec<String>,
    destination: Option<String>,
    findings: Vec<&'a str>,
}

impl<'a> Subject<'a> {
    /// The action as a whole: its text as written, and in its normal spelling.
    fn new(
        action: &Action,
        assessment: &'a countersign_domain::assessment::Assessment,
        analysis: Option<&Analysis>,
    ) -> Self {
        let text = action.cwd().map(|_| action.text().to_owned());
        let destination = match action {
            Action::HttpRequest { method, url, .. } => Some(format!("{method} {url}")),
            Action::FileRead { path } | Action::FileWrite { path, .. } => Some(path.clone()),
            Action::SendMessage { .. } | Action::SendEmail { .. } => {
                Some(action.bound_destination())
            }
            Action::Exec { .. } | Action::Code { .. } => None,
        };
        Self {
            kind: action.kind(),
            commands: text.into_iter().chain(analysis.map(Analysis::normalised)).collect(),
            destination,
            findings: assessment.findings().iter().map(|f| f.id.as_str()).collect(),
        }
    }

    /// The same, and every simple command that would run, however it is reached. Good for being
    /// stricter: a list is denied if a part of it is.
    fn with_each_command(mut self, analysis: Option<&Analysis>) -> Self {
        let commands = analysis.map(Analysis::commands).unwrap_or_default();
        self.commands.extend(commands.iter().map(|command| command.words.clone()));
        self
    }
}

impl Matcher {
    fn new(rule: &RuleText) -> Result<Self, InvalidOperatorRule> {
        let text = match rule {
            RuleText::Command(glob) => MatcherText {
                command: Some(glob.clone()).filter(|glob| !glob.trim().is_empty()),
                ..MatcherText::default()
            },
            RuleText::Matcher(text) => text.clone(),
        };
        if text == MatcherText::default() {
            return Err(InvalidOperatorRule::Empty);
        }
        let kind = text
            .kind
            .map(|word| {
                let known = ActionKind::ALL.into_iter().find(|kind| kind.as_str() == word);
                known.ok_or(InvalidOperatorRule::Kind(word))
            })
            .transpose()?;
        Ok(Self {
            kind,
            command: text.command.as_deref().map(glob).transpose()?,
            destination: text.destination.as_deref().map(glob).transpose()?,
            finding: text.finding,
        })
    }

    fn fits(&self, subject: &Subject<'_>) -> bool {
        let kind = self.kind.is_none_or(|kind| kind == subject.kind);
        let command = self
            .command
            .as_ref()
            .is_none_or(|glob| subject.commands.iter().any(|command| glob.is_match(command)));
        let destination = self.destination.as_ref().is_none_or(|glob| {
            subject.destination.as_ref().is_some_and(|place| glob.is_match(place))
        });
        let finding =
            self.finding.as_ref().is_none_or(|id| subject.findings.contains(&id.as_str()));
        kind && command && destination && finding
    }
}

fn compile(rules: &[RuleText]) -> Result<Vec<Matcher>, InvalidOperatorRule> {
    rules.iter().map(Matcher::new).collect()
}

fn glob(pattern: &str) -> Result<Regex, InvalidOperatorRule> {
    let escaped = regex::escape(pattern).replace(r"\*", ".*").replace(r"\?", ".");
    Regex::new(&format!("(?s)^{escaped}$"))
        .map_err(|_| InvalidOperatorRule::TooLarge(pattern.chars().take(40).collect()))
}

fn kinds() -> String {
    ActionKind::ALL.map(ActionKind::as_str).join(", ")
}
