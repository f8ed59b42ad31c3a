//! Approvals and rules.

use async_trait::async_trait;
use countersign_domain::approvals::{Approval, Rule, Status};
use countersign_domain::digest::Digest;
use countersign_domain::ids::{ApprovalId, CallId, GrantId, RuleId, RunId, SessionId};
use countersign_domain::time::Timestamp;
use countersign_ports::store::{
    ApprovalFilter, ApprovalReads, IssuedGrant, Page, PageRequest, Sent, StoreError, Versioned,
};
use rusqlite::{Row, params, params_from_iter};

use super::runs::page_query;
use super::{SqlError, all, count, document, documents, limit, one, page, parsed, versioned};
use crate::catalogue::{approvals as sql, grants, outbox};
use crate::sqlite::reader::Readers;

#[async_trait]
impl ApprovalReads for Readers {
    async fn approval(&self, id: ApprovalId) -> Result<Option<Versioned<Approval>>, StoreError> {
        self.look(move |tx| one(tx, sql::APPROVAL, [id.to_string()], versioned)).await
    }

    async fn approvals(
        &self,
        filter: ApprovalFilter,
        request: PageRequest<ApprovalId>,
    ) -> Result<Page<Approval, ApprovalId>, StoreError> {
        let wanted = request.limit;
        let values = [
            filter.status.map(|status| status.as_str().to_owned()),
            filter.session_id.map(|id| id.to_string()),
            filter.run_id.map(|id| id.to_string()),
            filter.kind.map(|kind| kind.as_str().to_owned()),
        ];
        let query = page_query(sql::TABLE, &sql::FILTERS, values, &request);
        let items = self.read(move |tx| documents(tx, &query.0, params_from_iter(query.1))).await?;
        Ok(page(items, wanted, |approval: &Approval| approval.id))
    }

    async fn of_run(
        &self,
        run: RunId,
        status: Status,
    ) -> Result<Vec<Versioned<Approval>>, StoreError> {
        self.look(move |tx| {
            let params = params![run.to_string(), status.as_str()];
            all(tx, sql::OF_RUN, params, versioned)
        })
        .await
    }

    async fn pending(&self) -> Result<u64, StoreError> {
        self.read(|tx| Ok(one(tx, sql::PENDING, [], |row| count(row, 0))?.unwrap_or(0))).await
    }

    async fn pending_in(&self, session: SessionId) -> Result<u64, StoreError> {
        self.look(move |tx| {
            let session = session.to_string();
            Ok(one(tx, sql::PENDING_IN, [session], |row| count(row, 0))?.unwrap_or(0))
        })
        .await
    }

    async fn pending_like(
        &self,
        session: SessionId,
        digest: Digest,
    ) -> Result<Option<Versioned<Approval>>, StoreError> {
        self.look(move |tx| {
            let params = params![session.to_string(), digest.to_string()];
            one(tx, sql::PENDING_LIKE, params, versioned)
        })
        .await
    }

    async fn due(
        &self,
        now: Timestamp,
        most: usize,
    ) -> Result<Vec<Versioned<Approval>>, StoreError> {
        self.read(move |tx| {
            let params = params![now.as_millis(), limit(most)];
            all(tx, sql::DUE, params, versioned)
        })
        .await
    }

    async fn next_deadline(&self) -> Result<Option<Timestamp>, StoreError> {
        self.look(|tx| {
            let earliest =
                one(tx, sql::NEXT_DEADLINE, [], |row| Ok(row.get::<_, Option<i64>>(0)?))?;
            Ok(earliest.flatten().map(Timestamp::from_millis))
        })
        .await
    }

    async fn rules_for(&self, session: SessionId, now: Timestamp) -> Result<Vec<Rule>, StoreError> {
        self.look(move |tx| {
            let params = params![session.to_string(), now.as_millis()];
            documents(tx, sql::RULES_FOR, params)
        })
        .await
    }

    async fn rules(&self, now: Timestamp) -> Result<Vec<Rule>, StoreError> {
        self.read(move |tx| documents(tx, sql::RULES, [now.as_millis()])).await
    }

    async fn grant(&self, id: GrantId) -> Result<Option<IssuedGrant>, StoreError> {
        self.look(move |tx| one(tx, grants::GRANT, [id.to_string()], grant)).await
    }

    async fn sent_since(&self, destination: &str, since: Timestamp) -> Result<u64, StoreError> {
        let destination = destination.to_owned();
        self.read(move |tx| {
            let params = params![destination, since.as_millis()];
            Ok(one(tx, outbox::SENT_SINCE, params, |row| count(row, 0))?.unwrap_or(0))
        })
        .await
    }

    async fn send_of(&self, call: CallId) -> Result<Option<Sent>, StoreError> {
        let rows = self.look(move |tx| all(tx, outbox::OF_CALL, [call.to_string()], sent));
        let mut rows = rows.await?.into_iter();
        let Some(mut first) = rows.next() else { return Ok(None) };
        first.destinations.extend(rows.flat_map(|row| row.destinations));
        Ok(Some(first))
    }

    async fn rule(&self, id: RuleId) -> Result<Option<Rule>, StoreError> {
        self.look(move |tx| document(tx, sql::RULE, [id.to_string()])).await
    }
}

fn grant(row: &Row<'_>) -> Result<IssuedGrant, SqlError> {
    let approval: Option<String> = row.get(1)?;
    let time = |at: Option<i64>| at.map(Timestamp::from_millis);
    Ok(IssuedGrant {
        id: parsed(row, 0, "grant id")?,
        approval_id: approval.map(|_| parsed(row, 1, "approval id")).transpose()?,
        expires_at: Timestamp::from_millis(row.get(2)?),
        used_at: time(row.get(3)?),
        revoked_at: time(row.get(4)?),
    })
}

fn sent(row: &Row<'_>) -> Result<Sent, SqlError> {
    Ok(Sent {
        grant: parsed(row, 0, "grant id")?,
        destinations: [row.get(1)?].into(),
        at: Timestamp::from_millis(row.get(2)?),
    })
}
