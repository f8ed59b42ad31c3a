//! What a unit of work is worth counting for. Counted is what was committed, so the figures say what
//! the store says.

use std::time::Duration;

use countersign_domain::approvals::{Approval, Choice, Status};
use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::runs::{EntryBody, RunStatus};
use countersign_domain::verdict::Severity;
use countersign_ports::store::{Change, UnitOfWork};
use serde_json::Value;

/// One thing to count once the unit is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counted {
    /// A run came to this state.
    Run(RunStatus),
    /// A question was opened.
    Opened(Option<Severity>),
    /// A person decided, so long after it was opened.
    Decided(Choice, Duration),
    /// An approval ended otherwise, or what it allowed did.
    Ended(Status),
    /// What became of something that was to leave the house.
    Send(SendOutcome),
    /// A line of the audit log.
    Record(AuditKind),
    /// An event.
    Event,
    /// This node said that it lives.
    Beat,
    /// It joined.
    Joined,
    /// It buried another.
    Buried,
}

/// What became of something that was to leave the house.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum SendOutcome {
    /// The remote has taken it.
    Sent,
    /// It was not taken.
    Failed,
    /// Nobody knows.
    Indeterminate,
    /// It was kept from leaving.
    Blocked,
}

impl SendOutcome {
    /// Every outcome.
    pub(crate) const ALL: [Self; 4] =
        [Self::Sent, Self::Failed, Self::Indeterminate, Self::Blocked];

    /// Its word in a label.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Sent => "sent",
            Self::Failed => "failed",
            Self::Indeterminate => "indeterminate",
            Self::Blocked => "blocked",
        }
    }
}

/// What to count of `work` when it is durable.
pub(crate) fn tally(work: &UnitOfWork) -> Vec<Counted> {
    // What a model says leaves its run in the state that it was in.
    let is_reply = work.changes.iter().any(is_reply);
    let mut counted = Vec::with_capacity(work.changes.len());
    for change in &work.changes {
        count(change, is_reply, &mut counted);
    }
    counted
}

fn is_reply(change: &Change) -> bool {
    matches!(change, Change::AddEntry(entry) if matches!(entry.body, EntryBody::Assistant { .. }))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "most changes are no news to an operator")]
fn count(change: &Change, is_reply: bool, counted: &mut Vec<Counted>) {
    match change {
        Change::AddRun(run) => counted.push(Counted::Run(run.status())),
        Change::UpdateRun(run, _) if !is_reply => counted.push(Counted::Run(run.status())),
        Change::AddApproval(approval) if approval.status() == Status::Pending => {
            counted.push(Counted::Opened(approval.assessment.severity()));
        }
        Change::UpdateApproval(approval, _) => counted.extend(came_to(approval)),
        Change::AddAudit(record) => {
            counted.extend(outcome(record).map(Counted::Send));
            counted.push(Counted::Record(record.kind));
        }
        Change::AddEvent { .. } => counted.push(Counted::Event),
        Change::Beat(_) => counted.push(Counted::Beat),
        Change::AddNode(_) => counted.push(Counted::Joined),
        Change::BuryNode(..) => counted.push(Counted::Buried),
        _ => {}
    }
}

/// What an approval has come to with this change.
fn came_to(approval: &Approval) -> Option<Counted> {
    match approval.status() {
        // A vote, a reminder, an edit, one more of the same.
        Status::Pending => None,
        Status::Approved | Status::Denied => approval.state.decision().map(|decision| {
            Counted::Decided(decision.choice, decision.at.since(approval.created_at))
        }),
        status @ (Status::Expired
        | Status::Cancelled
        | Status::Claimed
        | Status::Executed
        | Status::Indeterminate
        | Status::Lapsed) => Some(Counted::Ended(status)),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "three kinds of many are about sends")]
fn outcome(record: &AuditRecord) -> Option<SendOutcome> {
    match record.kind {
        AuditKind::OutboundSent => Some(SendOutcome::Sent),
        AuditKind::OutboundBlocked => Some(SendOutcome::Blocked),
        AuditKind::OutboundFailed => {
            let word = record.detail.get("outcome").and_then(Value::as_str);
            let unknown = word == Some(SendOutcome::Indeterminate.as_str());
            Some(if unknown { SendOutcome::Indeterminate } else { SendOutcome::Failed })
        }
        _ => None,
    }
}
