//! What an approval is at any moment.

use std::collections::BTreeSet;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::audiences::{Audience, requester_only};
use super::{Choice, Foreign, Joined, Offer, Touch, TriedBefore, Vote};
use crate::action::Action;
use crate::assessment::{Assessment, Revealed};
use crate::digest::Digest;
use crate::identity::{Actor, Principal};
use crate::ids::{ApprovalId, CallId, GrantId, RuleId, RunId, SessionId};
use crate::time::Timestamp;

/// The durable question put to people about one action. Changes only through
/// [`super::transition`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Its id: every button, link and message names it.
    pub id: ApprovalId,
    /// What is to be decided, exactly as it will run.
    pub action: Action,
    /// Digest of `action`, as every surface shows it.
    pub digest: Digest,
    /// Why it is asked.
    pub assessment: Assessment,
    /// What it would really run, where its text does not say so.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revealed: Vec<Revealed>,
    /// What may be answered.
    pub offer: Offer,
    /// For whom it is asked.
    pub requester: Requester,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When silence ends it; `None` waits for ever.
    pub expires_at: Option<Timestamp>,
    /// When people are reminded once; `None` after that, or when reminders are off.
    pub remind_at: Option<Timestamp>,
    /// How long a decision may wait for its effect to start.
    pub start_within: Duration,
    /// How many distinct approvers must agree.
    #[serde(default = "one")]
    pub needed: u32,
    /// The approving votes, when one is not enough; oldest first.
    #[serde(default)]
    pub votes: Vec<Vote>,
    /// Further tool calls that wait for the same decision, oldest first.
    #[serde(default)]
    pub joined: Vec<Joined>,
    /// The approval on whose card this call was counted, for a share of it.
    #[serde(default)]
    pub share_of: Option<ApprovalId>,
    /// What the action would do, for comparing it with denied ones.
    #[serde(default)]
    pub touches: BTreeSet<Touch>,
    /// Earlier denials of the same effect in this run.
    #[serde(default)]
    pub tried_before: Vec<TriedBefore>,
    /// Who is shown the card, and when.
    #[serde(default = "requester_only")]
    pub audiences: Vec<Audience>,
    /// What another program has said of it that carries it out itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub foreign: Option<Foreign>,
    /// What has become of it.
    pub state: ApprovalState,
    /// What happened to it, oldest first.
    pub history: Vec<HistoryEntry>,
}

/// What an approval is asked under, besides the action itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Terms {
    /// How many distinct approvers must agree.
    pub needed: u32,
    /// What the action would do.
    pub touches: BTreeSet<Touch>,
    /// Earlier denials of the same effect in this run.
    pub tried_before: Vec<TriedBefore>,
    /// Who is shown the card, and when.
    pub audiences: Vec<Audience>,
}

/// Which tool call of which run asks, and on whose behalf.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Requester {
    /// The conversation.
    pub session_id: SessionId,
    /// The run.
    pub run_id: RunId,
    /// The tool call.
    pub call_id: CallId,
    /// The tool that was called; empty in approvals of before there were grants.
    #[serde(default)]
    pub tool: String,
    /// The person or program that started the run.
    pub principal: Principal,
}

/// A person's answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// What was answered.
    pub choice: Choice,
    /// By whom.
    pub by: Principal,
    /// Why, in the person's words.
    pub reason: Option<String>,
    /// When.
    pub at: Timestamp,
    /// The rule that it left behind.
    pub rule: Option<RuleId>,
    /// The grant that proves it to whoever carries the action out.
    #[serde(default)]
    pub grant: Option<GrantId>,
}

/// Where an approval stands. Each variant carries what is known then and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum ApprovalState {
    /// Nobody has decided.
    Pending,
    /// Decided in favour; the effect has not started.
    Approved {
        /// The answer.
        decision: Decision,
    },
    /// Decided against.
    Denied {
        /// The answer.
        decision: Decision,
    },
    /// Silence ended it.
    Expired {
        /// When.
        at: Timestamp,
    },
    /// It no longer needs an answer.
    Cancelled {
        /// When.
        at: Timestamp,
        /// Why.
        reason: CancelReason,
    },
    /// The effect may have started: nothing starts it again.
    Claimed {
        /// The answer.
        decision: Decision,
        /// When the effect was claimed.
        at: Timestamp,
    },
    /// The effect has ended.
    Executed {
        /// The answer.
        decision: Decision,
        /// How it ended.
        outcome: Outcome,
    },
    /// The effect was claimed and its end is not known.
    Indeterminate {
        /// The answer.
        decision: Decision,
        /// When that was found out.
        at: Timestamp,
    },
    /// Decided in favour, but the effect never started.
    Lapsed {
        /// The answer.
        decision: Decision,
        /// When.
        at: Timestamp,
        /// Why.
        reason: LapseReason,
    },
}

/// Why an approval no longer needs an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// Somebody stopped the run.
    RunStopped,
    /// The run failed for another reason.
    RunFailed,
    /// People denied the same effect so often that the run was stopped.
    DeniedTooOften,
    /// Somebody revoked the service chat that it would have gone to.
    ChatRevoked,
}

/// Why an approved effect never started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LapseReason {
    /// It did not start soon enough after the decision.
    StartedTooLate,
    /// The run ended first.
    RunEnded,
    /// What would have run is not what was shown.
    ContentChanged,
    /// The policy has come to forbid it.
    Forbidden,
    /// Its grant could not be signed or verified.
    GrantRefused,
    /// As much as is allowed within an hour has gone to its destination meanwhile.
    RateLimited,
}

/// How an effect ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    /// Well or not.
    pub status: OutcomeStatus,
    /// The process's exit status, for effects that are processes.
    pub exit_code: Option<i32>,
    /// From claim to end, in milliseconds.
    pub duration_ms: u64,
    /// When.
    pub at: Timestamp,
}

/// Whether an effect ended well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeStatus {
    /// It did what it was meant to.
    Ok,
    /// It ran and reported a failure, or could not start.
    Failed,
}

/// One thing that happened to an approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HistoryEntry {
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What.
    pub what: Moment,
    /// What the content was before and after, where a person changed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<Edit>,
}

/// A change of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    /// Digest of the action before.
    pub from: Digest,
    /// Digest of the action after.
    pub to: Digest,
}

/// The kinds of things that happen to an approval.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// The question was opened.
    Requested,
    /// One more call for the same was counted.
    Joined,
    /// People were reminded.
    Reminded,
    /// The card was sent to the approvers' channel.
    ChannelAsked,
    /// The card could not be sent to the approvers' channel.
    ChannelNotReached,
    /// Somebody agreed, and more must.
    Voted,
    /// A person changed the content.
    Edited,
    /// Decided in favour.
    Approved,
    /// Decided against.
    Denied,
    /// Ended by silence.
    Expired,
    /// No longer needed.
    Cancelled,
    /// The effect was claimed.
    Claimed,
    /// The effect ended.
    Executed,
    /// The effect's end is not known.
    Indeterminate,
    /// The effect never started.
    Lapsed,
}

/// The name of a state, without what it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// [`ApprovalState::Pending`].
    Pending,
    /// [`ApprovalState::Approved`].
    Approved,
    /// [`ApprovalState::Denied`].
    Denied,
    /// [`ApprovalState::Expired`].
    Expired,
    /// [`ApprovalState::Cancelled`].
    Cancelled,
    /// [`ApprovalState::Claimed`].
    Claimed,
    /// [`ApprovalState::Executed`].
    Executed,
    /// [`ApprovalState::Indeterminate`].
    Indeterminate,
    /// [`ApprovalState::Lapsed`].
    Lapsed,
}

impl Status {
    /// Every status.
    pub const ALL: [Self; 9] = [
        Self::Pending,
        Self::Approved,
        Self::Denied,
        Self::Expired,
        Self::Cancelled,
        Self::Claimed,
        Self::Executed,
        Self::Indeterminate,
        Self::Lapsed,
    ];

    /// The word that people and the API see.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
            Self::Claimed => "claimed",
            Self::Executed => "executed",
            Self::Indeterminate => "indeterminate",
            Self::Lapsed => "lapsed",
        }
    }

    /// The status named `word`.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }
}

impl ApprovalState {
    /// The name of this state.
    pub const fn status(&self) -> Status {
        match self {
            Self::Pending => Status::Pending,
            Self::Approved { .. } => Status::Approved,
            Self::Denied { .. } => Status::Denied,
            Self::Expired { .. } => Status::Expired,
            Self::Cancelled { .. } => Status::Cancelled,
            Self::Claimed { .. } => Status::Claimed,
            Self::Executed { .. } => Status::Executed,
            Self::Indeterminate { .. } => Status::Indeterminate,
            Self::Lapsed { .. } => Status::Lapsed,
        }
    }

    /// The person's answer, once there is one.
    pub const fn decision(&self) -> Option<&Decision> {
        match self {
            Self::Approved { decision }
            | Self::Denied { decision }
            | Self::Claimed { decision, .. }
            | Self::Executed { decision, .. }
            | Self::Indeterminate { decision, .. }
            | Self::Lapsed { decision, .. } => Some(decision),
            Self::Pending | Self::Expired { .. } | Self::Cancelled { .. } => None,
        }
    }
}

impl Approval {
    /// The same question under these terms.
    #[must_use]
    pub fn under(self, terms: Terms) -> Self {
        let Terms { needed, touches, tried_before, audiences } = terms;
        Self { needed: needed.max(1), touches, tried_before, audiences, ..self }
    }

    /// The last person who changed the content, if anybody did.
    pub fn edited_by(&self) -> Option<&Actor> {
        let edits = self.history.iter().rev().find(|entry| entry.what == Moment::Edited);
        edits.map(|entry| &entry.actor)
    }

    /// The name of the state.
    pub const fn status(&self) -> Status {
        self.state.status()
    }

    /// The next instant at which time alone changes something: a reminder, the turn of the
    /// approvers' channel, the expiry, the lapse of a decision whose effect has not started, or an
    /// attempt to tell the program that asked.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        [self.own_deadline(), self.callback_due()].into_iter().flatten().min()
    }

    pub(super) fn own_deadline(&self) -> Option<Timestamp> {
        match &self.state {
            ApprovalState::Pending => {
                let deadlines = [self.remind_at, self.expires_at, self.channel_due()];
                deadlines.into_iter().flatten().min()
            }
            ApprovalState::Approved { decision } => Some(decision.at.after(self.start_within)),
            ApprovalState::Denied { .. }
            | ApprovalState::Expired { .. }
            | ApprovalState::Cancelled { .. }
            | ApprovalState::Claimed { .. }
            | ApprovalState::Executed { .. }
            | ApprovalState::Indeterminate { .. }
            | ApprovalState::Lapsed { .. } => None,
        }
    }
}

const fn one() -> u32 {
    1
}
