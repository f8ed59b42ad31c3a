//! Using up a grant that was presented from outside.
//!
//! Another process verifies a grant by its signature alone; that it is used only once takes the
//! gateway. Every refusal is recorded.

use std::collections::BTreeSet;

use countersign_domain::access::Scope;
use countersign_domain::audit::AuditKind;
use countersign_domain::digest::Digest;
use countersign_domain::display::one_line;
use countersign_domain::grants::{Grant, GrantError, VerifiedGrant, bound_destination, inspect};
use countersign_domain::ids::SessionId;
use countersign_domain::outbound::rate_keys;
use countersign_domain::time::Timestamp;
use countersign_ports::store::{Change, StoreError, UnitOfWork};
use serde_json::json;

use crate::caller::{Caller, Forbidden};
use crate::gateway::{Gateway, Settles};

/// What is presented: the token, and what its presenter is about to do, as far as it says so.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Presented {
    /// The token.
    pub grant: String,
    /// The tool that is about to act.
    pub tool: Option<String>,
    /// Where it goes.
    pub destination: Option<String>,
    /// SHA-256 of the canonical request.
    pub content: Option<Digest>,
    /// In which conversation.
    pub session: Option<SessionId>,
}

/// So much of what a presenter says is recorded, in characters.
const SAID: usize = 100;

/// Why a grant is not used up.
#[derive(Debug, thiserror::Error)]
pub enum ConsumeError {
    /// The caller may not.
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    /// The grant is not good, or not for this.
    #[error(transparent)]
    Refused(#[from] GrantError),
    /// As much has gone there as may.
    #[error("{most} messages an hour may go to {destination}, and that many have")]
    RateLimited {
        /// Where.
        destination: String,
        /// `outbound.max_per_hour`.
        most: u32,
    },
    /// The store failed: nothing may happen.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Settles for ConsumeError {
    fn is_conflict(&self) -> bool {
        matches!(self, Self::Store(error) if error.is_conflict())
    }
}

impl Gateway {
    /// Uses a grant up. When this returns, it is on stable storage that nobody can use it again.
    pub async fn consume_grant(
        &self,
        presented: &Presented,
        caller: &Caller,
    ) -> Result<(Grant, Timestamp), ConsumeError> {
        caller.require(Scope::Outbound)?;
        self.until_settled(|| self.try_consume(presented)).await
    }

    async fn try_consume(&self, presented: &Presented) -> Result<(Grant, Timestamp), ConsumeError> {
        let now = self.clock.now();
        let verified = match self.inspect_presented(presented, now) {
            Ok(verified) => verified,
            Err(error) => return Err(self.reject_grant(None, error).await?.into()),
        };
        let grant = verified.grant().clone();
        if let Some(error) = self.spent(&grant).await? {
            return Err(self.reject_grant(Some(&grant), error).await?.into());
        }
        let receivers = self.receivers(&grant, presented.destination.as_deref()).await?;
        if let Some(full) = self.full_one_of(&receivers, now).await? {
            return Err(self.refuse_consumption(&grant, full).await?);
        }
        let foreign = self.foreign_of(&grant).await?;
        let (used, work) = match self.redeem(verified, foreign, now) {
            Ok(redeemed) => redeemed,
            Err(error) => return Err(self.reject_grant(Some(&grant), error).await?.into()),
        };
        let work = work
            .and(self.audit_used(&used, grant.ses))
            .and(self.outbox_entry((None, grant.jti), receivers, now))
            .and(Change::UseGrant(used));
        self.commit(work).await?;
        Ok((grant, now))
    }

    /// Who gets what is sent on `grant`, as the limit counts them; nobody if nothing leaves.
    /// `destination` was found to be the grant's.
    async fn receivers(
        &self,
        grant: &Grant,
        destination: Option<&str>,
    ) -> Result<BTreeSet<String>, StoreError> {
        let approval = match grant.appr {
            Some(id) => self.store.approvals().approval(id).await?,
            None => None,
        };
        // A grant holds only the digest of a long destination; the approval knows it.
        Ok(match approval.filter(|approval| approval.value.digest == grant.sha) {
            Some(approval) if self.guard.outbound().is_outbound(&approval.value.action) => {
                approval.value.action.counted_destinations()
            }
            Some(_) => BTreeSet::new(),
            None => rate_keys(grant.act, destination.unwrap_or(&grant.dst)),
        })
    }

    async fn refuse_consumption(
        &self,
        grant: &Grant,
        destination: String,
    ) -> Result<ConsumeError, StoreError> {
        let detail =
            json!({"code": "rate_limited", "destination": self.redactor.redact(&destination)});
        let (kind, subject) = (AuditKind::OutboundBlocked, grant.jti.to_string());
        let record = self.grant_record(kind, subject, Some(grant.ses), detail);
        self.commit(UnitOfWork::new().and(record)).await?;
        let most = self.guard.outbound().max_per_hour;
        Ok(ConsumeError::RateLimited { destination, most })
    }

    /// The grant, if it is good at `now` for what its presenter says.
    fn inspect_presented(
        &self,
        presented: &Presented,
        now: Timestamp,
    ) -> Result<VerifiedGrant, GrantError> {
        let verifying = self.signer.verifying();
        inspect(&presented.grant, &verifying, (self.signer.gateway(), now), |grant, binding| {
            binding.tool.clone_from(presented.tool.as_ref().unwrap_or(&grant.tool));
            if let Some(destination) = &presented.destination {
                binding.destination = bound_destination(destination);
            }
            binding.content = presented.content.unwrap_or(grant.sha);
            binding.session = presented.session.unwrap_or(grant.ses);
        })
    }

    /// Why a grant with a good signature is good for nothing any more, if so.
    pub(crate) async fn spent(&self, grant: &Grant) -> Result<Option<GrantError>, StoreError> {
        Ok(match self.store.approvals().grant(grant.jti).await? {
            Some(issued) if issued.used_at.is_some() => Some(GrantError::Used),
            Some(issued) if issued.revoked_at.is_none() => None,
            Some(_) | None => Some(GrantError::Revoked),
        })
    }

    /// Records that a grant was refused. The token is in no record, and of what its presenter says
    /// there is no secret and not more than a line.
    pub(crate) async fn reject_grant(
        &self,
        grant: Option<&Grant>,
        error: GrantError,
    ) -> Result<GrantError, StoreError> {
        let error = if let GrantError::WrongTool { granted, asked } = error {
            let asked = one_line(&self.redactor.redact(&asked), SAID);
            GrantError::WrongTool { granted, asked }
        } else {
            error
        };
        let subject = grant.map_or_else(|| "unknown".to_owned(), |grant| grant.jti.to_string());
        let detail = json!({"code": error.code(), "why": error.to_string()});
        let session = grant.map(|grant| grant.ses);
        let record = self.grant_record(AuditKind::GrantRejected, subject, session, detail);
        self.commit(UnitOfWork::new().and(record)).await?;
        Ok(error)
    }
}
