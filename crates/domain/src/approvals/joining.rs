//! Identical requests: one card with a count.
//!
//! A tool call that asks for exactly what is already asked, in the same run, joins the pending
//! approval instead of opening a second one. What holds:
//!
//! 1. An approval counts its own call and the joined ones. Calls join only while it is pending and
//!    nobody has voted, so the count that the first voter saw is the count that is decided.
//! 2. Whoever approves names the count that the card showed; another count is refused.
//! 3. When it is approved, each joined call gets a *share* in the same commit: an approval of its
//!    own with a grant of its own, approved by the same decision. An approval lets its own call claim it and no other, and
//!    is claimed at most once. So a decision on a card with count n lets at most n effects start,
//!    one for each counted call.
//! 4. A call that comes after the decision finds nothing to join and asks anew.
//! 5. Every other end (denied, expired, cancelled) is the end for all counted calls.

use serde::{Deserialize, Serialize};

use super::state::{Approval, ApprovalState, HistoryEntry, Moment, Status};
use crate::assessment::Assessment;
use crate::digest::Digest;
use crate::identity::Actor;
use crate::ids::{ApprovalId, CallId, GrantId, RunId};
use crate::time::Timestamp;

/// A further tool call that waits for the same decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Joined {
    /// The tool call.
    pub call_id: CallId,
    /// When it joined.
    pub at: Timestamp,
}

/// A call that asks, and what for.
#[derive(Debug, Clone, Copy)]
pub struct Joining<'a> {
    /// The run.
    pub run_id: RunId,
    /// The tool call.
    pub call_id: CallId,
    /// The tool that is called.
    pub tool: &'a str,
    /// Digest of what it wants.
    pub digest: Digest,
    /// What the guard says of it now.
    pub assessment: &'a Assessment,
}

/// Why a call must ask anew.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotJoined {
    /// It asks for something else, for another run, or is judged differently by now.
    #[error("it is not the same request")]
    Different,
    /// The question is closed, or about to be.
    #[error("the approval is {}", .0.as_str())]
    Closed(Status),
    /// Somebody has voted on the count as it was.
    #[error("somebody has voted on it")]
    VotedOn,
}

impl Approval {
    /// How many tool calls its decision is for.
    pub fn count(&self) -> u32 {
        u32::try_from(self.joined.len()).unwrap_or(u32::MAX).saturating_add(1)
    }

    /// Whether `call` is counted on this card.
    pub fn counts(&self, call: CallId) -> bool {
        self.requester.call_id == call || self.joined.iter().any(|joined| joined.call_id == call)
    }
}

/// The approval with one more call; a call that is counted already changes nothing.
pub fn join(
    approval: &Approval,
    joining: Joining<'_>,
    now: Timestamp,
) -> Result<Approval, NotJoined> {
    let same = approval.requester.run_id == joining.run_id
        && approval.requester.tool == joining.tool
        && approval.digest == joining.digest
        && approval.assessment == *joining.assessment;
    if !same {
        return Err(NotJoined::Different);
    }
    if approval.status() != Status::Pending {
        return Err(NotJoined::Closed(approval.status()));
    }
    if approval.expires_at.is_some_and(|end| now >= end) {
        return Err(NotJoined::Closed(Status::Expired));
    }
    if !approval.votes.is_empty() {
        return Err(NotJoined::VotedOn);
    }
    let mut next = approval.clone();
    if !next.counts(joining.call_id) {
        next.joined.push(Joined { call_id: joining.call_id, at: now });
        let actor = Actor::Principal(next.requester.principal.clone());
        next.history.push(HistoryEntry { at: now, actor, what: Moment::Joined, edit: None });
    }
    Ok(next)
}

/// The shares of an approved approval, one for each joined call; `new_ids` makes their ids and
/// those of their grants: one grant is good for one effect.
pub fn shares(
    approved: &Approval,
    mut new_ids: impl FnMut() -> (ApprovalId, GrantId),
) -> Vec<Approval> {
    let ApprovalState::Approved { decision } = &approved.state else {
        return Vec::new();
    };
    let decided = HistoryEntry {
        at: decision.at,
        actor: Actor::Principal(decision.by.clone()),
        what: Moment::Approved,
        edit: None,
    };
    let share = |joined: &Joined| {
        let mut share = approved.clone();
        let (id, grant) = new_ids();
        share.id = id;
        share.state = ApprovalState::Approved { decision: decision.clone().granting(grant) };
        share.share_of = Some(approved.id);
        share.joined = Vec::new();
        share.requester.call_id = joined.call_id;
        share.created_at = joined.at;
        let actor = Actor::Principal(approved.requester.principal.clone());
        let asked = HistoryEntry { at: joined.at, actor, what: Moment::Requested, edit: None };
        // Whoever asked for what a person had made of it before was not changed by them.
        let edited = |entry: &&HistoryEntry| entry.what == Moment::Edited && entry.at >= joined.at;
        let edits = approved.history.iter().filter(edited).cloned();
        share.history = std::iter::once(asked).chain(edits).chain([decided.clone()]).collect();
        share
    };
    approved.joined.iter().map(share).collect()
}
