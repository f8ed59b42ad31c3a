//! The grants of decisions that another program acts upon.

use countersign_domain::approvals::{Approval, claim};
use countersign_domain::audit::AuditKind;
use countersign_domain::grants::{Grant, GrantError, Use, VerifiedGrant, for_decision};
use countersign_domain::identity::Actor;
use countersign_domain::signing::Purpose;
use countersign_domain::time::Timestamp;
use countersign_ports::store::{Change, StoreError, UnitOfWork, Versioned};

use crate::gateway::Gateway;

impl Gateway {
    /// The token of a foreign request that was approved, while it is good: for whoever asked, and
    /// nobody else.
    pub(crate) async fn grant_for_requester(
        &self,
        approval: &Approval,
    ) -> Result<Option<String>, StoreError> {
        if !approval.is_foreign() {
            return Ok(None);
        }
        let Some(grant) = for_decision(approval, self.signer.gateway()) else {
            return Ok(None);
        };
        if self.clock.now() >= grant.exp || self.spent(&grant).await?.is_some() {
            return Ok(None);
        }
        let signed = self.signer.sign(Purpose::Grant, &grant.to_json());
        let told =
            |error: &_| tracing::error!(approval = %approval.id, %error, "no grant is signed");
        Ok(signed.inspect_err(told).ok())
    }

    /// The foreign request that `grant` was issued for, if it was.
    pub(crate) async fn foreign_of(
        &self,
        grant: &Grant,
    ) -> Result<Option<Versioned<Approval>>, StoreError> {
        let Some(id) = grant.appr else { return Ok(None) };
        let found = self.store.approvals().approval(id).await?;
        Ok(found.filter(|approval| approval.value.is_foreign()))
    }

    /// Redeems a grant; if another program asked for it, its request counts as claimed from then on.
    pub(crate) fn redeem(
        &self,
        verified: VerifiedGrant,
        foreign: Option<Versioned<Approval>>,
        now: Timestamp,
    ) -> Result<(Use, UnitOfWork), GrantError> {
        let Some(approval) = foreign else {
            return Ok((verified.redeem(now).1, UnitOfWork::new()));
        };
        let claimed = claim(&approval.value, verified, now).map_err(|_| GrantError::Revoked)?;
        let work = UnitOfWork::new()
            .and(self.audit_approval(&claimed.approval, AuditKind::ApprovalClaimed, Actor::System))
            .and(Change::UpdateApproval(Box::new(claimed.approval), approval.version));
        Ok((claimed.used, work))
    }
}
