//! Opening an approval.

use countersign_domain::action::Action;
use countersign_domain::approvals::{
    Approval, Asked, Attempted, Matcher, Requester, Status, Terms, offer, open, route, tried_before,
};
use countersign_domain::audit::AuditKind;
use countersign_domain::identity::Actor;
use countersign_domain::runs::{Event, Run, ToolCall};
use countersign_ports::store::{Change, StoreError, UnitOfWork};

use crate::card::card;
use crate::effect_gate::event;
use crate::gateway::Gateway;
use crate::guard::Assessed;

impl Gateway {
    /// The approval that puts `action` to people.
    pub(crate) async fn open_approval(
        &self,
        run: &Run,
        call: &ToolCall,
        action: &Action,
        assessed: &Assessed,
    ) -> Result<Approval, StoreError> {
        let matcher = assessed.matcher(action);
        let holds_secret = self.holds_secret(action, matcher.as_ref().map(|(rule, _)| rule));
        let asked = Asked {
            action: action.clone(),
            assessment: assessed.assessment.clone(),
            revealed: assessed.revealed().to_vec(),
            offer: offer(&assessed.assessment, matcher, holds_secret),
            requester: Requester {
                session_id: run.session_id,
                run_id: run.id,
                call_id: call.call.id,
                principal: run.requested_by.clone(),
                tool: call.call.tool.clone(),
            },
        };
        let mut timing = self.settings.timing;
        if self.guard.outbound().is_outbound(action) {
            timing.start_within = self.guard.outbound().token_ttl;
        }
        let opened = open(self.new_approval_id(), asked, timing, self.clock.now());
        let touches = assessed.touches(action);
        let denied = self.store.approvals().of_run(run.id, Status::Denied).await?;
        let attempted = Attempted { digest: opened.digest, touches: &touches };
        let tried_before = tried_before(denied.iter().map(|denied| &denied.value), attempted);
        let audiences = route(
            &self.settings.attention.channel,
            self.settings.approvers.requester_may(&run.requested_by),
            opened.created_at,
            opened.expires_at,
        );
        let needed = self.settings.quorum.needed(opened.assessment.severity());
        Ok(opened.under(Terms { needed, touches, tried_before, audiences }))
    }

    /// Whether a secret stands in the action, or in the rule that a lasting choice would store: an
    /// encoded action may hold what its text does not show.
    fn holds_secret(&self, action: &Action, rule: Option<&Matcher>) -> bool {
        let stored = rule.and_then(|rule| serde_json::to_string(rule).ok()).unwrap_or_default();
        self.redactor.finds_secret(action.text())
            || self.redactor.finds_secret(&action.canonical_json())
            || self.redactor.finds_secret(&stored)
    }

    /// Adds a new approval, its event and its audit record to `work`.
    pub(crate) fn add_approval(&self, approval: &Approval, work: &mut UnitOfWork) {
        let card = card(approval, &self.redactor);
        let raised = Event::ApprovalRequired(Box::new(card));
        let actor = Actor::Principal(approval.requester.principal.clone());
        work.push(event(approval.requester.run_id, approval.created_at, raised));
        work.push(self.audit_approval(approval, AuditKind::ApprovalRequested, actor));
        work.push(Change::AddApproval(Box::new(approval.clone())));
    }
}
