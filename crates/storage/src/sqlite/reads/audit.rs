//! The audit log, searched.

use async_trait::async_trait;
use countersign_domain::audit::{Head, SealedRecord};
use countersign_domain::digest::Digest;
use countersign_ports::store::{AuditFilter, AuditReads, Page, PageRequest, StoreError};
use rusqlite::types::Value;
use rusqlite::{Connection, params, params_from_iter};

use super::{SqlError, all, bound, limit, page};
use crate::catalogue::log::{self as sql, Order};
use crate::sqlite::chaining::{hash, head, sealed};
use crate::sqlite::reader::Readers;

#[async_trait]
impl AuditReads for Readers {
    async fn page(
        &self,
        filter: AuditFilter,
        request: PageRequest<u64>,
    ) -> Result<Page<SealedRecord, u64>, StoreError> {
        let wanted = request.limit;
        let before = request.before.unwrap_or(u64::MAX);
        let more = wanted.saturating_add(1);
        let items =
            self.read(move |tx| part(tx, filter, Order::NewestFirst, (before, more))).await?;
        Ok(page(items, wanted, |line: &SealedRecord| line.seq))
    }

    async fn following(
        &self,
        filter: AuditFilter,
        after: u64,
        most: usize,
    ) -> Result<Vec<SealedRecord>, StoreError> {
        self.read(move |tx| part(tx, filter, Order::Following, (after, most))).await
    }

    async fn head(&self) -> Result<Head, StoreError> {
        self.look(head).await
    }

    async fn hashes(&self, after: u64, most: u64) -> Result<Vec<Digest>, StoreError> {
        self.read(move |tx| {
            all(tx, sql::AUDIT_HASHES, params![bound(after), bound(most)], |row| hash(row, 0))
        })
        .await
    }
}

/// What `filter` lets through on one side of a cursor, at most so many.
pub(in crate::sqlite) fn part(
    connection: &Connection,
    filter: AuditFilter,
    order: Order,
    (cursor, most): (u64, usize),
) -> Result<Vec<SealedRecord>, SqlError> {
    let values = [
        filter.subject.map(Value::Text),
        filter.kind.map(|kind| Value::Text(kind.as_str().to_owned())),
        filter.actor.map(|actor| Value::Text(actor.to_string())),
        filter.since.map(|at| Value::Integer(at.as_millis())),
        filter.until.map(|at| Value::Integer(at.as_millis())),
    ];
    let mut conditions = Vec::new();
    let mut params = vec![Value::Integer(bound(cursor)), Value::Integer(limit(most))];
    for (condition, value) in sql::AUDIT_FILTERS.iter().zip(values) {
        if let Some(value) = value {
            conditions.push(*condition);
            params.push(value);
        }
    }
    all(connection, &sql::audit_part(&conditions, order), params_from_iter(params), sealed)
}
