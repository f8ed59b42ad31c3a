//! Recording what a tool call came to.

use countersign_domain::approvals::{OutcomeStatus, execute, lose};
use countersign_domain::audit::AuditKind;
use countersign_domain::display::one_line;
use countersign_domain::identity::Actor;
use countersign_domain::ids::{ApprovalId, CallId, RunId};
use countersign_domain::runs::{
    Event, ExecutionNotice, ExecutionOutcome, ToolCallState, ToolResult, ToolStatus,
};
use countersign_domain::time::Timestamp;
use countersign_ports::store::{Change, StoreError, UnitOfWork};

use crate::effect_gate::{PREVIEW, completed, event, moved, started};
use crate::gateway::Gateway;

impl Gateway {
    pub(crate) async fn try_finish(
        &self,
        run_id: RunId,
        call_id: CallId,
        result: &ToolResult,
    ) -> Result<(), StoreError> {
        let call = self.call(call_id).await?;
        let now = self.clock.now();
        let mut work = UnitOfWork::new();
        match call.value.state {
            ToolCallState::Done { .. } => return Ok(()),
            ToolCallState::Proposed => {
                let arguments = self.redactor.redact(&call.value.call.arguments);
                let preview = one_line(&arguments, PREVIEW);
                work.push(event(run_id, now, started(&call.value, preview)));
            }
            ToolCallState::Started { approval_id: Some(id), .. } => {
                self.record_outcome(id, result, now, &mut work).await?;
            }
            ToolCallState::Started { approval_id: None, .. }
            | ToolCallState::AwaitingApproval { .. }
            | ToolCallState::AwaitingAnswer { .. } => {}
        }
        work.push(event(run_id, now, completed(&call.value, result)));
        work.push(moved(call, ToolCallState::Done { result: result.clone() }));
        self.commit(work).await?;
        Ok(())
    }

    /// Adds what has become of a claimed approval.
    pub(crate) async fn record_outcome(
        &self,
        id: ApprovalId,
        result: &ToolResult,
        now: Timestamp,
        work: &mut UnitOfWork,
    ) -> Result<(), StoreError> {
        let approval = self.stored_approval(id).await?;
        let status = match result.status {
            ToolStatus::Indeterminate => None,
            ToolStatus::Ok => Some(OutcomeStatus::Ok),
            ToolStatus::Denied
            | ToolStatus::Expired
            | ToolStatus::Blocked
            | ToolStatus::Error
            | ToolStatus::Cancelled => Some(OutcomeStatus::Failed),
        };
        let next = match status {
            Some(status) => execute(&approval.value, status, result.exit_code, now),
            None => lose(&approval.value, now),
        };
        let Ok(next) = next else { return Ok(()) };
        let kind = if status.is_some() {
            AuditKind::ApprovalExecuted
        } else {
            AuditKind::ApprovalIndeterminate
        };
        let notice = ExecutionNotice {
            approval_id: id,
            outcome: status.map_or(ExecutionOutcome::Indeterminate, ExecutionOutcome::from),
            exit_code: result.exit_code,
            duration_ms: status.map(|_| result.duration_ms),
        };
        work.push(event(next.requester.run_id, now, Event::ApprovalExecuted(notice)));
        work.push(self.audit_approval(&next, kind, Actor::System));
        work.push(Change::UpdateApproval(Box::new(next), approval.version));
        Ok(())
    }
}
