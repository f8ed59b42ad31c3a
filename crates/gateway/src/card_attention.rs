//! What a card says besides the action: for how many calls, who agreed, what was denied before.

use countersign_domain::approvals::{Approval, TriedBefore, Vote};
use countersign_domain::redaction::Redactor;
use countersign_domain::runs::Attention;

/// What people should know of `approval` besides the action, with secrets masked.
pub(crate) fn attention(approval: &Approval, redactor: &Redactor) -> Attention {
    let masked = |reason: &Option<String>| {
        reason.as_deref().map(|reason| redactor.redact(reason).into_owned())
    };
    let vote = |vote: &Vote| Vote { reason: masked(&vote.reason), ..vote.clone() };
    let denial =
        |tried: &TriedBefore| TriedBefore { reason: masked(&tried.reason), ..tried.clone() };
    Attention {
        count: approval.count(),
        votes_needed: approval.needed,
        votes: approval.votes.iter().map(vote).collect(),
        tried_before: approval.tried_before.iter().map(denial).collect(),
        audiences: approval.audiences.clone(),
    }
}
