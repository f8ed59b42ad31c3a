//! Stopping a run, and settling what an ended run leaves open.

use countersign_domain::approvals::{Approval, CancelReason, LapseReason, Status, cancel, lapse};
use countersign_domain::audit::AuditKind;
use countersign_domain::identity::Actor;
use countersign_domain::ids::RunId;
use countersign_domain::runs::{
    ApprovalNotice, Event, Run, RunState, RunStatus, StopRequest, ToolCall, ToolCallState,
    ToolResult,
};
use countersign_domain::time::Timestamp;
use countersign_ports::store::{Change, StoreError, UnitOfWork, Versioned};

use crate::caller::Caller;
use crate::effect_gate::{completed, event, lapsed};
use crate::gateway::{Gateway, Settles};
use crate::replies;
use crate::steer_run::steered_entries;

/// Why open calls are settled.
pub(crate) enum Ending<'a> {
    /// The run ends.
    Other(CancelReason),
    /// The run ends because this, which the same commit denies, was denied too often.
    Denied(&'a Approval),
}

/// Why a run is not stopped.
#[derive(Debug, thiserror::Error)]
pub enum StopRunError {
    /// No such run, or the caller may not see it.
    #[error("there is no run `{0}`")]
    NoRun(RunId),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Settles for StopRunError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

impl Gateway {
    /// Stops a run. Its pending approvals are cancelled in the same commit; what is running is
    /// killed by whoever drives the run. A run that is over stays as it is.
    pub async fn stop_run(&self, id: RunId, caller: &Caller) -> Result<RunStatus, StopRunError> {
        let status = self.until_settled(|| self.try_stop(id, caller)).await?;
        self.wake(id);
        if status.is_final() {
            self.wake_successor(id).await?;
        }
        Ok(status)
    }

    async fn try_stop(&self, id: RunId, caller: &Caller) -> Result<RunStatus, StopRunError> {
        let found = self.store.runs().run(id).await?;
        let Some(mut run) = found.filter(|run| caller.may_see(&run.value)) else {
            return Err(StopRunError::NoRun(id));
        };
        let status = run.value.status();
        if status.is_final() || status == RunStatus::Stopping {
            return Ok(status);
        }
        let now = self.clock.now();
        let by = Actor::Principal(caller.principal.clone());
        let request = StopRequest { by: by.clone(), at: now, failure: None };
        let mut work = UnitOfWork::new();
        self.settle_open_calls(&run.value, CancelReason::RunStopped, &by, &mut work).await?;
        // Only a running run may have something in hand that must be killed first.
        let state = if status == RunStatus::Running {
            work.push(self.audit_run(&run.value, AuditKind::RunStopRequested, by));
            RunState::Stopping(request)
        } else {
            steered_entries(&mut run.value, now, &mut work);
            work.push(event(id, now, Event::RunCancelled { by: by.clone() }));
            work.push(self.audit_run(&run.value, AuditKind::RunFinished, by));
            RunState::Cancelled(request)
        };
        let next = run.value.moved(state, now);
        let status = next.status();
        work.push(Change::UpdateRun(Box::new(next), run.version));
        self.commit(work).await?;
        Ok(status)
    }

    /// Settles every call of `run` that has not started: its approval is cancelled or lapses, and
    /// the call gets a result that says so.
    pub(crate) async fn settle_open_calls(
        &self,
        run: &Run,
        reason: CancelReason,
        by: &Actor,
        work: &mut UnitOfWork,
    ) -> Result<(), StoreError> {
        self.settle_calls(run, Ending::Other(reason), by, work).await
    }

    /// The same, also when `work` denies one of the approvals: its calls are told that.
    pub(crate) async fn settle_calls(
        &self,
        run: &Run,
        ending: Ending<'_>,
        by: &Actor,
        work: &mut UnitOfWork,
    ) -> Result<(), StoreError> {
        let (reason, denied) = match ending {
            Ending::Other(reason) => (reason, None),
            Ending::Denied(denied) => (CancelReason::DeniedTooOften, Some(denied)),
        };
        let now = self.clock.now();
        for approval in self.store.approvals().of_run(run.id, Status::Pending).await? {
            if denied.is_some_and(|denied| denied.id == approval.value.id) {
                continue;
            }
            let Ok(next) = cancel(&approval.value, reason, by.clone(), now) else {
                continue;
            };
            work.push(event(
                run.id,
                now,
                Event::ApprovalResolved(ApprovalNotice {
                    approval_id: next.id,
                    status: Status::Cancelled,
                    choice: None,
                    reason: None,
                    decided_by: None,
                }),
            ));
            work.push(self.audit_approval(&next, AuditKind::ApprovalCancelled, by.clone()));
            work.push(Change::UpdateApproval(Box::new(next), approval.version));
        }
        for approval in self.store.approvals().of_run(run.id, Status::Approved).await? {
            let Ok(next) = lapse(&approval.value, LapseReason::RunEnded, now) else {
                continue;
            };
            work.push(event(run.id, now, lapsed(next.id)));
            work.push(self.audit_approval(&next, AuditKind::ApprovalLapsed, by.clone()));
            self.end_grant(&approval.value, now, work).await?;
            work.push(Change::UpdateApproval(Box::new(next), approval.version));
        }
        for call in self.store.runs().calls(run.id).await? {
            let told = match denied.filter(|denied| denied.counts(call.value.call.id)) {
                Some(denied) => denied.state.decision().map(replies::denied),
                None => None,
            };
            let told = told.unwrap_or_else(|| replies::cancelled(reason));
            let content = self.redactor.redact(&told.content).into_owned();
            settle_call(call, &ToolResult { content, ..told }, now, work);
        }
        Ok(())
    }

    /// The oldest run that waited in the queue of the same session goes on.
    pub(crate) async fn wake_successor(&self, ended: RunId) -> Result<(), StoreError> {
        let Some(run) = self.store.runs().run(ended).await? else {
            return Ok(());
        };
        if let Some(next) = self.store.runs().active_in(run.value.session_id).await? {
            self.wake(next);
        }
        Ok(())
    }
}

fn settle_call(
    call: Versioned<ToolCall>,
    result: &ToolResult,
    now: Timestamp,
    work: &mut UnitOfWork,
) {
    match call.value.state {
        ToolCallState::Proposed
        | ToolCallState::AwaitingApproval { .. }
        | ToolCallState::AwaitingAnswer { .. } => {
            work.push(event(call.value.run_id, now, completed(&call.value, result)));
            let state = ToolCallState::Done { result: result.clone() };
            let next = ToolCall { state, ..call.value };
            work.push(Change::UpdateCall(Box::new(next), call.version));
        }
        // Started ones are ended by whoever runs them.
        ToolCallState::Started { .. } | ToolCallState::Done { .. } => {}
    }
}
