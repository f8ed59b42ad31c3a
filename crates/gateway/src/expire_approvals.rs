//! What time alone does to approvals: reminders, expiry, decisions that were never used.
//!
//! The deadline is the store's: a restart neither extends it nor forgets it.

use std::time::Duration;

use countersign_domain::approvals::{Approval, Due, Status, due};
use countersign_domain::audit::AuditKind;
use countersign_domain::identity::Actor;
use countersign_domain::time::Timestamp;
use countersign_ports::store::{Change, StoreError, UnitOfWork, Versioned};

use crate::effect_gate::{event, lapsed};
use crate::follow_events::LOOK_AGAIN;
use crate::gateway::{Gateway, Settles};

/// How many approvals are looked at in one go.
const BATCH: usize = 100;

/// How often what has run out is removed.
const CLEANED_EVERY: Duration = Duration::from_hours(1);

/// The clock is looked at this often even when nothing is due, in case it was set.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);

impl Gateway {
    /// Watches the deadlines of all approvals, while the timers are this node's. Returns when the
    /// store is unusable for good.
    pub async fn watch_deadlines(&self) -> StoreError {
        let mut clean_at = self.clock.now();
        let mut told = false;
        loop {
            self.membership.timers().await;
            if self.clock.now() >= clean_at {
                self.forget_what_ran_out().await;
                clean_at = self.clock.now().after(CLEANED_EVERY);
            }
            match self.pass_deadlines().await {
                Ok(next) => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::info!("what was due is done, and every timer is armed");
                    }
                    let longest =
                        if self.membership.has_company() { LOOK_AGAIN } else { LONGEST_SLEEP };
                    let latest = self.clock.now().after(longest);
                    let until = next.map_or(latest, |next| next.min(latest));
                    tokio::select! {
                        () = self.clock.sleep_until(until) => {}
                        () = self.deadlines_changed.notified() => {}
                    }
                }
                Err(error @ StoreError::Broken { .. }) => return error,
                Err(error) => {
                    tracing::warn!(%error, "deadlines of approvals could not be looked at");
                    let soon = self.clock.now().after(Duration::from_secs(1));
                    self.clock.sleep_until(soon).await;
                }
            }
        }
    }

    /// Removes links, sign-ins, remembered answers and rules that have run out.
    async fn forget_what_ran_out(&self) {
        let work = UnitOfWork::new().and(Change::Forget(self.clock.now()));
        if let Err(error) = self.commit(work).await {
            tracing::warn!(%error, "what has run out could not be removed");
        }
    }

    /// Does everything that is due now, and says when to look again.
    pub async fn pass_deadlines(&self) -> Result<Option<Timestamp>, StoreError> {
        loop {
            let now = self.clock.now();
            let overdue = self.store.approvals().due(now, BATCH).await?;
            let last = overdue.len() < BATCH;
            for approval in overdue {
                match self.pass_deadline(&approval, now).await {
                    // Somebody was quicker; what is still due is found again.
                    Err(error) if error.is_conflict() => {}
                    settled => settled?,
                }
            }
            if last {
                return self.store.approvals().next_deadline().await;
            }
        }
    }

    async fn pass_deadline(
        &self,
        approval: &Versioned<Approval>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let Some(due) = due(&approval.value, now) else {
            return Ok(());
        };
        let run_id = approval.value.requester.run_id;
        let mut work = UnitOfWork::new();
        let next = match due {
            Due::Channel { channel, occasion } => {
                return self.ask_channel(approval, (&channel, occasion)).await;
            }
            Due::Reminder(next) => {
                work.push(self.update_event(&next, "reminded"));
                next
            }
            Due::Expiry(next) => {
                work.push(event(run_id, now, self.resolution(&next)));
                work.push(self.audit_approval(&next, AuditKind::ApprovalExpired, Actor::System));
                next
            }
            Due::Callback(next) => return self.begin_callback(approval, next).await,
            Due::Lapse(next) => {
                work.push(event(run_id, now, lapsed(next.id)));
                work.push(self.audit_approval(&next, AuditKind::ApprovalLapsed, Actor::System));
                self.end_grant(&approval.value, now, &mut work).await?;
                next
            }
        };
        let ended = next.status() != Status::Pending;
        work.push(Change::UpdateApproval(next, approval.version));
        if ended {
            self.resume_waiting_run(run_id, now, &mut work).await?;
        }
        self.commit(work).await?;
        if ended {
            self.wake(run_id);
        }
        Ok(())
    }
}
