//! Drafts: a person changes the content of a pending approval before deciding it.

use super::state::{Approval, ApprovalState, Edit, HistoryEntry, Moment};
use super::{Offer, Status};
use crate::action::{Action, ActionKind};
use crate::assessment::Assessment;
use crate::content::InvalidContent;
use crate::digest::Digest;
use crate::identity::{Actor, Principal};
use crate::time::Timestamp;
use crate::verdict::Verdict;

/// What an approval is about after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The action with its new content.
    pub action: Action,
    /// What the guard says of that.
    pub assessment: Assessment,
    /// What may be answered now.
    pub offer: Offer,
}

/// Why the content is not changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// This kind of action has no content that a person could change.
    #[error("an action of this kind has no content that can be edited")]
    NotEditable,
    /// It is decided or has ended.
    #[error("the approval is {}: only a pending one can be edited", .0.as_str())]
    NotPending(Status),
    /// Silence has ended it.
    #[error("the approval expired at {0}")]
    Expired(Timestamp),
    /// The digest that the person saw is not the action's.
    #[error("the content is not what was shown: its digest is {actual}")]
    ContentChanged {
        /// The action's digest.
        actual: Digest,
    },
    /// The tool could not carry it out with this content.
    #[error("the edited content cannot be used: `{kind}` {problem}", kind = .0.as_str(), problem = .1)]
    Invalid(ActionKind, InvalidContent),
    /// The guard forbids the new content.
    #[error("the edited content is forbidden: {0}")]
    Forbidden(String),
}

/// The approval with other content. `seen` is the digest of what the person changed. The question
/// stays open: what was forbidden stays so, and content that would need no question still gets its
/// answer from a person, because that was asked for.
pub fn edit(
    approval: &Approval,
    draft: Draft,
    seen: Digest,
    (by, now): (&Principal, Timestamp),
) -> Result<Approval, EditError> {
    let ApprovalState::Pending = approval.state else {
        return Err(EditError::NotPending(approval.status()));
    };
    if let Some(end) = approval.expires_at.filter(|end| now >= *end) {
        return Err(EditError::Expired(end));
    }
    if seen != approval.digest {
        return Err(EditError::ContentChanged { actual: approval.digest });
    }
    let Draft { action, assessment, offer } = draft;
    // Another program knows only what it has asked about.
    if approval.is_foreign() {
        return Err(EditError::NotEditable);
    }
    if action.kind() != approval.action.kind() || action.content().is_none() {
        return Err(EditError::NotEditable);
    }
    action.check_content().map_err(|problem| EditError::Invalid(action.kind(), problem))?;
    if assessment.verdict() == Verdict::Forbid {
        let why = assessment.findings().iter().map(|finding| finding.message.as_str());
        return Err(EditError::Forbidden(why.collect::<Vec<_>>().join(" ")));
    }
    let to = action.digest();
    let mut next = approval.clone();
    let entry = HistoryEntry {
        at: now,
        actor: Actor::Principal(by.clone()),
        what: Moment::Edited,
        edit: Some(Edit { from: approval.digest, to }),
    };
    next.history.push(entry);
    next.digest = to;
    next.action = action;
    next.assessment = assessment;
    next.offer = offer;
    // Who has agreed, agreed to something else.
    next.votes = Vec::new();
    Ok(next)
}
