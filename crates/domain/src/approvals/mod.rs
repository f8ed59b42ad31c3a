//! Approvals: the durable question about one action, who may answer it, and what an answer leaves.

mod approvers;
mod choice;
pub mod commands;
mod offer;
mod rules;
mod state;
mod transition;

pub use approvers::{ApproverRule, Approvers, Attempt, NotAnApprover, Rights};
pub use choice::Choice;
pub use offer::{Coverage, Offer, offer};
pub use rules::{HttpMatcher, Matcher, Rule, RuleScope, WriteMatcher};
pub use state::{
    Approval, ApprovalState, CancelReason, Decision, HistoryEntry, LapseReason, Moment, Outcome,
    OutcomeStatus, Requester, Status,
};
pub use transition::{
    Asked, Claimed, DecideError, Decided, Due, Timing, Transition, cancel, claim, decide, due,
    execute, lapse, lose, open,
};
