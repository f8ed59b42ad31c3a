//! Stopping a run that wants again and again what people have denied.

use countersign_domain::approvals::{Approval, Status};
use countersign_domain::audit::AuditKind;
use countersign_domain::identity::Actor;
use countersign_domain::runs::{Event, Run, RunFailure, RunState, RunStatus, StopRequest};
use countersign_domain::time::Timestamp;
use countersign_ports::store::{Change, StoreError, UnitOfWork, Versioned};
use serde_json::json;

use crate::effect_gate::event;
use crate::gateway::Gateway;
use crate::steer_run::steered_entries;
use crate::stop_run::Ending;

impl Gateway {
    /// How often this effect has been denied in its run, `denied` included, if that is too often.
    pub(crate) async fn denied_too_often(
        &self,
        denied: &Approval,
    ) -> Result<Option<usize>, StoreError> {
        let limit = usize::try_from(self.settings.attention.denials_before_stop);
        let limit = limit.unwrap_or(usize::MAX);
        if limit == 0 {
            return Ok(None);
        }
        let run = denied.requester.run_id;
        let earlier = self.store.approvals().of_run(run, Status::Denied).await?;
        let same = |other: &Versioned<Approval>| {
            other.value.id != denied.id && denied.attempted().same_effect(other.value.attempted())
        };
        let times = earlier.iter().filter(|other| same(other)).count() + 1;
        Ok((times >= limit).then_some(times))
    }

    /// Adds to `work`, which denies `denied` for the last time that the run may ask, that the run
    /// ends: at once if nothing of it is at work, else when what is at work has been killed.
    pub(crate) async fn stop_for_denials(
        &self,
        denied: &Approval,
        times: usize,
        now: Timestamp,
        work: &mut UnitOfWork,
    ) -> Result<(), StoreError> {
        let mut run = self.run(denied.requester.run_id).await?;
        let by = denied
            .state
            .decision()
            .map_or(Actor::System, |decision| Actor::Principal(decision.by.clone()));
        let failure = failure(denied, times);
        let request = StopRequest { by: by.clone(), at: now, failure: Some(failure.clone()) };
        match run.value.status() {
            RunStatus::Completed
            | RunStatus::Failed
            | RunStatus::Cancelled
            | RunStatus::Stopping => {
                work.push(Change::ExpectRun(run.value.id, run.version));
                return Ok(());
            }
            RunStatus::Running => {
                self.settle_for_denials(&run.value, denied, &by, work).await?;
                let next = run.value.moved(RunState::Stopping(request), now);
                work.push(Change::UpdateRun(Box::new(next), run.version));
            }
            RunStatus::Queued | RunStatus::WaitingForApproval | RunStatus::WaitingForAnswer => {
                self.settle_for_denials(&run.value, denied, &by, work).await?;
                work.push(event(run.value.id, now, Event::RunFailed { error: failure.clone() }));
                work.push(self.audit_run(&run.value, AuditKind::RunFinished, Actor::System));
                steered_entries(&mut run.value, now, work);
                let next = run.value.moved(RunState::Failed { failure }, now);
                work.push(Change::UpdateRun(Box::new(next), run.version));
            }
        }
        work.push(self.audit_denials(&run.value, by, denied, times));
        Ok(())
    }

    async fn settle_for_denials(
        &self,
        run: &Run,
        denied: &Approval,
        by: &Actor,
        work: &mut UnitOfWork,
    ) -> Result<(), StoreError> {
        self.settle_calls(run, Ending::Denied(denied), by, work).await
    }

    fn audit_denials(&self, run: &Run, by: Actor, denied: &Approval, times: usize) -> Change {
        let detail = json!({
            "approval": denied.id,
            "denials": times,
            "denials_before_stop": self.settings.attention.denials_before_stop,
        });
        let subject = (run.id.to_string(), run.session_id);
        self.audit(AuditKind::RunStoppedByDenials, by, subject, detail)
    }
}

fn failure(denied: &Approval, times: usize) -> RunFailure {
    let last = denied.id;
    RunFailure {
        code: "denied_too_often".to_owned(),
        message: format!(
            "The agent asked for the same effect again after it was denied; people have denied it \
             {times} times in this run (last: {last}), as often as \
             `approvals.denials_before_stop` allows, so the run was stopped. Tell the agent what \
             to do instead, or raise the limit."
        ),
    }
}
