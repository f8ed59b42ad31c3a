//! The effect gate: from a tool call to a permit, a question or a refusal.

use async_trait::async_trait;
use countersign_domain::action::Action;
use countersign_domain::approvals::Approval;
use countersign_domain::ids::{ApprovalId, CallId, RunId};
use countersign_domain::permit::UncommittedPermit;
use countersign_domain::runs::{
    Event, ExecutionNotice, ExecutionOutcome, Question, Run, RunState, ToolCall, ToolCallState,
    ToolResult, ToolStatus,
};
use countersign_domain::time::Timestamp;
use countersign_ports::effect_gate::{EffectGate, Passage, ServiceRequest, Slot};
use countersign_ports::store::{Change, StoreError, UnitOfWork, Versioned};

use crate::gateway::Gateway;

/// Length of the one-line preview of a call and of a result, in characters.
pub(crate) const PREVIEW: usize = 200;

#[async_trait]
impl EffectGate for Gateway {
    async fn propose(
        &self,
        run: RunId,
        call: CallId,
        action: Action,
        slot: Slot,
    ) -> Result<Passage, StoreError> {
        let passage = self.until_settled(|| self.try_propose(run, call, &action, slot)).await;
        if !matches!(passage, Err(_) | Ok(Passage::NoSlot)) {
            self.tokens.forget(call);
        }
        passage
    }

    async fn claim(&self, _run: RunId, call: CallId) -> Result<Passage, StoreError> {
        self.until_settled(|| self.try_claim(call)).await
    }

    async fn ask(&self, run: RunId, call: CallId, question: Question) -> Result<(), StoreError> {
        self.until_settled(|| self.try_ask(run, call, &question)).await
    }

    async fn converse(
        &self,
        run: RunId,
        call: CallId,
        request: ServiceRequest,
        slot: Slot,
    ) -> Result<Passage, StoreError> {
        self.until_settled(|| self.try_converse(run, call, &request, slot)).await
    }

    async fn finish(&self, run: RunId, call: CallId, result: ToolResult) -> Result<(), StoreError> {
        self.until_settled(|| self.try_finish(run, call, &result)).await
    }
}

/// A call that may start.
pub(crate) struct Start {
    /// The call.
    pub(crate) call: Versioned<ToolCall>,
    /// The approval that lets it, if a person did.
    pub(crate) approval_id: Option<ApprovalId>,
    /// The permit, good once the start is committed.
    pub(crate) permit: UncommittedPermit,
    /// What will run.
    pub(crate) action: Action,
}

impl Gateway {
    /// Commits that the call has started, and only then hands out the permitted action.
    pub(crate) async fn start(
        &self,
        start: Start,
        mut work: UnitOfWork,
    ) -> Result<Passage, StoreError> {
        let Start { call, approval_id, permit, action } = start;
        let at = self.clock.now();
        work.push(moved(call, ToolCallState::Started { at, approval_id }));
        let committed = self.commit(work).await?;
        self.is_still_ours().await?;
        let permit = permit.committed(&committed);
        permit.unlock(action).map(Passage::Run).map_err(|error| StoreError::Unreadable {
            what: "approved action".to_owned(),
            message: error.to_string(),
        })
    }

    /// Commits that the call will not run.
    pub(crate) async fn refuse(
        &self,
        call: Versioned<ToolCall>,
        result: &ToolResult,
        mut work: UnitOfWork,
        now: Timestamp,
    ) -> Result<Passage, StoreError> {
        // What a refusal says quotes the action or a person, and readers of the stream see it.
        let content = self.redactor.redact(&result.content).into_owned();
        let result = ToolResult { content, ..result.clone() };
        work.push(event(call.value.run_id, now, completed(&call.value, &result)));
        work.push(moved(call, ToolCallState::Done { result: result.clone() }));
        self.commit(work).await?;
        Ok(Passage::Refused(result))
    }

    pub(crate) async fn run(&self, id: RunId) -> Result<Versioned<Run>, StoreError> {
        let run = self.store.runs().run(id).await?;
        run.ok_or_else(|| StoreError::Missing(id.to_string()))
    }

    pub(crate) async fn call(&self, id: CallId) -> Result<Versioned<ToolCall>, StoreError> {
        let call = self.store.runs().call(id).await?;
        call.ok_or_else(|| StoreError::Missing(id.to_string()))
    }

    pub(crate) async fn stored_approval(
        &self,
        id: ApprovalId,
    ) -> Result<Versioned<Approval>, StoreError> {
        let approval = self.store.approvals().approval(id).await?;
        approval.ok_or_else(|| StoreError::Missing(id.to_string()))
    }
}

/// An event of a run, as a change.
pub(crate) const fn event(run_id: RunId, at: Timestamp, event: Event) -> Change {
    Change::AddEvent { run_id, at, event }
}

/// The event that says an approved effect never started.
pub(crate) const fn lapsed(approval_id: ApprovalId) -> Event {
    Event::ApprovalExecuted(ExecutionNotice {
        approval_id,
        outcome: ExecutionOutcome::Lapsed,
        exit_code: None,
        duration_ms: None,
    })
}

/// The call in its new state, as a change.
pub(crate) fn moved(call: Versioned<ToolCall>, state: ToolCallState) -> Change {
    Change::UpdateCall(Box::new(ToolCall { state, ..call.value }), call.version)
}

/// A waiting run has something to do again: it counts as running from this commit on, so that it
/// is found after a crash.
pub(crate) fn resume(run: &Versioned<Run>, now: Timestamp) -> Change {
    Change::UpdateRun(Box::new(run.value.moved(RunState::Running, now)), run.version)
}

/// The event that says that a call is being dealt with.
pub(crate) fn started(call: &ToolCall, preview: String) -> Event {
    Event::ToolStarted { call_id: call.call.id, tool: call.call.tool.clone(), preview }
}

/// The event that says what a call came to.
pub(crate) fn completed(call: &ToolCall, result: &ToolResult) -> Event {
    Event::ToolCompleted {
        call_id: call.call.id,
        tool: call.call.tool.clone(),
        status: result.status,
        error: result.status != ToolStatus::Ok,
        duration_ms: result.duration_ms,
        output: result.content.chars().take(4000).collect(),
    }
}
