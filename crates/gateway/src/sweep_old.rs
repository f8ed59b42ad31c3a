//! Removing what has been over for long: events, runs with all that belongs to them, sessions.
//!
//! The audit log is never swept. The node that has the timers sweeps; what another has removed at the
//! same time is gone for this one, too.

use std::time::Duration;

use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::identity::Actor;
use countersign_domain::ids::{RunId, SessionId};
use countersign_domain::runs::Run;
use countersign_domain::time::Timestamp;
use countersign_ports::store::{Change, StoreError, UnitOfWork};
use serde_json::{Map, Value};

use crate::gateway::Gateway;

/// How many runs or sessions one commit removes: others wait for it.
const BATCH: usize = 50;

/// How many sends one commit forgets.
const SENDS: u32 = 1000;

/// How often it is looked whether something has become old.
const SWEPT_EVERY: Duration = Duration::from_hours(1);

/// How long what is over is kept; `None` for ever.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retention {
    /// Events of runs that are over; strangers of whom nothing but that was heard.
    pub events: Option<Duration>,
    /// Runs that are over, with entries, calls and approvals, and the files that people sent; what was
    /// said in service chats.
    pub runs: Option<Duration>,
    /// Sessions without runs.
    pub sessions: Option<Duration>,
    /// What left the house.
    pub outbox: Option<Duration>,
}

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// So many runs have lost their events.
    pub events: u64,
    /// So many runs are gone.
    pub runs: u64,
    /// So many sessions are gone.
    pub sessions: u64,
    /// So many strangers are forgotten.
    pub strangers: u64,
}

impl Gateway {
    /// Sweeps now and every hour, while the timers are this node's. Returns when the store is unusable for good.
    pub async fn watch_retention(&self, keep: Retention) -> StoreError {
        loop {
            self.membership.timers().await;
            match self.sweep_old(keep).await {
                Ok(swept) if swept == Swept::default() => {}
                Ok(Swept { events, runs, sessions, strangers }) => {
                    tracing::info!(
                        events,
                        runs,
                        sessions,
                        strangers,
                        "what was old has been removed"
                    );
                }
                Err(error @ StoreError::Broken { .. }) => return error,
                Err(error) => tracing::warn!(%error, "what is old could not be removed"),
            }
            let next = self.clock.now().after(SWEPT_EVERY);
            self.clock.sleep_until(next).await;
        }
    }

    /// Removes all that is older than `keep` says, a part at a time.
    pub async fn sweep_old(&self, keep: Retention) -> Result<Swept, StoreError> {
        let mut swept = Swept::default();
        if let Some(before) = self.ago(keep.runs) {
            swept.runs = self.sweep_runs(before).await?;
            self.sweep_files(before).await;
            self.sweep_said(before).await?;
        }
        if let Some(before) = self.ago(keep.events) {
            swept.events = self.sweep_events(before).await?;
            swept.strangers = self.sweep_strangers(before).await?;
        }
        if let Some(before) = self.ago(keep.outbox) {
            self.sweep_outbox(before).await?;
        }
        if let Some(before) = self.ago(keep.sessions) {
            swept.sessions = self.sweep_sessions(before).await?;
        }
        Ok(swept)
    }

    fn ago(&self, span: Option<Duration>) -> Option<Timestamp> {
        let millis = i64::try_from(span?.as_millis()).unwrap_or(i64::MAX);
        Some(Timestamp::from_millis(self.clock.now().as_millis().saturating_sub(millis)))
    }

    async fn sweep_runs(&self, before: Timestamp) -> Result<u64, StoreError> {
        let (mut after, end) = (first_run(), RunId::first_at(before));
        let mut removed = 0;
        loop {
            let part = self.store.retention().finished(after, end, BATCH).await?;
            let Some(last) = part.last() else {
                return Ok(removed);
            };
            after = last.id;
            removed += self.remove("runs", &ended(&part, before), Change::RemoveRun).await?;
        }
    }

    async fn sweep_events(&self, before: Timestamp) -> Result<u64, StoreError> {
        let (mut after, end) = (first_run(), RunId::first_at(before));
        let mut removed = 0;
        loop {
            let part = self.store.retention().finished_with_events(after, end, BATCH).await?;
            let Some(last) = part.last() else {
                return Ok(removed);
            };
            after = last.id;
            removed += self.remove("events", &ended(&part, before), Change::RemoveEvents).await?;
        }
    }

    async fn sweep_sessions(&self, before: Timestamp) -> Result<u64, StoreError> {
        let end = SessionId::first_at(before);
        let mut after = SessionId::first_at(Timestamp::from_millis(0));
        let mut removed = 0;
        loop {
            let part = self.store.retention().empty_sessions(after, end, BATCH).await?;
            let Some(last) = part.last() else {
                return Ok(removed);
            };
            after = *last;
            removed += self.remove("sessions", &part, Change::RemoveSession).await?;
        }
    }

    /// A send is a line of the audit log, so nothing more is said of it here.
    async fn sweep_outbox(&self, before: Timestamp) -> Result<(), StoreError> {
        while self.store.retention().oldest_send().await?.is_some_and(|oldest| oldest < before) {
            let change = Change::ForgetSends(before, SENDS);
            self.commit(UnitOfWork::new().and(change)).await?;
        }
        Ok(())
    }

    /// Removes what has these ids, together, or one by one where another node has been at some of
    /// them; how many were removed. It is said in the audit log.
    async fn remove<I: Copy>(
        &self,
        what: &str,
        ids: &[I],
        change: impl Fn(I) -> Change,
    ) -> Result<u64, StoreError> {
        if ids.is_empty() {
            return Ok(0);
        }
        match self.remove_together(what, ids.iter().copied().map(&change).collect()).await {
            Err(StoreError::Conflict(_) | StoreError::Missing(_)) => {}
            made => return made,
        }
        let mut removed = 0;
        for id in ids {
            match self.remove_together(what, vec![change(*id)]).await {
                Err(StoreError::Conflict(_) | StoreError::Missing(_)) => {}
                made => removed += made?,
            }
        }
        Ok(removed)
    }

    async fn remove_together(
        &self,
        what: &str,
        mut changes: Vec<Change>,
    ) -> Result<u64, StoreError> {
        let count = u64::try_from(changes.len()).unwrap_or(0);
        let detail = Map::from_iter([("removed".to_owned(), Value::from(count))]);
        changes.push(Change::AddAudit(Box::new(AuditRecord {
            at: self.clock.now(),
            kind: AuditKind::RetentionSwept,
            actor: Actor::System,
            subject: what.to_owned(),
            session: None,
            detail,
        })));
        self.commit(UnitOfWork { changes }).await?;
        Ok(count)
    }
}

/// The runs that ended before then: one that waited for long is not old when it ends.
fn ended(part: &[Run], before: Timestamp) -> Vec<RunId> {
    part.iter().filter(|run| run.updated_at < before).map(|run| run.id).collect()
}

fn first_run() -> RunId {
    RunId::first_at(Timestamp::from_millis(0))
}
