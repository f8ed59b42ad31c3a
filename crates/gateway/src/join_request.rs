//! Asking for the same again: the call joins the pending card, or is told to wait.

use countersign_domain::action::Action;
use countersign_domain::approvals::{Approval, Joining, join};
use countersign_domain::audit::AuditKind;
use countersign_domain::identity::Actor;
use countersign_domain::ids::{ApprovalId, GrantId};
use countersign_domain::runs::{Event, Progress, Run, ToolCall, ToolCallState};
use countersign_ports::effect_gate::Passage;
use countersign_ports::store::{Change, StoreError, UnitOfWork, Versioned};
use serde_json::json;

use crate::effect_gate::{event, moved};
use crate::gateway::Gateway;
use crate::guard::Assessed;
use crate::replies;

/// Where a call's question goes.
pub(crate) enum Place {
    /// Onto this pending card, which then counts one call more.
    Joined(Box<Versioned<Approval>>),
    /// Onto a card of its own.
    Own,
    /// Nowhere: people have enough to decide already.
    Full,
}

impl Gateway {
    /// Where the question of `call` goes.
    pub(crate) async fn place_of(
        &self,
        run: &Run,
        call: &ToolCall,
        action: &Action,
        assessed: &Assessed,
    ) -> Result<Place, StoreError> {
        let (session, most) = (run.session_id, self.settings.attention.max_pending);
        let digest = action.digest();
        if let Some(found) = self.store.approvals().pending_like(session, digest).await? {
            let joining = Joining {
                run_id: run.id,
                call_id: call.call.id,
                tool: &call.call.tool,
                digest,
                assessment: &assessed.assessment,
            };
            if let Ok(next) = join(&found.value, joining, self.clock.now()) {
                if u64::from(next.count()) > most {
                    return Ok(Place::Full);
                }
                let joined = Versioned { value: next, version: found.version };
                return Ok(Place::Joined(Box::new(joined)));
            }
        }
        let waiting = self.store.approvals().pending_in(session).await?;
        Ok(if waiting >= most { Place::Full } else { Place::Own })
    }

    /// Commits that `call` waits for the same decision as the others on the card.
    pub(crate) async fn join_card(
        &self,
        call: Versioned<ToolCall>,
        joined: Versioned<Approval>,
        mut work: UnitOfWork,
    ) -> Result<Passage, StoreError> {
        let Versioned { value: next, version } = joined;
        let approval_id = next.id;
        work.push(self.update_event(&next, "joined"));
        let actor = Actor::Principal(next.requester.principal.clone());
        work.push(self.audit_approval(&next, AuditKind::ApprovalJoined, actor));
        work.push(Change::UpdateApproval(Box::new(next), version));
        work.push(moved(call, ToolCallState::AwaitingApproval { approval_id }));
        self.commit(work).await?;
        Ok(Passage::Waiting(approval_id))
    }

    /// Commits that nobody is asked, because too much waits already.
    pub(crate) async fn ask_nobody(
        &self,
        run: &Run,
        call: Versioned<ToolCall>,
        action: &Action,
        mut work: UnitOfWork,
    ) -> Result<Passage, StoreError> {
        let most = self.settings.attention.max_pending;
        let why = json!({ "max_pending_per_session": most });
        work.push(self.audit_effect(run, AuditKind::ApprovalNotAsked, action, &why));
        self.refuse(call, &replies::too_many_pending(most), work, self.clock.now()).await
    }

    /// The event that tells of a change of a pending approval.
    pub(crate) fn update_event(&self, approval: &Approval, change: &str) -> Change {
        let updated = Event::ApprovalUpdated {
            approval_id: approval.id,
            change: change.to_owned(),
            expires_at: approval.expires_at,
            progress: Some(Progress::of(approval)),
        };
        event(approval.requester.run_id, self.clock.now(), updated)
    }

    /// A new id of a grant.
    pub(crate) fn new_grant_id(&self) -> GrantId {
        GrantId::from_uuid(self.entropy.uuid())
    }

    /// A new id of an approval.
    pub(crate) fn new_approval_id(&self) -> ApprovalId {
        ApprovalId::from_uuid(self.entropy.uuid())
    }
}
