//! Rules: what `session` and `always` leave behind, and what they cover later.

use serde::{Deserialize, Serialize};

use super::commands::CommandsMatcher;
use crate::action::{Action, ActionKind};
use crate::assessment::{Assessment, FindingId};
use crate::identity::Principal;
use crate::ids::{ApprovalId, RuleId, SessionId};
use crate::time::Timestamp;
use crate::verdict::Severity;

/// A standing permission, made by a person's decision on one approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rule {
    /// Its id.
    pub id: RuleId,
    /// Where it holds.
    pub scope: RuleScope,
    /// What it covers.
    pub matcher: Matcher,
    /// The same in one sentence, as the card showed it.
    pub describes: String,
    /// Who made it.
    pub made_by: Principal,
    /// From which approval.
    pub from_approval: ApprovalId,
    /// When.
    pub created_at: Timestamp,
    /// Until when; `None` until somebody revokes it.
    pub expires_at: Option<Timestamp>,
    /// How often it has let an action run.
    pub uses: u64,
    /// When it last did.
    pub last_used_at: Option<Timestamp>,
}

/// Where a rule holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "scope", rename_all = "snake_case")]
pub enum RuleScope {
    /// In one session.
    Session {
        /// The session.
        session_id: SessionId,
    },
    /// Everywhere.
    Always,
}

/// A precise description of later actions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Matcher {
    /// Shell commands of the same shape; compared by the shell risk engine.
    Commands(CommandsMatcher),
    /// HTTP requests of one method to one origin.
    Http(HttpMatcher),
    /// Writing one file outside the workspace.
    FileWrite(WriteMatcher),
    /// Reading one file outside the workspace.
    FileRead(WriteMatcher),
    /// Messages to one destination.
    Send(SendMatcher),
}

/// HTTP requests that a rule covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HttpMatcher {
    /// Method in capitals.
    pub method: String,
    /// Scheme, host and port, such as `https://api.example.org`.
    pub origin: String,
    /// The findings that the person saw.
    pub findings: Vec<FindingId>,
}

/// Messages that a rule covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SendMatcher {
    /// By which tool: a message or a mail.
    pub tool: ActionKind,
    /// Exactly where to, in canonical form; every recipient of a mail. Mails with files are covered
    /// by no rule.
    pub destination: String,
    /// The findings that the person saw.
    pub findings: Vec<FindingId>,
}

/// The one file that a rule covers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteMatcher {
    /// Absolute path, resolved.
    pub path: String,
    /// The findings that the person saw.
    pub findings: Vec<FindingId>,
}

impl Rule {
    /// Whether the rule is in force at `now` in `session`.
    pub fn in_force(&self, session: Option<SessionId>, now: Timestamp) -> bool {
        let alive = self.expires_at.is_none_or(|end| now < end);
        let here = match self.scope {
            RuleScope::Always => true,
            RuleScope::Session { session_id } => session == Some(session_id),
        };
        alive && here
    }
}

impl Matcher {
    /// The narrowest matcher for an action that is not a shell command; `None` where only the
    /// exact action may be approved.
    pub fn for_plain_action(action: &Action, assessment: &Assessment) -> Option<Self> {
        if assessment.severity() == Some(Severity::Critical) {
            return None;
        }
        let findings = || assessment.findings().iter().map(|f| f.id.clone()).collect();
        match action {
            Action::Exec { .. } | Action::Code { .. } => None,
            Action::FileRead { path } => {
                Some(Self::FileRead(WriteMatcher { path: path.clone(), findings: findings() }))
            }
            Action::FileWrite { path, .. } => {
                Some(Self::FileWrite(WriteMatcher { path: path.clone(), findings: findings() }))
            }
            Action::HttpRequest { method, url, .. } => Some(Self::Http(HttpMatcher {
                method: method.clone(),
                origin: origin(url)?.to_owned(),
                findings: findings(),
            })),
            // A rule knows a destination, not what a file will hold by then.
            Action::SendMessage { attachments, .. } | Action::SendEmail { attachments, .. }
                if !attachments.is_empty() =>
            {
                None
            }
            Action::SendMessage { .. } | Action::SendEmail { .. } => {
                Some(Self::Send(SendMatcher {
                    tool: action.kind(),
                    destination: action.bound_destination(),
                    findings: findings(),
                }))
            }
        }
    }

    /// Whether this covers `action`, which is not a shell command.
    pub fn covers_plain_action(&self, action: &Action, assessment: &Assessment) -> bool {
        let known = |seen: &[FindingId]| {
            assessment.severity() != Some(Severity::Critical)
                && assessment.findings().iter().all(|f| seen.contains(&f.id))
        };
        match (self, action) {
            (Self::FileRead(rule), Action::FileRead { path })
            | (Self::FileWrite(rule), Action::FileWrite { path, .. }) => {
                rule.path == *path && known(&rule.findings)
            }
            (Self::Http(rule), Action::HttpRequest { method, url, .. }) => {
                rule.method == *method
                    && origin(url) == Some(rule.origin.as_str())
                    && known(&rule.findings)
            }
            (Self::Send(rule), Action::SendMessage { .. } | Action::SendEmail { .. }) => {
                rule.tool == action.kind()
                    && rule.destination == action.bound_destination()
                    && action.attachments().is_empty()
                    && known(&rule.findings)
            }
            (
                Self::Commands(_)
                | Self::Http(_)
                | Self::FileRead(_)
                | Self::FileWrite(_)
                | Self::Send(_),
                Action::Exec { .. }
                | Action::Code { .. }
                | Action::FileRead { .. }
                | Action::FileWrite { .. }
                | Action::HttpRequest { .. }
                | Action::SendMessage { .. }
                | Action::SendEmail { .. },
            ) => false,
        }
    }

    /// One sentence for a card: what later actions are covered.
    pub fn describe_plain(&self) -> Option<String> {
        match self {
            Self::Commands(_) => None,
            Self::Http(rule) => Some(format!("`{}` requests to {}", rule.method, rule.origin)),
            Self::FileRead(rule) => Some(format!("reading `{}`", rule.path)),
            Self::FileWrite(rule) => Some(format!("writing any content to `{}`", rule.path)),
            Self::Send(rule) => {
                Some(format!("any text with `{}` to {}", rule.tool.as_str(), rule.destination))
            }
        }
    }
}

/// Scheme, host and port of an absolute URL that the tool has already normalised.
fn origin(url: &str) -> Option<&str> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    url.get(..scheme.len() + 3 + authority.len())
}
