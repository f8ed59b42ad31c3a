//! Votes: how many people must agree, and who has.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Approval, Choice, Decision};
use crate::identity::Principal;
use crate::time::Timestamp;
use crate::verdict::Severity;

/// `approvals.quorum`: how many distinct approvers must agree, by severity.
///
/// What is said of one severity holds for the more severe ones too, unless they say otherwise.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Quorum(BTreeMap<Severity, u32>);

/// One approving vote. A denial is no vote: it decides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Vote {
    /// What was answered.
    pub choice: Choice,
    /// Who voted.
    pub by: Principal,
    /// Whose vote it is: the voter's own, or that of the principal who delegated it.
    pub seat: Principal,
    /// Why, in the person's words.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
}

/// An authorized answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ballot {
    /// The answer.
    pub decision: Decision,
    /// Whose vote it is.
    pub seat: Principal,
    /// How many calls the person saw on the card.
    pub count: u32,
    /// How many must agree under the policy in force; never fewer than when it was asked.
    pub needed: u32,
}

impl Quorum {
    /// Exactly these; severities that are not named take the next milder one's.
    pub const fn new(needed: BTreeMap<Severity, u32>) -> Self {
        Self(needed)
    }

    /// How many must agree about something of this severity.
    pub fn needed(&self, severity: Option<Severity>) -> u32 {
        let severity = severity.unwrap_or(Severity::Low);
        self.0.range(..=severity).next_back().map_or(1, |(_, needed)| (*needed).max(1))
    }

    /// The largest number that is asked for anywhere.
    pub fn largest(&self) -> u32 {
        self.0.values().copied().max().unwrap_or(1)
    }
}

impl From<Decision> for Ballot {
    fn from(decision: Decision) -> Self {
        let seat = decision.by.clone();
        Self { decision, seat, count: 1, needed: 1 }
    }
}

impl Approval {
    /// The choice that results if `choice` is the last vote: the narrowest of all.
    pub fn choice_with(&self, choice: Choice) -> Choice {
        self.votes.iter().map(|vote| vote.choice).fold(choice, |narrowest, other| {
            if choice.approves() { narrowest.min(other) } else { narrowest }
        })
    }

    /// The vote that stands in the way of another one by this person, or of this seat.
    pub fn vote_of(&self, by: &Principal, seat: &Principal) -> Option<&Vote> {
        self.votes.iter().find(|vote| vote.by == *by || vote.seat == *seat)
    }
}
