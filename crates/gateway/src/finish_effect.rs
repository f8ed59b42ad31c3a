//! Recording what a tool call came to.

use countersign_domain::approvals::{LapseReason, OutcomeStatus, execute, lose, refuse_start};
use countersign_domain::audit::AuditKind;
use countersign_domain::display::{inert, one_line};
use countersign_domain::identity::Actor;
use countersign_domain::ids::{ApprovalId, CallId, RunId};
use countersign_domain::runs::{
    Event, ExecutionNotice, ExecutionOutcome, ToolCallState, ToolResult, ToolStatus,
};
use countersign_domain::time::Timestamp;
use countersign_ports::store::{Change, StoreError, UnitOfWork};
use serde_json::json;

use crate::effect_gate::{PREVIEW, completed, event, lapsed, moved, started};
use crate::gateway::Gateway;
use crate::replies;

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
        // Whether it was refused is for the tool's own words to say, without what is added to them.
        let refused = was_refused_at_start(result);
        let told = self.with_edit_told(&call.value.state, result).await?;
        let result = &told;
        match call.value.state {
            ToolCallState::Done { .. } => return Ok(()),
            ToolCallState::Proposed => {
                let arguments = self.redactor.redact(&call.value.call.arguments);
                let preview = one_line(&arguments, PREVIEW);
                work.push(event(run_id, now, started(&call.value, preview)));
            }
            ToolCallState::Started { approval_id, .. } => {
                match approval_id {
                    Some(id) => self.record_outcome(id, (result, refused), now, &mut work).await?,
                    None if refused => {
                        work.push(self.audit_refused_start(run_id, call_id, result).await?);
                    }
                    None => {}
                }
                self.record_send(&call.value, result, &mut work).await?;
            }
            ToolCallState::AwaitingApproval { .. } | ToolCallState::AwaitingAnswer { .. } => {}
        }
        work.push(event(run_id, now, completed(&call.value, result)));
        work.push(moved(call, ToolCallState::Done { result: result.clone() }));
        self.commit(work).await?;
        self.tokens.forget(call_id);
        Ok(())
    }

    /// The result, with what a person made of the content before it ran.
    async fn with_edit_told(
        &self,
        state: &ToolCallState,
        result: &ToolResult,
    ) -> Result<ToolResult, StoreError> {
        let ToolCallState::Started { approval_id: Some(id), .. } = state else {
            return Ok(result.clone());
        };
        let approval = self.stored_approval(*id).await?.value;
        let note = approval.edited_by().map(|by| {
            let content = approval.action.content().unwrap_or_default();
            replies::edited(by, &inert(&self.redactor.redact(content)))
        });
        Ok(match note {
            Some(note) => {
                ToolResult { content: format!("{note}\n{}", result.content), ..result.clone() }
            }
            None => result.clone(),
        })
    }

    async fn audit_refused_start(
        &self,
        run_id: RunId,
        call_id: CallId,
        result: &ToolResult,
    ) -> Result<Change, StoreError> {
        let session = self.run(run_id).await?.value.session_id;
        let why = self.redactor.redact(&result.content);
        let detail = json!({ "call": call_id, "why": one_line(&why, PREVIEW) });
        let kind = AuditKind::EffectRefused;
        Ok(self.grant_record(kind, run_id.to_string(), Some(session), detail))
    }

    /// Adds what has become of a claimed approval; `refused` if nothing was started after all.
    pub(crate) async fn record_outcome(
        &self,
        id: ApprovalId,
        (result, refused): (&ToolResult, bool),
        now: Timestamp,
        work: &mut UnitOfWork,
    ) -> Result<(), StoreError> {
        let approval = self.stored_approval(id).await?;
        if refused && let Ok(next) = refuse_start(&approval.value, LapseReason::ContentChanged, now)
        {
            work.push(event(next.requester.run_id, now, lapsed(next.id)));
            work.push(self.audit_approval(&next, AuditKind::ApprovalLapsed, Actor::System));
            work.push(Change::UpdateApproval(Box::new(next), approval.version));
            return Ok(());
        }
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

/// Whether the tool found, right where it would have started, that a file is not as it was shown.
/// Nothing ran then.
fn was_refused_at_start(result: &ToolResult) -> bool {
    result.status == ToolStatus::Blocked && result.content.starts_with("content_changed")
}
