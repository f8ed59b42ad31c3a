//! What the gateway puts into the grants that it issues.
//!
//! A grant follows wholly from what is stored: the token itself is nowhere kept. Signing the same
//! claims again gives the same token.

use std::time::Duration;

use super::{Binding, Grant, Terms, bound_destination};
use crate::approvals::{Approval, ApprovalState};
use crate::identity::Actor;
use crate::ids::{ApprovalId, GatewayId, GrantId};
use crate::time::Timestamp;

/// The grant of a decision in favour: good until the decision lapses. `None` if nobody has decided
/// so, or the decision has no grant.
pub fn for_decision(approval: &Approval, gateway: GatewayId) -> Option<Grant> {
    let ApprovalState::Approved { decision } = &approval.state else {
        return None;
    };
    let requester = &approval.requester;
    Some(Grant {
        jti: decision.grant?,
        iss: gateway,
        aud: gateway,
        iat: decision.at,
        nbf: decision.at,
        exp: decision.at.after(approval.start_within),
        appr: Some(approval.id),
        act: approval.action.kind(),
        tool: requester.tool.clone(),
        dst: bound_destination(&approval.action.bound_destination()),
        sha: approval.digest,
        ses: requester.session_id,
        by: Actor::Principal(decision.by.clone()),
        terms: Terms::Once,
    })
}

/// A grant for what `binding` says, issued without a new decision.
pub fn for_action(
    id: GrantId,
    binding: &Binding,
    (terms, by, approval): (Terms, Actor, Option<ApprovalId>),
    (now, ttl): (Timestamp, Duration),
) -> Grant {
    Grant {
        jti: id,
        iss: binding.gateway,
        aud: binding.gateway,
        iat: now,
        nbf: now,
        exp: now.after(ttl),
        appr: approval,
        act: binding.kind,
        tool: binding.tool.clone(),
        dst: binding.destination.clone(),
        sha: binding.content,
        ses: binding.session,
        by,
        terms,
    }
}
