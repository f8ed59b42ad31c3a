//! Reading the audit log.

use std::time::Duration;

use countersign_domain::access::Scope;
use countersign_domain::audit::SealedRecord;
use countersign_ports::event_bus::Topic;
use countersign_ports::store::{AuditFilter, Page, PageRequest};
use tokio::time::Instant;

use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::read_approvals::ReadError;

impl Gateway {
    /// Lines of the audit log, newest first.
    pub async fn audit_log(
        &self,
        filter: AuditFilter,
        page: PageRequest<u64>,
        caller: &Caller,
    ) -> Result<Page<SealedRecord, u64>, ReadError> {
        caller.require(Scope::Audit)?;
        Ok(self.store.audit().page(filter, page).await?)
    }

    /// Lines numbered above `after`, oldest first, at most `limit`; if there are none yet, those
    /// that come before `patience` has run out.
    pub async fn audit_log_after(
        &self,
        filter: AuditFilter,
        (after, limit): (u64, usize),
        patience: Duration,
        caller: &Caller,
    ) -> Result<Vec<SealedRecord>, ReadError> {
        caller.require(Scope::Audit)?;
        let deadline = Instant::now() + patience;
        // Subscribed before the first read, so that nothing falls between the two.
        let mut wakeups = self.bus.subscribe(Topic::AuditLog);
        loop {
            let found = self.store.audit().following(filter.clone(), after, limit).await?;
            let now = Instant::now();
            if !found.is_empty() || now >= deadline {
                return Ok(found);
            }
            // Announcements may be lost, so the store is looked at now and then without one.
            let look_again = deadline.min(now + self.look_again());
            drop(tokio::time::timeout_at(look_again, wakeups.changed()).await);
        }
    }
}
