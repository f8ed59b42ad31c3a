//! The journal of runs, as the agent drives them.

use std::collections::BTreeSet;

use async_trait::async_trait;
use countersign_domain::approvals::{CancelReason, Status};
use countersign_domain::audit::AuditKind;
use countersign_domain::identity::Actor;
use countersign_domain::ids::{CallId, MessageId, RunId};
use countersign_domain::nodes::LeaseName;
use countersign_domain::runs::{
    Entry, EntryBody, Event, ProposedCall, Run, RunFailure, RunState, RunStatus, StopRequest,
    ToolCall, ToolCallState, Usage,
};
use countersign_domain::time::Timestamp;
use countersign_ports::model_provider::ModelReply;
use countersign_ports::run_journal::{Ended, Fallback, Parked, RunEnd, RunJournal, Snapshot};
use countersign_ports::store::{Change, Conflicting, StoreError, UnitOfWork, Versioned};

use crate::effect_gate::event;
use crate::effect_gate::{completed, moved};
use crate::gateway::{Gateway, Settles as _};
use crate::replies;
use crate::steer_run::steered_entries;

/// How much of what earlier runs said is read for the model; the agent trims it to the model's window.
const ENTRIES_READ: usize = 1000;

#[async_trait]
impl RunJournal for Gateway {
    async fn open(&self, run: RunId) -> Result<Option<Snapshot>, StoreError> {
        if self.until_settled(|| self.try_open(run)).await? {
            return self.snapshot(run).await.map(Some);
        }
        // Whoever ended this run may have been cut off before it called the next one.
        if self.run(run).await?.value.status().is_final() {
            self.wake_successor(run).await?;
        }
        self.drop_stray_lease(run).await?;
        Ok(None)
    }

    async fn read(&self, run: RunId) -> Result<Snapshot, StoreError> {
        let snapshot = self.snapshot(run).await?;
        if snapshot.run.steered.is_empty() {
            return Ok(snapshot);
        }
        self.until_settled(|| self.read_what_was_said(run)).await?;
        self.snapshot(run).await
    }

    async fn status(&self, run: RunId) -> Result<RunStatus, StoreError> {
        Ok(self.run(run).await?.value.status())
    }

    async fn delta(&self, run: RunId, message: MessageId, text: String) -> Result<(), StoreError> {
        let delta = self.redactor.redact(&text).into_owned();
        let delta = Event::MessageDelta { message_id: message, delta };
        self.commit(UnitOfWork::new().and(event(run, self.clock.now(), delta))).await?;
        Ok(())
    }

    async fn fell_back(&self, run: RunId, fallback: Fallback) -> Result<(), StoreError> {
        let Fallback { from, to, reason } = fallback;
        let reason = self.redactor.redact(&reason).into_owned();
        let told = Event::ModelFellBack { from, to, reason };
        self.commit(UnitOfWork::new().and(event(run, self.clock.now(), told))).await?;
        Ok(())
    }

    async fn reply(
        &self,
        run: RunId,
        message: MessageId,
        reply: ModelReply,
    ) -> Result<(), StoreError> {
        let calls: Vec<ProposedCall> = reply
            .calls
            .into_iter()
            .map(|call| {
                let id = CallId::from_uuid(self.entropy.uuid());
                let arguments = self.tokens.take_from((run, id), call.arguments);
                ProposedCall { id, provider_id: call.id, tool: call.tool, arguments }
            })
            .collect();
        let ModelReply { text, model, usage, thinking, .. } = reply;
        let model = model.unwrap_or_else(|| self.settings.model.clone());
        let body = EntryBody::Assistant { message_id: message, text, calls, thinking };
        let journaled = self.until_settled(|| self.try_reply(run, &body, (&model, usage))).await;
        if journaled.is_err() {
            // These calls do not exist.
            self.tokens.forget_run(run);
        }
        journaled
    }

    async fn park(&self, run: RunId, active_ms: u64) -> Result<Parked, StoreError> {
        self.until_settled(|| self.try_park(run, active_ms)).await
    }

    async fn end(&self, run: RunId, end: RunEnd) -> Result<Ended, StoreError> {
        let ended = self.until_settled(|| self.try_end(run, &end)).await?;
        if ended == Ended::Over {
            self.wake_successor(run).await?;
        }
        Ok(ended)
    }

    async fn let_go(&self, run: RunId) -> Result<(), StoreError> {
        if let Some(change) = self.membership.drop_lease(run) {
            self.commit(UnitOfWork::new().and(change)).await?;
        }
        Ok(())
    }

    async fn unfinished(&self) -> Result<Vec<RunId>, StoreError> {
        let runs = self.store.runs().unfinished().await?;
        let can_go_on = runs.into_iter().filter(|run| match run.status() {
            RunStatus::Queued | RunStatus::Running | RunStatus::Stopping => true,
            RunStatus::WaitingForApproval
            | RunStatus::WaitingForAnswer
            | RunStatus::Completed
            | RunStatus::Failed
            | RunStatus::Cancelled => false,
        });
        Ok(can_go_on.map(|run| run.id).collect())
    }

    fn new_message(&self) -> MessageId {
        MessageId::from_uuid(self.entropy.uuid())
    }
}

impl Gateway {
    /// Marks the run as being worked on. `false` if there is nothing to drive.
    async fn try_open(&self, id: RunId) -> Result<bool, StoreError> {
        let run = self.run(id).await?;
        let now = self.clock.now();
        let mut work = UnitOfWork::new();
        match run.value.status() {
            // A waiting run becomes running in the commit that ends its waiting.
            RunStatus::WaitingForApproval
            | RunStatus::WaitingForAnswer
            | RunStatus::Completed
            | RunStatus::Failed
            | RunStatus::Cancelled => return Ok(false),
            RunStatus::Queued => {
                if self.store.runs().active_in(run.value.session_id).await? != Some(id) {
                    return Ok(false);
                }
                let model = run.value.model.clone().unwrap_or_else(|| self.settings.model.clone());
                let session_id = run.value.session_id;
                work.push(event(id, now, Event::RunStarted { session_id, model }));
            }
            RunStatus::Running | RunStatus::Stopping => {
                if self.settle_lost_calls(id, now, &mut work).await? {
                    work.push(event(id, now, Event::RunRecovered {}));
                    work.push(self.audit_run(&run.value, AuditKind::RunRecovered, Actor::System));
                }
            }
        }
        if let Some(lease) = self.membership.take(id) {
            // Whoever had it may have parked the run since: then nobody would ever drop it.
            work.push(Change::ExpectRun(id, run.version));
            work.push(lease);
        }
        if run.value.status() == RunStatus::Queued {
            let next = run.value.moved(RunState::Running, now);
            work.push(Change::UpdateRun(Box::new(next), run.version));
        }
        if work.changes.is_empty() {
            return Ok(true);
        }
        match self.commit(work).await {
            Ok(_) => {
                self.membership.taken(id);
                Ok(true)
            }
            // Another node drives it.
            Err(StoreError::Conflict(Conflicting::Lease(_))) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A lease that this node has on a run that it does not drive keeps all others from it.
    async fn drop_stray_lease(&self, run: RunId) -> Result<(), StoreError> {
        let holder = self.store.nodes().holder(LeaseName::Run(run)).await?;
        let is_ours = holder.is_some() && holder == self.membership.node();
        if is_ours { self.let_go(run).await } else { Ok(()) }
    }

    /// Calls that were started by a driver that is gone may have run: they are never started
    /// again. Whether there were any.
    async fn settle_lost_calls(
        &self,
        run: RunId,
        now: Timestamp,
        work: &mut UnitOfWork,
    ) -> Result<bool, StoreError> {
        let mut any = false;
        for call in self.store.runs().calls(run).await? {
            let ToolCallState::Started { approval_id, .. } = call.value.state else {
                continue;
            };
            any = true;
            let result = replies::indeterminate();
            if let Some(approval) = approval_id {
                self.record_outcome(approval, (&result, false), now, work).await?;
            }
            self.record_send(&call.value, &result, work).await?;
            work.push(event(run, now, completed(&call.value, &result)));
            work.push(moved(call, ToolCallState::Done { result }));
        }
        Ok(any)
    }

    async fn snapshot(&self, id: RunId) -> Result<Snapshot, StoreError> {
        // Runs that were queued behind this one have not been spoken yet, and however much is in
        // the session, a run sees all of its own journal.
        let found = self.store.runs().journal(id, ENTRIES_READ).await?;
        let found = found.ok_or_else(|| StoreError::Missing(id.to_string()))?;
        let run = found.run.value;
        let mut entries = found.earlier;
        entries.retain(|entry| !run.without.contains(&entry.run_id));
        let earlier: BTreeSet<RunId> = entries.iter().map(|entry| entry.run_id).collect();
        let mut calls = Vec::new();
        for run in earlier {
            let found = self.store.runs().calls(run).await?;
            calls.extend(found.into_iter().map(|call| call.value));
        }
        entries.extend(found.entries);
        calls.extend(found.calls.into_iter().map(|call| call.value));
        Ok(Snapshot { run, entries, calls })
    }

    async fn try_reply(
        &self,
        id: RunId,
        body: &EntryBody,
        (model, usage): (&str, Usage),
    ) -> Result<(), StoreError> {
        let run = self.run(id).await?;
        let now = self.clock.now();
        let position = run.value.entries;
        let mut work = UnitOfWork::new();
        if let EntryBody::Assistant { message_id, text, calls, .. } = body {
            let (message_id, text) = (*message_id, self.redactor.redact(text).into_owned());
            let counted = (usage != Usage::default()).then_some(usage);
            let completed = Event::MessageCompleted { message_id, text, usage: counted };
            work.push(event(id, now, completed));
            work.changes.extend((0..).zip(calls).map(|(index, call)| {
                Change::AddCall(Box::new(ToolCall {
                    call: call.clone(),
                    run_id: id,
                    entry: position,
                    index,
                    state: ToolCallState::Proposed,
                }))
            }));
        }
        work.push(Change::AddEntry(Box::new(Entry {
            session_id: run.value.session_id,
            run_id: id,
            position,
            at: now,
            body: body.clone(),
        })));
        let mut next = Run { updated_at: now, ..run.value };
        next.entries += 1;
        next.steps += 1;
        next.spend(model, usage, self.settings.prices.get(model));
        work.push(Change::UpdateRun(Box::new(next), run.version));
        self.commit(work).await?;
        Ok(())
    }

    async fn try_park(&self, id: RunId, active_ms: u64) -> Result<Parked, StoreError> {
        let run = self.run(id).await?;
        let RunState::Running = run.value.state else {
            return Ok(if run.value.status().is_final() { Parked::Waiting } else { Parked::GoOn });
        };
        let mut work = UnitOfWork::new();
        let mut waits_for = None;
        for call in self.store.runs().calls(id).await? {
            match self.expect_waiting(&call, &mut work).await? {
                Wait::Done => {}
                Wait::Person(state) => {
                    // An approval is what people look for first.
                    if waits_for != Some(RunStatus::WaitingForApproval) {
                        waits_for = Some(state);
                    }
                }
                Wait::Nobody => return Ok(Parked::GoOn),
            }
        }
        let Some(status) = waits_for else {
            return Ok(Parked::GoOn);
        };
        let state = if status == RunStatus::WaitingForApproval {
            RunState::WaitingForApproval
        } else {
            RunState::WaitingForAnswer
        };
        let mut next = run.value.moved(state, self.clock.now());
        next.active_ms += active_ms;
        work.push(Change::UpdateRun(Box::new(next), run.version));
        work.changes.extend(self.membership.drop_lease(id));
        if let Err(error) = self.commit(work).await {
            if error.is_conflict() {
                // It goes on here, and is to be looked at with all that are driven here.
                self.membership.taken(id);
            }
            return Err(error);
        }
        Ok(Parked::Waiting)
    }

    /// Whether `call` waits for a person. What is expected is added to `work`, so that a decision
    /// between reading and committing makes the commit fail instead of being slept through.
    async fn expect_waiting(
        &self,
        call: &Versioned<ToolCall>,
        work: &mut UnitOfWork,
    ) -> Result<Wait, StoreError> {
        match call.value.state {
            ToolCallState::Done { .. } => Ok(Wait::Done),
            ToolCallState::AwaitingApproval { approval_id } => {
                let approval = self.stored_approval(approval_id).await?;
                work.push(Change::ExpectApproval(approval_id, approval.version));
                Ok(if approval.value.status() == Status::Pending {
                    Wait::Person(RunStatus::WaitingForApproval)
                } else {
                    Wait::Nobody
                })
            }
            ToolCallState::AwaitingAnswer { .. } => {
                work.push(Change::ExpectCall(call.value.call.id, call.version));
                Ok(Wait::Person(RunStatus::WaitingForAnswer))
            }
            ToolCallState::Proposed | ToolCallState::Started { .. } => Ok(Wait::Nobody),
        }
    }

    async fn try_end(&self, id: RunId, end: &RunEnd) -> Result<Ended, StoreError> {
        let mut run = self.run(id).await?;
        if run.value.status().is_final() {
            return Ok(Ended::Over);
        }
        let now = self.clock.now();
        let mut work = UnitOfWork::new();
        let mut ended_by = Actor::System;
        // Who asked for a stop was told that the run is stopping: it does not complete any more.
        let stopping = run.value.status() == RunStatus::Stopping;
        let end = if stopping { &RunEnd::Stopped } else { end };
        if matches!(end, RunEnd::Completed { .. }) && !run.value.steered.is_empty() {
            return Ok(Ended::GoOn);
        }
        // Nobody answers it any more, but it was said.
        steered_entries(&mut run.value, now, &mut work);
        let (state, told) = match end {
            RunEnd::Completed { output } => {
                let output = self.redactor.redact(output).into_owned();
                let told = Event::RunCompleted { output: output.clone(), usage: run.value.usage };
                (RunState::Completed { output }, told)
            }
            RunEnd::Failed(failure) => {
                let message = self.redactor.redact(&failure.message).into_owned();
                let failure = RunFailure { message, ..failure.clone() };
                let by = Actor::System;
                let reason = CancelReason::RunFailed;
                self.settle_open_calls(&run.value, reason, &by, &mut work).await?;
                (RunState::Failed { failure: failure.clone() }, Event::RunFailed { error: failure })
            }
            RunEnd::Stopped => {
                let request = stop_request(&run.value.state, now);
                let by = request.by.clone();
                let reason = CancelReason::RunStopped;
                self.settle_open_calls(&run.value, reason, &by, &mut work).await?;
                ended_by = by.clone();
                match request.failure {
                    Some(failure) => {
                        let told = Event::RunFailed { error: failure.clone() };
                        (RunState::Failed { failure }, told)
                    }
                    None => (RunState::Cancelled(request), Event::RunCancelled { by }),
                }
            }
        };
        // What has started and has no result by now is driven by nobody.
        self.settle_lost_calls(id, now, &mut work).await?;
        work.push(event(id, now, told));
        work.push(self.audit_run(&run.value, AuditKind::RunFinished, ended_by));
        work.push(Change::UpdateRun(Box::new(run.value.moved(state, now)), run.version));
        work.changes.extend(self.membership.drop_lease(id));
        self.commit(work).await?;
        Ok(Ended::Over)
    }
}

/// Who asked for the stop; the gateway itself if nobody did.
fn stop_request(state: &RunState, now: Timestamp) -> StopRequest {
    match state {
        RunState::Stopping(request) | RunState::Cancelled(request) => request.clone(),
        RunState::Queued
        | RunState::Running
        | RunState::WaitingForApproval
        | RunState::WaitingForAnswer
        | RunState::Completed { .. }
        | RunState::Failed { .. } => StopRequest { by: Actor::System, at: now, failure: None },
    }
}

/// Whom a call waits for.
enum Wait {
    /// It has its result.
    Done,
    /// A person.
    Person(RunStatus),
    /// Nobody: there is something to do.
    Nobody,
}
