//! Approvals: the durable question about one action, who may answer it, and what an answer leaves.

mod approvers;
mod audiences;
mod choice;
pub mod commands;
mod draft;
mod effect;
mod foreign;
mod joining;
mod offer;
mod rules;
mod state;
mod transition;
mod votes;

pub use approvers::{
    ApproverRule, Approvers, Attempt, Delegation, NotAnApprover, Rights, SeparationOfDuties,
};
pub use audiences::{
    Audience, Channel, ChannelPolicy, Delivery, InvalidChannel, Occasion, RequesterMay,
    record_delivery, route,
};
pub use choice::Choice;
pub use draft::{Draft, EditError, edit};
pub use effect::{Attempted, Touch, TriedBefore, tried_before};
pub use foreign::{Callback, Foreign};
pub use joining::{Joined, Joining, NotJoined, join, shares};
pub use offer::{Coverage, Offer, offer};
pub use rules::{HttpMatcher, Matcher, Rule, RuleScope, SendMatcher, WriteMatcher};
pub use state::{
    Approval, ApprovalState, CancelReason, Decision, Edit, HistoryEntry, LapseReason, Moment,
    Outcome, OutcomeStatus, Requester, Status, Terms,
};
pub use transition::{
    Asked, Claimed, DecideError, Decided, Due, Timing, Transition, cancel, claim, decide, due,
    execute, lapse, lose, open, refuse_start,
};
pub use votes::{Ballot, Quorum, Vote};
