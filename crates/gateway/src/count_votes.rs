//! What a vote, and a decision on a card with a count, leave in the store.

use countersign_domain::approvals::{Approval, shares};
use countersign_domain::audit::AuditKind;
use countersign_domain::identity::Actor;
use countersign_domain::runs::ToolCallState;
use countersign_domain::time::Timestamp;
use countersign_ports::store::{Change, StoreError, UnitOfWork, Version};

use crate::caller::Caller;
use crate::effect_gate::{event, moved};
use crate::gateway::Gateway;

impl Gateway {
    /// What makes a vote durable that does not decide yet.
    pub(crate) fn vote_work(
        &self,
        next: &Approval,
        version: Version,
        caller: &Caller,
    ) -> UnitOfWork {
        let actor = Actor::Principal(caller.principal.clone());
        UnitOfWork::new()
            .and(self.update_event(next, "voted"))
            .and(self.audit_approval(next, AuditKind::ApprovalVoted, actor))
            .and(Change::UpdateApproval(Box::new(next.clone()), version))
    }

    /// Gives every call that was counted on an approved card an approval of its own, in the commit
    /// that approves: from then on it is claimed, lapses and ends by itself.
    pub(crate) async fn hand_out_shares(
        &self,
        approved: &Approval,
        now: Timestamp,
        work: &mut UnitOfWork,
    ) -> Result<(), StoreError> {
        for share in shares(approved, || (self.new_approval_id(), self.new_grant_id())) {
            let call = self.call(share.requester.call_id).await?;
            let ToolCallState::AwaitingApproval { approval_id } = call.value.state else {
                continue;
            };
            if approval_id != approved.id {
                continue;
            }
            let actor = share
                .state
                .decision()
                .map_or(Actor::System, |decision| Actor::Principal(decision.by.clone()));
            work.push(moved(call, ToolCallState::AwaitingApproval { approval_id: share.id }));
            work.push(event(share.requester.run_id, now, self.resolution(&share)));
            work.push(self.audit_approval(&share, AuditKind::ApprovalDecided, actor));
            self.issue_for_decision(&share, work);
            work.push(Change::AddApproval(Box::new(share)));
        }
        Ok(())
    }
}
