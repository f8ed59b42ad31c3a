//! Approvals and rules.

use async_trait::async_trait;
use countersign_domain::approvals::{Approval, Rule, Status};
use countersign_domain::digest::Digest;
use countersign_domain::ids::{ApprovalId, CallId, GrantId, RuleId, RunId, SessionId};
use countersign_domain::time::Timestamp;
use countersign_ports::store::{
    ApprovalFilter, ApprovalReads, IssuedGrant, Page, PageRequest, Sent, StoreError, Versioned,
};
use tokio_postgres::Row;

use super::runs::page_query;
use super::{all, count, document, limit, one, page, parsed, versioned};
use crate::catalogue::{approvals as sql, grants, outbox};
use crate::postgres::fault::PgError;
use crate::postgres::lanes::Lanes;
use crate::postgres::session::query;

#[async_trait]
impl ApprovalReads for Lanes {
    async fn approval(&self, id: ApprovalId) -> Result<Option<Versioned<Approval>>, StoreError> {
        one(&self.rows(query!(sql::APPROVAL, id.to_string())).await?, versioned)
    }

    async fn approvals(
        &self,
        filter: ApprovalFilter,
        request: PageRequest<ApprovalId>,
    ) -> Result<Page<Approval, ApprovalId>, StoreError> {
        let values = [
            filter.status.map(|status| status.as_str().to_owned()),
            filter.session_id.map(|id| id.to_string()),
            filter.run_id.map(|id| id.to_string()),
            filter.kind.map(|kind| kind.as_str().to_owned()),
        ];
        let rows = self.rows(page_query(sql::TABLE, &sql::FILTERS, values, &request)).await?;
        Ok(page(all(&rows, document)?, request.limit, |approval: &Approval| approval.id))
    }

    async fn of_run(
        &self,
        run: RunId,
        status: Status,
    ) -> Result<Vec<Versioned<Approval>>, StoreError> {
        let rows = self.rows(query!(sql::OF_RUN, run.to_string(), status.as_str())).await?;
        all(&rows, versioned)
    }

    async fn pending(&self) -> Result<u64, StoreError> {
        let rows = self.rows(query!(sql::PENDING)).await?;
        Ok(one(&rows, |row| count(row, 0))?.unwrap_or(0))
    }

    async fn pending_in(&self, session: SessionId) -> Result<u64, StoreError> {
        let rows = self.rows(query!(sql::PENDING_IN, session.to_string())).await?;
        Ok(one(&rows, |row| count(row, 0))?.unwrap_or(0))
    }

    async fn pending_like(
        &self,
        session: SessionId,
        digest: Digest,
    ) -> Result<Option<Versioned<Approval>>, StoreError> {
        let (session, digest) = (session.to_string(), digest.to_string());
        one(&self.rows(query!(sql::PENDING_LIKE, session, digest)).await?, versioned)
    }

    async fn due(
        &self,
        now: Timestamp,
        most: usize,
    ) -> Result<Vec<Versioned<Approval>>, StoreError> {
        all(&self.rows(query!(sql::DUE, now.as_millis(), limit(most))).await?, versioned)
    }

    async fn next_deadline(&self) -> Result<Option<Timestamp>, StoreError> {
        let rows = self.rows(query!(sql::NEXT_DEADLINE)).await?;
        let earliest = one(&rows, |row| Ok(row.try_get::<_, Option<i64>>(0)?))?;
        Ok(earliest.flatten().map(Timestamp::from_millis))
    }

    async fn rules_for(&self, session: SessionId, now: Timestamp) -> Result<Vec<Rule>, StoreError> {
        let (session, now) = (session.to_string(), now.as_millis());
        all(&self.rows(query!(sql::RULES_FOR, session, now)).await?, document)
    }

    async fn rules(&self, now: Timestamp) -> Result<Vec<Rule>, StoreError> {
        all(&self.rows(query!(sql::RULES, now.as_millis())).await?, document)
    }

    async fn sent_since(&self, destination: &str, since: Timestamp) -> Result<u64, StoreError> {
        let rows = self.rows(query!(outbox::SENT_SINCE, destination, since.as_millis())).await?;
        Ok(one(&rows, |row| count(row, 0))?.unwrap_or(0))
    }

    async fn send_of(&self, call: CallId) -> Result<Option<Sent>, StoreError> {
        let rows = self.rows(query!(outbox::OF_CALL, call.to_string())).await?;
        let mut sends = all(&rows, sent)?.into_iter();
        let Some(mut first) = sends.next() else { return Ok(None) };
        first.destinations.extend(sends.flat_map(|send| send.destinations));
        Ok(Some(first))
    }

    async fn grant(&self, id: GrantId) -> Result<Option<IssuedGrant>, StoreError> {
        one(&self.rows(query!(grants::GRANT, id.to_string())).await?, grant)
    }

    async fn rule(&self, id: RuleId) -> Result<Option<Rule>, StoreError> {
        one(&self.rows(query!(sql::RULE, id.to_string())).await?, document)
    }
}

fn sent(row: &Row) -> Result<Sent, PgError> {
    Ok(Sent {
        grant: parsed(row, 0, "grant id")?,
        destinations: [row.try_get(1)?].into(),
        at: Timestamp::from_millis(row.try_get(2)?),
    })
}

fn grant(row: &Row) -> Result<IssuedGrant, PgError> {
    let approval: Option<&str> = row.try_get(1)?;
    let time = |at: Option<i64>| at.map(Timestamp::from_millis);
    Ok(IssuedGrant {
        id: parsed(row, 0, "grant id")?,
        approval_id: approval.map(|_| parsed(row, 1, "approval id")).transpose()?,
        expires_at: Timestamp::from_millis(row.try_get(2)?),
        used_at: time(row.try_get(3)?),
        revoked_at: time(row.try_get(4)?),
    })
}
