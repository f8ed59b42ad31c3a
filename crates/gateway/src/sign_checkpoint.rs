//! Signing where the audit log stands.

use std::time::Duration;

use countersign_domain::audit::AuditKind;
use countersign_domain::audit::checkpoint::{Checkpoint, MOST_COVERED, Statement};
use countersign_domain::signing::Purpose;
use countersign_ports::signer::SignerError;
use countersign_ports::store::{AuditFilter, Change, PageRequest, StoreError, UnitOfWork};
use tokio::sync::{Mutex, watch};

use crate::follow_events::LOOK_AGAIN;
use crate::gateway::Gateway;

/// How long to wait after a checkpoint could not be made.
const TRY_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What this process knows of the audit log without asking the store.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// How many lines this process has added.
    pub(crate) added: watch::Sender<u64>,
    /// The newest checkpoint that this process has made.
    newest: watch::Sender<Option<Checkpoint>>,
    /// One checkpoint at a time.
    signing: Mutex<()>,
}

/// Why there is no checkpoint.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// The key cannot sign.
    #[error(transparent)]
    Signer(#[from] SignerError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Ledger {
    pub(crate) fn grew_by(&self, lines: usize) {
        if lines > 0 {
            let lines = u64::try_from(lines).unwrap_or(u64::MAX);
            self.added.send_modify(|added| *added = added.saturating_add(lines));
        }
    }
}

impl Gateway {
    /// Signs whatever part of the log no checkpoint covers yet, and puts that into the log. Does
    /// nothing if only the last checkpoint itself is not covered.
    pub async fn checkpoint(&self) -> Result<(), CheckpointError> {
        let _one_at_a_time = self.ledger.signing.lock().await;
        let head = self.store.audit().head().await?.seq;
        let (mut signed, record) = self.signed().await?;
        if head == record && head.saturating_sub(signed) <= 1 {
            return Ok(());
        }
        while signed < head {
            let hashes = self.store.audit().hashes(signed, MOST_COVERED).await?;
            let at = self.clock.now();
            let Some(statement) = Statement::about(signed.saturating_add(1), &hashes, at) else {
                return Ok(());
            };
            let token = self.signer.sign(Purpose::Checkpoint, &statement.claims())?;
            signed = statement.seq;
            let checkpoint = Checkpoint { statement, token };
            let line = Change::AddAudit(Box::new(checkpoint.record()));
            self.commit(UnitOfWork::new().and(line)).await?;
            self.ledger.newest.send_replace(Some(checkpoint));
        }
        Ok(())
    }

    /// Makes a checkpoint whenever `every` lines are not covered by one, while the timers are this
    /// node's. Returns when the store is unusable for good.
    pub async fn watch_checkpoints(&self, every: u64) -> StoreError {
        let every = every.clamp(1, MOST_COVERED);
        let mut added = self.ledger.added.subscribe();
        loop {
            self.membership.timers().await;
            let count = *added.borrow_and_update();
            match self.checkpoint_if_due(every, count).await {
                Ok(due) => {
                    // The sender is part of `self`, so this cannot fail.
                    let enough = added.wait_for(|count| *count >= due);
                    if self.membership.has_company() {
                        // Others add lines, too, and nobody says so here.
                        drop(tokio::time::timeout(LOOK_AGAIN, enough).await);
                    } else {
                        drop(enough.await);
                    }
                }
                Err(CheckpointError::Store(error @ StoreError::Broken { .. })) => return error,
                Err(error) => {
                    tracing::error!(%error, "the audit log could not be signed");
                    let soon = self.clock.now().after(TRY_AGAIN_AFTER);
                    self.clock.sleep_until(soon).await;
                }
            }
        }
    }

    /// The newest checkpoint that this process has made, and every later one.
    pub fn newest_checkpoint(&self) -> watch::Receiver<Option<Checkpoint>> {
        self.ledger.newest.subscribe()
    }

    /// Makes a checkpoint if `every` lines wait for one; at how many added lines the next is due.
    async fn checkpoint_if_due(&self, every: u64, added: u64) -> Result<u64, CheckpointError> {
        let head = self.store.audit().head().await?.seq;
        let (signed, _) = self.signed().await?;
        let lag = head.saturating_sub(signed);
        if lag < every {
            return Ok(added.saturating_add(every - lag));
        }
        self.checkpoint().await?;
        // The line of the checkpoint itself is not waited for.
        Ok(added.saturating_add(every).saturating_add(1))
    }

    /// The last record that the newest checkpoint in the log covers, and the checkpoint's own
    /// number; zeros if there is none.
    async fn signed(&self) -> Result<(u64, u64), StoreError> {
        let filter = AuditFilter { kind: Some(AuditKind::Checkpoint), ..AuditFilter::default() };
        let page = PageRequest { before: None, limit: 1 };
        let found = self.store.audit().page(filter, page).await?.items.pop();
        Ok(found
            .map_or((0, 0), |line| (Checkpoint::claimed_seq(&line.record).unwrap_or(0), line.seq)))
    }
}
