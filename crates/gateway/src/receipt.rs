//! The receipt of a decision.

use countersign_domain::audit::checkpoint::{Checkpoint, NoCheckpoint};
use countersign_domain::audit::receipt::{NoReceipt, Receipt};
use countersign_domain::audit::{AuditKind, SealedRecord};
use countersign_domain::ids::ApprovalId;
use countersign_ports::store::{AuditFilter, StoreError};

use crate::caller::Caller;
use crate::gateway::Gateway;
use crate::read_approvals::ReadError;
use crate::sign_checkpoint::CheckpointError;

/// How many checkpoints are looked at in one go.
const BATCH: usize = 16;

/// Why there is no receipt.
#[derive(Debug, thiserror::Error)]
pub enum ReceiptError {
    /// No such approval, or the caller may not see it.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Nobody has decided.
    #[error("nobody has decided `{0}`, so there is no receipt")]
    NotDecided(ApprovalId),
    /// The log or its signatures do not bear it out.
    #[error("the audit log does not bear out the decision: {0}; run `countersign audit verify`")]
    Unproven(#[from] NoReceipt),
    /// The log could not be signed.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
}

impl From<StoreError> for ReceiptError {
    fn from(error: StoreError) -> Self {
        Self::Read(error.into())
    }
}

impl Gateway {
    /// The receipt of the decision on an approval. If no checkpoint covers the decision yet, one is
    /// made.
    pub async fn receipt(&self, id: ApprovalId, caller: &Caller) -> Result<Receipt, ReceiptError> {
        self.approval(id, caller).await?;
        let filter = AuditFilter {
            kind: Some(AuditKind::ApprovalDecided),
            subject: Some(id.to_string()),
            ..AuditFilter::default()
        };
        let decided = self.store.audit().following(filter, 0, 1).await?.pop();
        let decided = decided.ok_or(ReceiptError::NotDecided(id))?;
        let covered = self.checkpoint_over(&decided).await?;
        let checkpoint = if let Some(checkpoint) = covered {
            checkpoint
        } else {
            self.checkpoint().await?;
            self.checkpoint_over(&decided).await?.ok_or(NoReceipt::NotCovered)?
        };
        let statement = &checkpoint.statement;
        let before = statement.from.saturating_sub(1);
        let covered = statement.seq.saturating_sub(before);
        let hashes = self.store.audit().hashes(before, covered).await?;
        Ok(Receipt::new(&decided, &checkpoint, &hashes)?)
    }

    /// The first checkpoint that covers `line`.
    async fn checkpoint_over(
        &self,
        line: &SealedRecord,
    ) -> Result<Option<Checkpoint>, ReceiptError> {
        let filter = AuditFilter { kind: Some(AuditKind::Checkpoint), ..AuditFilter::default() };
        let mut after = line.seq;
        loop {
            let found = self.store.audit().following(filter.clone(), after, BATCH).await?;
            let covers = |found: &&SealedRecord| {
                Checkpoint::claimed_seq(&found.record).is_some_and(|signed| signed >= line.seq)
            };
            if let Some(found) = found.iter().find(covers) {
                let token = Checkpoint::token_of(&found.record).unwrap_or_default();
                let opened = Checkpoint::open(token, &self.signer.verifying());
                return opened
                    .map(Some)
                    .map_err(|error: NoCheckpoint| NoReceipt::from(error).into());
            }
            match found.last() {
                Some(last) if found.len() == BATCH => after = last.seq,
                Some(_) | None => return Ok(None),
            }
        }
    }
}
