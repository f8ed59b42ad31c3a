//! Claiming an approved effect, or learning why it will not run.

use std::time::Duration;

use countersign_domain::approvals::{
    Approval, ApprovalState, Claimed, LapseReason, Status, claim, lapse,
};
use countersign_domain::audit::AuditKind;
use countersign_domain::grants::{GrantError, for_decision};
use countersign_domain::identity::Actor;
use countersign_domain::ids::CallId;
use countersign_domain::runs::{ToolCall, ToolCallState};
use countersign_domain::time::Timestamp;
use countersign_ports::effect_gate::Passage;
use countersign_ports::store::{Change, Conflicting, StoreError, UnitOfWork, Versioned};

use crate::effect_gate::{Start, event, lapsed};
use crate::gateway::Gateway;
use crate::grants::NoGrant;
use crate::propose_effect::already_settled;
use crate::replies;

/// How far the clocks of two nodes may be apart.
const CLOCKS_APART: Duration = Duration::from_mins(1);

/// `now`, or when it was decided if the clock of the node that took the decision is a little ahead of
/// this one's: what is decided is past nevertheless, and its grant is good. A clock that was set back
/// by more makes no old grant good again.
fn not_before(decided_at: Timestamp, now: Timestamp) -> Timestamp {
    if decided_at <= now.after(CLOCKS_APART) { now.max(decided_at) } else { now }
}

impl Gateway {
    pub(crate) async fn try_claim(&self, call_id: CallId) -> Result<Passage, StoreError> {
        let call = self.call(call_id).await?;
        let ToolCallState::AwaitingApproval { approval_id } = call.value.state else {
            return Ok(already_settled(&call.value)
                .unwrap_or_else(|| Passage::Refused(replies::indeterminate())));
        };
        let approval = self.stored_approval(approval_id).await?;
        // A joined call claims its own share, never the approval on whose card it was counted. It
        // was given the share in the commit that approved, so what was read here is old.
        if approval.value.status() != Status::Pending
            && approval.value.state.decision().is_some_and(|decision| decision.choice.approves())
            && approval.value.requester.call_id != call_id
        {
            return Err(StoreError::Conflict(Conflicting::Value(call_id.to_string())));
        }
        let now = self.clock.now();
        let decision = approval.value.state.decision();
        if approval.value.is_foreign() && decision.is_some_and(|it| it.choice.approves()) {
            let result = replies::left_to_requester(&approval.value.requester.principal);
            return self.refuse(call, &result, UnitOfWork::new(), now).await;
        }
        let result = match &approval.value.state {
            ApprovalState::Pending => return Ok(Passage::Waiting(approval_id)),
            ApprovalState::Approved { decision } => {
                let now = not_before(decision.at, now);
                if let Some(reason) = self.cannot_start_any_more(&approval.value, now).await? {
                    return self.let_lapse(call, approval, reason, now).await;
                }
                return match self.may_start(&approval.value, &call.value, now).await {
                    Ok(claimed) => self.start_approved(call, approval, claimed).await,
                    Err(reason) => self.let_lapse(call, approval, reason, now).await,
                };
            }
            ApprovalState::Denied { decision } => replies::denied(decision),
            ApprovalState::Expired { at } => replies::expired(*at),
            ApprovalState::Cancelled { reason, .. } => replies::cancelled(*reason),
            ApprovalState::Lapsed { reason, .. } => replies::lapsed(*reason),
            ApprovalState::Claimed { .. }
            | ApprovalState::Executed { .. }
            | ApprovalState::Indeterminate { .. } => replies::indeterminate(),
        };
        self.refuse(call, &result, UnitOfWork::new(), now).await
    }

    /// Why an approved effect cannot start that could before: its grant was used up or taken back,
    /// or too much has gone to its destination.
    async fn cannot_start_any_more(
        &self,
        approval: &Approval,
        now: Timestamp,
    ) -> Result<Option<LapseReason>, StoreError> {
        if let Some(grant) = for_decision(approval, self.signer.gateway())
            && let Some(error) = self.spent(&grant).await?
        {
            tracing::error!(approval = %approval.id, %error, "a grant was refused");
            return Ok(Some(LapseReason::GrantRefused));
        }
        if let Some(why) = self.chat_forbids(approval).await? {
            tracing::info!(approval = %approval.id, why, "an approved message is not sent");
            return Ok(Some(LapseReason::Forbidden));
        }
        let full = self.full_destination(&approval.action, now).await?;
        Ok(full.map(|_| LapseReason::RateLimited))
    }

    /// The claim, if what was approved is still what would run, in time, and not forbidden by now.
    async fn may_start(
        &self,
        approval: &Approval,
        call: &ToolCall,
        now: Timestamp,
    ) -> Result<Claimed, LapseReason> {
        if approval.action.digest() != approval.digest {
            return Err(LapseReason::ContentChanged);
        }
        if !self.files_are_as_shown(&approval.action).await {
            return Err(LapseReason::ContentChanged);
        }
        if self.forbids_now(approval).await.is_some() {
            return Err(LapseReason::Forbidden);
        }
        let grant = self.present_decision(approval, call, now).map_err(|error| match error {
            NoGrant::Refused(GrantError::Expired { .. }) => LapseReason::StartedTooLate,
            NoGrant::Refused(_) | NoGrant::Unsigned(_) => {
                tracing::error!(approval = %approval.id, %error, "a grant was refused");
                LapseReason::GrantRefused
            }
        })?;
        claim(approval, grant, now).map_err(|_| LapseReason::StartedTooLate)
    }

    async fn start_approved(
        &self,
        call: Versioned<ToolCall>,
        approval: Versioned<Approval>,
        claimed: Claimed,
    ) -> Result<Passage, StoreError> {
        let Claimed { approval: next, permit, used } = claimed;
        let (id, action) = (next.id, next.action.clone());
        let mut work = UnitOfWork::new();
        self.note_sending(&call.value, &next, &mut work).await?;
        self.add_to_outbox((call.value.call.id, used.grant()), &action, used.at(), &mut work);
        let work = work
            .and(self.audit_approval(&next, AuditKind::ApprovalClaimed, Actor::System))
            .and(self.audit_used(&used, next.requester.session_id))
            .and(Change::UseGrant(used))
            .and(Change::UpdateApproval(Box::new(next), approval.version));
        self.start(Start { call, approval_id: Some(id), permit, action }, work).await
    }

    async fn let_lapse(
        &self,
        call: Versioned<ToolCall>,
        approval: Versioned<Approval>,
        reason: LapseReason,
        now: Timestamp,
    ) -> Result<Passage, StoreError> {
        let mut work = UnitOfWork::new();
        if let Ok(next) = lapse(&approval.value, reason, now) {
            work.push(event(call.value.run_id, now, lapsed(next.id)));
            work.push(self.audit_approval(&next, AuditKind::ApprovalLapsed, Actor::System));
            self.end_grant(&approval.value, now, &mut work).await?;
            work.push(Change::UpdateApproval(Box::new(next), approval.version));
        }
        self.refuse(call, &replies::lapsed(reason), work, now).await
    }
}
