//! Asking the approvers' channel, and recording whether that worked.
//!
//! The deadline is the store's, so a crash between the question and the channel only delays it.
//! Nothing says "sent" before the platform has said so and that is on stable storage.

use countersign_domain::approvals::{Approval, Channel, Occasion, record_delivery};
use countersign_domain::audit::AuditKind;
use countersign_domain::identity::Actor;
use countersign_ports::store::{Change, StoreError, UnitOfWork, Versioned};

use crate::gateway::Gateway;

impl Gateway {
    /// Puts the card into the channel and commits what came of it.
    pub(crate) async fn ask_channel(
        &self,
        approval: &Versioned<Approval>,
        (channel, occasion): (&Channel, Occasion),
    ) -> Result<(), StoreError> {
        let outcome = self.show_to_approvers(&approval.value, channel).await?;
        self.note_asked(approval, occasion, outcome.map_err(|error| error.to_string())).await
    }

    /// Commits what came of asking the channel.
    pub(crate) async fn note_asked(
        &self,
        approval: &Versioned<Approval>,
        occasion: Occasion,
        outcome: Result<(), String>,
    ) -> Result<(), StoreError> {
        let Some(next) = record_delivery(&approval.value, outcome, self.clock.now()) else {
            return Ok(());
        };
        let work = UnitOfWork::new()
            .and(self.update_event(&next, occasion.as_str()))
            .and(self.audit_approval(&next, AuditKind::ApprovalRouted, Actor::System))
            .and(Change::UpdateApproval(Box::new(next), approval.version));
        self.commit(work).await?;
        Ok(())
    }
}
