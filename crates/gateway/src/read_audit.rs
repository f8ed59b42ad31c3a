//! Reading the audit log.

use std::time::Duration;

use countersign_domain::access::Scope;
use countersign_domain::audit::SealedRecord;
use countersign_ports::store::{AuditFilter, Page, PageRequest};
use tokio::time::Instant;

use crate::caller::Caller;
use crate::follow_events::LOOK_AGAIN;
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
        let mut added = self.ledger.added.subscribe();
        loop {
            added.mark_unchanged();
            let found = self.store.audit().following(filter.clone(), after, limit).await?;
            let now = Instant::now();
            if !found.is_empty() || now >= deadline {
                return Ok(found);
            }
            // Another process may write too, so the store is looked at now and then.
            let look_again = deadline.min(now + LOOK_AGAIN);
            drop(tokio::time::timeout_at(look_again, added.changed()).await);
        }
    }
}
