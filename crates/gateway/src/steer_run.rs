//! Saying something to a run that is at work: its model reads it before its next reply.

use countersign_domain::ids::RunId;
use countersign_domain::runs::{Entry, EntryBody, Run, RunStatus, ToolCallState};
use countersign_domain::time::Timestamp;
use countersign_ports::store::{Change, StoreError, UnitOfWork};

use crate::gateway::Gateway;

/// How much may wait to be read by one run.
const MOST_STEERED: usize = 20;

/// What came of saying something to a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Steered {
    /// Its model will read it.
    Taken,
    /// It is over, or ending.
    Over,
    /// As much waits as may.
    Full,
}

impl Gateway {
    /// Says `text` to `run`, with what else is to be committed with it.
    pub(crate) async fn steer_run(
        &self,
        run: RunId,
        text: &str,
        mut work: UnitOfWork,
    ) -> Result<Steered, StoreError> {
        let found = self.run(run).await?;
        match found.value.status() {
            RunStatus::Queued
            | RunStatus::Running
            | RunStatus::WaitingForApproval
            | RunStatus::WaitingForAnswer => {}
            RunStatus::Stopping
            | RunStatus::Completed
            | RunStatus::Failed
            | RunStatus::Cancelled => return Ok(Steered::Over),
        }
        if !found.value.course.is_conversation() {
            return Ok(Steered::Over);
        }
        if found.value.steered.len() >= MOST_STEERED {
            return Ok(Steered::Full);
        }
        let mut next = Run { updated_at: self.clock.now(), ..found.value };
        next.steered.push(text.to_owned());
        work.push(Change::UpdateRun(Box::new(next), found.version));
        self.commit(work).await?;
        Ok(Steered::Taken)
    }

    /// What was said to the run becomes part of its conversation once its calls are done: then the
    /// next thing that happens is that its model reads it.
    pub(crate) async fn read_what_was_said(&self, id: RunId) -> Result<(), StoreError> {
        let mut run = self.run(id).await?;
        let at_work = matches!(run.value.status(), RunStatus::Queued | RunStatus::Running);
        if run.value.steered.is_empty() || !at_work {
            return Ok(());
        }
        let calls = self.store.runs().calls(id).await?;
        if !calls.iter().all(|call| matches!(call.value.state, ToolCallState::Done { .. })) {
            return Ok(());
        }
        let now = self.clock.now();
        let mut work = UnitOfWork::new();
        steered_entries(&mut run.value, now, &mut work);
        let next = Run { updated_at: now, ..run.value };
        work.push(Change::UpdateRun(Box::new(next), run.version));
        self.commit(work).await?;
        Ok(())
    }
}

/// Puts what was said to `run` into its journal; the run itself is for the caller to store.
pub(crate) fn steered_entries(run: &mut Run, now: Timestamp, work: &mut UnitOfWork) {
    for text in std::mem::take(&mut run.steered) {
        work.push(Change::AddEntry(Box::new(Entry {
            session_id: run.session_id,
            run_id: run.id,
            position: run.entries,
            at: now,
            body: EntryBody::User { text },
        })));
        run.entries += 1;
    }
}
