//! Asking the approvers' channel, and recording whether that worked.
//!
//! The deadline is the store's, so a crash between the question and the channel only delays it.
//! Nothing says "sent" before a surface has said so and that is on stable storage.

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::approvals::{Approval, Channel, Occasion, record_delivery};
use countersign_domain::audit::AuditKind;
use countersign_domain::identity::Actor;
use countersign_ports::store::{Change, StoreError, UnitOfWork, Versioned};
use countersign_ports::surfaces::{NotShown, Surfaces};

use crate::card::card;
use crate::gateway::Gateway;

/// How long a surface may take; deadlines of other approvals wait meanwhile.
const PATIENCE: Duration = Duration::from_secs(10);

impl Gateway {
    /// Names what shows cards outside the gateway's own surfaces. Only the first call counts.
    pub fn attach_surfaces(&self, surfaces: Arc<dyn Surfaces>) {
        if self.surfaces.set(surfaces).is_err() {
            tracing::warn!("a second set of surfaces was attached and is ignored");
        }
    }

    /// Shows the card in the channel and commits what came of it.
    pub(crate) async fn ask_channel(
        &self,
        approval: &Versioned<Approval>,
        (channel, occasion): (&Channel, Occasion),
    ) -> Result<(), StoreError> {
        let outcome = self.show_in(&approval.value, channel, occasion).await;
        let outcome = outcome.map_err(|error| error.to_string());
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

    async fn show_in(
        &self,
        approval: &Approval,
        channel: &Channel,
        occasion: Occasion,
    ) -> Result<(), NotShown> {
        let Some(surfaces) = self.surfaces.get() else {
            return Err(NotShown::NoSurface(channel.to_string()));
        };
        let card = card(approval, &self.redactor);
        let shown = tokio::time::timeout(PATIENCE, surfaces.show(channel, occasion, &card)).await;
        shown.unwrap_or_else(|_| Err(NotShown::Failed(format!("`{channel}` did not answer"))))
    }
}
