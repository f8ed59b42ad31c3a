//! The operator's own rules: `approvals.deny`, `approvals.ask` and `approvals.allow`.

use countersign_command_risk::Analysis;
use countersign_domain::action::{Action, ActionKind};
use countersign_domain::guard::OperatorRule;
use countersign_domain::outbound::receiver_key;
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
    /// `exec`, `code`, `file_read`, `file_write`, `http_request`, `send_message` or `send_email`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// A glob on the command or source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// A glob on the path, on `METHOD URL`, or on where a message or a mail goes (`webhook:ops`,
    /// `email:ana@example.org`). Every recipient of a mail is compared on its own: `deny` and `ask`
    /// apply if one fits, `allow` only if all do. `deny` and `ask` disregard capitals, except in
    /// paths, and fit a mailbox also without its `+tag`, a conversation also without its thread.
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
    destination: Option<PlaceGlob>,
    finding: Option<String>,
}

/// A glob on where something goes.
#[derive(Debug)]
struct PlaceGlob {
    exact: Regex,
    folded: Regex,
}

/// Which way a rule errs where something goes to several places, or to one that has many spellings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sense {
    /// `deny` and `ask`: one place that fits in any spelling is enough.
    Stricter,
    /// `allow`: every place fits as it is written.
    Milder,
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
        let any = |rules: &[Matcher], on: &Subject<'_>, sense| {
            rules.iter().any(|rule| rule.fits(on, sense))
        };
        if any(&self.deny, &parts, Sense::Stricter) {
            OperatorRule::Deny
        } else if any(&self.ask, &parts, Sense::Stricter) {
            OperatorRule::Ask
        } else if analysis.is_none_or(Analysis::is_plain) && any(&self.allow, &whole, Sense::Milder)
        {
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
    places: Vec<String>,
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
        let places = match action {
            Action::HttpRequest { method, url, .. } => vec![format!("{method} {url}")],
            Action::FileRead { path } | Action::FileWrite { path, .. } => vec![path.clone()],
            Action::SendMessage { .. }
            | Action::SendEmail { .. }
            | Action::Exec { .. }
            | Action::Code { .. } => action.destinations(),
        };
        Self {
            kind: action.kind(),
            commands: text.into_iter().chain(analysis.map(Analysis::normalised)).collect(),
            places,
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
            destination: text.destination.as_deref().map(PlaceGlob::new).transpose()?,
            finding: text.finding,
        })
    }

    fn fits(&self, subject: &Subject<'_>, sense: Sense) -> bool {
        let kind = self.kind.is_none_or(|kind| kind == subject.kind);
        let command = self
            .command
            .as_ref()
            .is_none_or(|glob| subject.commands.iter().any(|command| glob.is_match(command)));
        let destination = self.destination.as_ref().is_none_or(|glob| glob.fits(subject, sense));
        let finding =
            self.finding.as_ref().is_none_or(|id| subject.findings.contains(&id.as_str()));
        kind && command && destination && finding
    }
}

impl PlaceGlob {
    fn new(pattern: &str) -> Result<Self, InvalidOperatorRule> {
        Ok(Self { exact: glob(pattern)?, folded: compiled(pattern, "(?si)")? })
    }

    fn fits(&self, subject: &Subject<'_>, sense: Sense) -> bool {
        let places = &subject.places;
        match (sense, subject.kind) {
            (Sense::Milder, _) => {
                !places.is_empty() && places.iter().all(|place| self.exact.is_match(place))
            }
            (Sense::Stricter, ActionKind::SendMessage | ActionKind::SendEmail) => {
                let fits = |place: &str| self.folded.is_match(place);
                places.iter().any(|place| fits(place) || fits(&receiver_key(place)))
            }
            (Sense::Stricter, ActionKind::HttpRequest) => {
                places.iter().any(|place| self.folded.is_match(place))
            }
            (
                Sense::Stricter,
                ActionKind::Exec | ActionKind::Code | ActionKind::FileRead | ActionKind::FileWrite,
            ) => places.iter().any(|place| self.exact.is_match(place)),
        }
    }
}

fn compile(rules: &[RuleText]) -> Result<Vec<Matcher>, InvalidOperatorRule> {
    rules.iter().map(Matcher::new).collect()
}

fn glob(pattern: &str) -> Result<Regex, InvalidOperatorRule> {
    compiled(pattern, "(?s)")
}

fn compiled(pattern: &str, flags: &str) -> Result<Regex, InvalidOperatorRule> {
    let escaped = regex::escape(pattern).replace(r"\*", ".*").replace(r"\?", ".");
    Regex::new(&format!("{flags}^{escaped}$"))
        .map_err(|_| InvalidOperatorRule::TooLarge(pattern.chars().take(40).collect()))
}

fn kinds() -> String {
    ActionKind::ALL.map(ActionKind::as_str).join(", ")
}
