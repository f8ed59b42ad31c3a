//! The life of an approval, as functions from one value to the next.
//!
//! ```text
//! pending → approved | denied | expired | cancelled
//! approved → claimed | lapsed          claimed → executed | indeterminate | lapsed
//! ```
//!
//! Nothing here is stored: the caller commits the new value under the version it read, so that of
//! two deciders at one instant one gets a conflict and reads the other's answer.

use std::collections::BTreeSet;
use std::time::Duration;

use super::audiences::requester_only;
use super::state::{
    Approval, ApprovalState, CancelReason, Decision, HistoryEntry, LapseReason, Moment, Outcome,
    OutcomeStatus, Requester,
};
use super::{Ballot, Channel, Choice, Occasion, Offer, Vote};
use crate::action::Action;
use crate::assessment::{Assessment, Revealed};
use crate::digest::Digest;
use crate::grants::{Use, VerifiedGrant};
use crate::identity::{Actor, Principal};
use crate::ids::{ApprovalId, GrantId, RuleId};
use crate::permit::UncommittedPermit;
use crate::time::Timestamp;

/// What is put to people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What is to be decided.
    pub action: Action,
    /// Why it is asked.
    pub assessment: Assessment,
    /// What it would really run, where its text does not say so.
    pub revealed: Vec<Revealed>,
    /// What may be answered.
    pub offer: Offer,
    /// For whom.
    pub requester: Requester,
}

/// How long people have, and when they are reminded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    /// How long an approval stays open; `None` for ever.
    pub timeout: Option<Duration>,
    /// After how long people are reminded; `None` never.
    pub remind_after: Option<Duration>,
    /// How long a decision may wait for its effect to start.
    pub start_within: Duration,
}

/// Why a change is refused: the approval is not in a state that allows it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the approval is {}", .found.as_str())]
pub struct Transition {
    /// The state it is in.
    pub found: super::Status,
}

/// Why a decision is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DecideError {
    /// The digest that the person saw is not the action's.
    #[error("the content is not what was shown: its digest is {actual}")]
    ContentChanged {
        /// The action's digest.
        actual: Digest,
    },
    /// The choice is not on the card.
    #[error("`{}` is not offered for this approval", .0.as_str())]
    NotOffered(Choice),
    /// The card counts another number of calls than the person saw.
    #[error("the card counts {actual} identical requests, not the {seen} that were answered")]
    CountChanged {
        /// The number that was answered.
        seen: u32,
        /// The number on the card.
        actual: u32,
    },
    /// Another answer was stored first.
    #[error("already decided: `{}` by {}", .0.choice.as_str(), .0.by)]
    AlreadyDecided(Decision),
    /// Silence ended it.
    #[error("the approval expired at {0}")]
    Expired(Timestamp),
    /// It no longer needs an answer.
    #[error("the approval was cancelled at {0}")]
    Cancelled(Timestamp),
}

/// What a decision did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decided {
    /// The approval has this new value, to be committed.
    Now(Box<Approval>),
    /// The vote counts and more are needed: the approval has this new value, to be committed.
    Counted(Box<Approval>),
    /// This person's vote, or the one of the same seat, counts already; nothing changes.
    CountedBefore(Vote),
    /// The same principal had given the same answer before; nothing changes.
    Before(Decision),
}

/// A claim to be committed: the new value, and the permit that is good once it is.
#[derive(Debug)]
pub struct Claimed {
    /// The approval, claimed.
    pub approval: Approval,
    /// What may run when the claim is on stable storage.
    pub permit: UncommittedPermit,
    /// That the grant is used up, for the same commit.
    pub used: Use,
}

/// What time alone brings about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Due {
    /// People are to be reminded; the value without its reminder.
    Reminder(Box<Approval>),
    /// The approval has expired.
    Expiry(Box<Approval>),
    /// The approvers' channel is to be asked; what came of it is to be recorded.
    Channel {
        /// Which.
        channel: Channel,
        /// Why.
        occasion: Occasion,
    },
    /// The effect did not start in time.
    Lapse(Box<Approval>),
    /// The program that asked is to be told how it ended; the value with this attempt counted.
    Callback(Box<Approval>),
}

/// A new, pending approval of `action`.
pub fn open(id: ApprovalId, asked: Asked, timing: Timing, now: Timestamp) -> Approval {
    let Asked { action, assessment, revealed, offer, requester } = asked;
    let digest = action.digest();
    let remind_at = timing.remind_after.map(|span| now.after(span));
    let expires_at = timing.timeout.map(|span| now.after(span));
    Approval {
        id,
        digest,
        action,
        assessment,
        revealed,
        offer,
        history: vec![HistoryEntry {
            at: now,
            actor: Actor::Principal(requester.principal.clone()),
            what: Moment::Requested,
            edit: None,
        }],
        requester,
        created_at: now,
        expires_at,
        // A reminder at or after the end would remind of nothing.
        remind_at: remind_at.filter(|at| expires_at.is_none_or(|end| *at < end)),
        start_within: timing.start_within,
        needed: 1,
        votes: Vec::new(),
        joined: Vec::new(),
        share_of: None,
        touches: BTreeSet::new(),
        tried_before: Vec::new(),
        audiences: requester_only(),
        foreign: None,
        state: ApprovalState::Pending,
    }
}

/// Takes an authorized answer, which `seen` says was made on content with that digest.
///
/// One denial denies. Approving votes are counted by person and by seat; the last one that is
/// needed decides, with the narrowest choice of all. The deadline is checked against the answer's
/// own time, so a late one is refused even if nothing has marked the approval expired yet.
pub fn decide(
    approval: &Approval,
    ballot: impl Into<Ballot>,
    seen: Option<Digest>,
) -> Result<Decided, DecideError> {
    let Ballot { decision, seat, count, needed } = ballot.into();
    match &approval.state {
        ApprovalState::Pending => {}
        ApprovalState::Expired { at } => return Err(DecideError::Expired(*at)),
        ApprovalState::Cancelled { at, .. } => return Err(DecideError::Cancelled(*at)),
        ApprovalState::Approved { decision: stored }
        | ApprovalState::Denied { decision: stored }
        | ApprovalState::Claimed { decision: stored, .. }
        | ApprovalState::Executed { decision: stored, .. }
        | ApprovalState::Indeterminate { decision: stored, .. }
        | ApprovalState::Lapsed { decision: stored, .. } => {
            let voted = |vote: &Vote| vote.by == decision.by && vote.choice == decision.choice;
            let same = stored.by == decision.by && stored.choice == decision.choice;
            return if same || (stored.choice.approves() && approval.votes.iter().any(voted)) {
                Ok(Decided::Before(stored.clone()))
            } else {
                Err(DecideError::AlreadyDecided(stored.clone()))
            };
        }
    }
    if let Some(end) = approval.expires_at.filter(|end| decision.at >= *end) {
        return Err(DecideError::Expired(end));
    }
    // What a person has changed is approved by nobody who has not seen it.
    let unseen = seen.is_none() && decision.choice.approves() && approval.edited_by().is_some();
    if unseen || seen.is_some_and(|digest| digest != approval.digest) {
        return Err(DecideError::ContentChanged { actual: approval.digest });
    }
    if !approval.offer.choices.contains(&decision.choice) {
        return Err(DecideError::NotOffered(decision.choice));
    }
    if !decision.choice.approves() {
        return Ok(Decided::Now(Box::new(answered(approval, decision))));
    }
    if count != approval.count() {
        return Err(DecideError::CountChanged { seen: count, actual: approval.count() });
    }
    if let Some(vote) = approval.vote_of(&decision.by, &seat) {
        return Ok(Decided::CountedBefore(vote.clone()));
    }
    Ok(voted(approval, decision, seat, needed.max(approval.needed)))
}

/// One more vote; the decision if it is the last one needed.
fn voted(approval: &Approval, decision: Decision, seat: Principal, needed: u32) -> Decided {
    let choice = approval.choice_with(decision.choice);
    let mut next = approval.clone();
    next.needed = needed;
    // Where one vote is enough the decision says all that there is to say.
    if needed > 1 || !next.votes.is_empty() {
        let Decision { choice, by, reason, at, .. } = decision.clone();
        next.votes.push(Vote { choice, by, seat, reason, at });
        if next.votes.len() < usize::try_from(needed).unwrap_or(usize::MAX) {
            let (actor, at) = (Actor::Principal(decision.by), decision.at);
            next.history.push(HistoryEntry { at, actor, what: Moment::Voted, edit: None });
            return Decided::Counted(Box::new(next));
        }
    }
    Decided::Now(Box::new(answered(&next, Decision { choice, ..decision })))
}

fn answered(approval: &Approval, decision: Decision) -> Approval {
    let actor = Actor::Principal(decision.by.clone());
    let at = decision.at;
    if decision.choice.approves() {
        moved(approval, ApprovalState::Approved { decision }, actor, Moment::Approved, at)
    } else {
        moved(approval, ApprovalState::Denied { decision }, actor, Moment::Denied, at)
    }
}

/// What is due at `now` for this approval, if anything is.
pub fn due(approval: &Approval, now: Timestamp) -> Option<Due> {
    if approval.next_deadline().is_none_or(|deadline| now < deadline) {
        return None;
    }
    if approval.own_deadline().is_none_or(|deadline| now < deadline) {
        return Some(Due::Callback(Box::new(approval.callback_attempted(now))));
    }
    let system = Actor::System;
    match &approval.state {
        ApprovalState::Pending if approval.expires_at.is_some_and(|end| now >= end) => {
            let state = ApprovalState::Expired { at: now };
            Some(Due::Expiry(Box::new(moved(approval, state, system, Moment::Expired, now))))
        }
        ApprovalState::Pending => {
            if let Some((channel, occasion)) = approval.channel_to_ask(now) {
                return Some(Due::Channel { channel: channel.clone(), occasion });
            }
            let mut next = moved(approval, ApprovalState::Pending, system, Moment::Reminded, now);
            next.remind_at = None;
            Some(Due::Reminder(Box::new(next)))
        }
        ApprovalState::Approved { .. } => lapse(approval, LapseReason::StartedTooLate, now)
            .ok()
            .map(|next| Due::Lapse(Box::new(next))),
        ApprovalState::Denied { .. }
        | ApprovalState::Expired { .. }
        | ApprovalState::Cancelled { .. }
        | ApprovalState::Claimed { .. }
        | ApprovalState::Executed { .. }
        | ApprovalState::Indeterminate { .. }
        | ApprovalState::Lapsed { .. } => None,
    }
}

/// Ends a pending approval that no longer needs an answer.
pub fn cancel(
    approval: &Approval,
    reason: CancelReason,
    by: Actor,
    now: Timestamp,
) -> Result<Approval, Transition> {
    let ApprovalState::Pending = approval.state else {
        return Err(refuse(approval));
    };
    let state = ApprovalState::Cancelled { at: now, reason };
    Ok(moved(approval, state, by, Moment::Cancelled, now))
}

/// Claims an approved effect with the grant of its decision: after the commit it may start, and
/// nothing can start it again.
pub fn claim(
    approval: &Approval,
    grant: VerifiedGrant,
    now: Timestamp,
) -> Result<Claimed, Transition> {
    let ApprovalState::Approved { decision } = &approval.state else {
        return Err(refuse(approval));
    };
    let fits = grant.approval() == Some(approval.id)
        && grant.grant().sha == approval.digest
        && decision.grant == Some(grant.grant().jti);
    if !fits || now >= decision.at.after(approval.start_within) {
        return Err(refuse(approval));
    }
    let state = ApprovalState::Claimed { decision: decision.clone(), at: now };
    let next = moved(approval, state, Actor::System, Moment::Claimed, now);
    let (permit, used) = grant.redeem(now);
    Ok(Claimed { approval: next, permit, used })
}

/// Records how a claimed effect ended.
pub fn execute(
    approval: &Approval,
    status: OutcomeStatus,
    exit_code: Option<i32>,
    now: Timestamp,
) -> Result<Approval, Transition> {
    let ApprovalState::Claimed { decision, at } = &approval.state else {
        return Err(refuse(approval));
    };
    let duration_ms = u64::try_from(now.since(*at).as_millis()).unwrap_or(u64::MAX);
    let outcome = Outcome { status, exit_code, duration_ms, at: now };
    let state = ApprovalState::Executed { decision: decision.clone(), outcome };
    Ok(moved(approval, state, Actor::System, Moment::Executed, now))
}

/// Records that a claimed effect's end cannot be known.
pub fn lose(approval: &Approval, now: Timestamp) -> Result<Approval, Transition> {
    let ApprovalState::Claimed { decision, .. } = &approval.state else {
        return Err(refuse(approval));
    };
    let state = ApprovalState::Indeterminate { decision: decision.clone(), at: now };
    Ok(moved(approval, state, Actor::System, Moment::Indeterminate, now))
}

/// Ends an approved approval whose effect will not start.
pub fn lapse(
    approval: &Approval,
    reason: LapseReason,
    now: Timestamp,
) -> Result<Approval, Transition> {
    let ApprovalState::Approved { decision } = &approval.state else {
        return Err(refuse(approval));
    };
    let state = ApprovalState::Lapsed { decision: decision.clone(), at: now, reason };
    Ok(moved(approval, state, Actor::System, Moment::Lapsed, now))
}

impl Decision {
    /// A decision that leaves no rule.
    pub const fn new(choice: Choice, by: Principal, reason: Option<String>, at: Timestamp) -> Self {
        Self { choice, by, reason, at, rule: None, grant: None }
    }

    /// The same decision, leaving `rule` behind.
    #[must_use]
    pub fn leaving(self, rule: RuleId) -> Self {
        Self { rule: Some(rule), ..self }
    }

    /// The same decision, proved by `grant`.
    #[must_use]
    pub fn granting(self, grant: GrantId) -> Self {
        Self { grant: Some(grant), ..self }
    }
}

/// Ends a claimed approval whose effect was refused where it would have started: nothing ran.
pub fn refuse_start(
    approval: &Approval,
    reason: LapseReason,
    now: Timestamp,
) -> Result<Approval, Transition> {
    let ApprovalState::Claimed { decision, .. } = &approval.state else {
        return Err(refuse(approval));
    };
    let state = ApprovalState::Lapsed { decision: decision.clone(), at: now, reason };
    Ok(moved(approval, state, Actor::System, Moment::Lapsed, now))
}

fn refuse(approval: &Approval) -> Transition {
    Transition { found: approval.status() }
}

fn moved(
    approval: &Approval,
    state: ApprovalState,
    actor: Actor,
    what: Moment,
    at: Timestamp,
) -> Approval {
    let mut next = approval.clone();
    next.state = state;
    next.history.push(HistoryEntry { at, actor, what, edit: None });
    next.telling(approval.status(), at)
}
