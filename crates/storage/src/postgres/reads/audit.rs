//! The audit log, searched.

use async_trait::async_trait;
use countersign_domain::audit::{Head, SealedRecord};
use countersign_domain::digest::Digest;
use countersign_ports::store::{AuditFilter, AuditReads, Page, PageRequest, StoreError};
use tokio_postgres::Row;

use super::{all, bound, count, digest, format, is_current, limit, one, page};
use crate::catalogue::log::{self as sql, Order};
use crate::document::unreadable;
use crate::postgres::fault::PgError;
use crate::postgres::lanes::Lanes;
use crate::postgres::session::{Query, query};
use crate::postgres::value::{Value, values};

#[async_trait]
impl AuditReads for Lanes {
    async fn page(
        &self,
        filter: AuditFilter,
        request: PageRequest<u64>,
    ) -> Result<Page<SealedRecord, u64>, StoreError> {
        let before = request.before.unwrap_or(u64::MAX);
        let more = request.limit.saturating_add(1);
        let rows = self.rows(part(filter, Order::NewestFirst, (before, more))).await?;
        Ok(page(all(&rows, sealed)?, request.limit, |line: &SealedRecord| line.seq))
    }

    async fn following(
        &self,
        filter: AuditFilter,
        after: u64,
        most: usize,
    ) -> Result<Vec<SealedRecord>, StoreError> {
        all(&self.rows(part(filter, Order::Following, (after, most))).await?, sealed)
    }

    async fn head(&self) -> Result<Head, StoreError> {
        let rows = self.rows(query!(sql::AUDIT_HEAD)).await?;
        let head = one(&rows, |row| Ok(Head { seq: count(row, 0)?, hash: digest(row, 1)? }))?;
        Ok(head.unwrap_or(Head::EMPTY))
    }

    async fn hashes(&self, after: u64, most: u64) -> Result<Vec<Digest>, StoreError> {
        let rows = self.rows(query!(sql::AUDIT_HASHES, bound(after), bound(most))).await?;
        all(&rows, |row| digest(row, 0))
    }
}

/// What `filter` lets through on one side of a cursor, at most so many.
pub(in crate::postgres) fn part(
    filter: AuditFilter,
    order: Order,
    (cursor, most): (u64, usize),
) -> Query {
    let wanted = [
        filter.subject.map(Value::from),
        filter.kind.map(|kind| Value::from(kind.as_str())),
        filter.actor.map(|actor| Value::from(actor.to_string())),
        filter.since.map(|at| Value::from(at.as_millis())),
        filter.until.map(|at| Value::from(at.as_millis())),
    ];
    let mut conditions = Vec::new();
    let mut values = values![bound(cursor), limit(most)];
    for (condition, value) in sql::AUDIT_FILTERS.iter().zip(wanted) {
        if let Some(value) = value {
            conditions.push(*condition);
            values.push(value);
        }
    }
    Query { sql: part_sql(&conditions, order).into(), values }
}

/// The statement for that. Each index leads to whole lines in their order, so there is no need to
/// find numbers first.
pub(in crate::postgres) fn part_sql(conditions: &[&str], order: Order) -> String {
    let (compares, direction) = match order {
        Order::Following => (">", "ASC"),
        Order::NewestFirst => ("<", "DESC"),
    };
    let conditions: String = (3..)
        .zip(conditions)
        .flat_map(|(number, condition)| [" AND ".to_owned(), format!("{condition}?{number}")])
        .collect();
    format!(
        "SELECT seq, hash, v, doc FROM audit WHERE seq {compares} ?1{conditions} \
         ORDER BY seq {direction} LIMIT ?2"
    )
}

/// A line in its place, from the columns `seq, hash, v, doc`.
pub(in crate::postgres) fn sealed(row: &Row) -> Result<SealedRecord, PgError> {
    let seq = count(row, 0)?;
    let what = || format!("audit record `{seq}`");
    let format = format(row, 2)?;
    if !is_current(format) {
        let message = format!("it has format {format}, which is not known");
        return Err(unreadable(what(), message).into());
    }
    SealedRecord::from_text(row.try_get(3)?)
        .map_err(|error| unreadable(what(), error.to_string()).into())
}
