//! What a card says besides the action, in JSON: count, votes, earlier denials, audiences.

use countersign_domain::approvals::{Audience, Choice, Delivery, TriedBefore, Vote};
use countersign_domain::identity::Principal;
use countersign_domain::ids::ApprovalId;
use countersign_domain::runs::Attention;
use countersign_domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::wire::choice;

/// What people should know of an approval besides the action.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Attention)]
pub(crate) struct AttentionBody {
    /// How many identical tool calls the decision is for.
    #[schema(minimum = 1, example = 1)]
    count: u32,
    /// How many distinct approvers must agree.
    #[schema(minimum = 1, example = 1)]
    votes_needed: u32,
    /// Who has agreed, where one is not enough; oldest first.
    votes: Vec<VoteBody>,
    /// Earlier denials of the same effect in this run, oldest first.
    tried_before: Vec<TriedBeforeBody>,
    /// Who is shown the card, and whether it reached them.
    audiences: Vec<AudienceBody>,
}

/// One approving vote.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Vote)]
struct VoteBody {
    #[schema(schema_with = choice)]
    choice: Choice,
    /// Who voted.
    #[schema(value_type = String, example = "api:deputy")]
    by: Principal,
    /// Whose vote it is, if it was delegated.
    #[schema(value_type = Option<String>, example = "api:chief")]
    on_behalf_of: Option<Principal>,
    reason: Option<String>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
}

/// An earlier denial of the same effect.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TriedBefore)]
struct TriedBeforeBody {
    #[schema(value_type = String)]
    approval_id: ApprovalId,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    #[schema(value_type = String, example = "operator")]
    denied_by: Principal,
    reason: Option<String>,
    /// Whether it was the very same action; otherwise the same effect by other means.
    same_action: bool,
}

/// Somebody who is shown the card.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Audience)]
struct AudienceBody {
    /// `requester` or `approvers`.
    #[schema(example = "approvers")]
    audience: &'static str,
    /// The approvers' channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "mattermost:ops")]
    channel: Option<String>,
    /// Why there: `opening` (the requester may not approve) or `escalation`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "opening")]
    occasion: Option<&'static str>,
    /// From when on it is to be shown there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// `planned`, `sent` or `not_sent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "sent")]
    delivery: Option<&'static str>,
    /// Why it is not there.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
}

impl From<Attention> for AttentionBody {
    fn from(attention: Attention) -> Self {
        let Attention { count, votes_needed, votes, tried_before, audiences } = attention;
        Self {
            count,
            votes_needed,
            votes: votes.into_iter().map(VoteBody::from).collect(),
            tried_before: tried_before.into_iter().map(TriedBeforeBody::from).collect(),
            audiences: audiences.into_iter().map(AudienceBody::from).collect(),
        }
    }
}

impl From<Vote> for VoteBody {
    fn from(Vote { choice, by, seat, reason, at }: Vote) -> Self {
        let on_behalf_of = (seat != by).then_some(seat);
        Self { choice, by, on_behalf_of, reason, at }
    }
}

impl From<TriedBefore> for TriedBeforeBody {
    fn from(tried: TriedBefore) -> Self {
        let TriedBefore { approval_id, at, denied_by, reason, same_action } = tried;
        Self { approval_id, at, denied_by, reason, same_action }
    }
}

impl From<Audience> for AudienceBody {
    fn from(audience: Audience) -> Self {
        let Audience::Approvers { channel, occasion, at, delivery } = audience else {
            let audience = "requester";
            return Self {
                audience,
                channel: None,
                occasion: None,
                at: None,
                delivery: None,
                problem: None,
            };
        };
        let (word, problem) = match delivery {
            Delivery::Planned => ("planned", None),
            Delivery::Sent { .. } => ("sent", None),
            Delivery::NotSent { why, .. } => ("not_sent", Some(why)),
        };
        Self {
            audience: "approvers",
            channel: Some(channel.to_string()),
            occasion: Some(match occasion {
                countersign_domain::approvals::Occasion::Opening => "opening",
                countersign_domain::approvals::Occasion::Escalation => "escalation",
            }),
            at: Some(at),
            delivery: Some(word),
            problem,
        }
    }
}
