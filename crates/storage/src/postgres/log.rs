//! The audit log of a database, only read: beside running gateways, or without one.

use countersign_domain::audit::SealedRecord;
use countersign_domain::audit::chain;
use countersign_domain::audit::verify::{Columns, Verifier};
use countersign_domain::digest::Digest;
use countersign_ports::store::{AuditFilter, StoreError};
use tokio_postgres::Row;

use super::fault::PgError;
use super::migrate::{Older, migrate};
use super::reads::audit::{part, sealed};
use super::reads::{bound, count, digest};
use super::server::Server;
use super::session::{Session, query};
use super::value::{PICTURE, storable};
use crate::catalogue::log::{self as sql, Order};
use crate::sqlite::LogFileError;

/// How many rows are read in one go.
const BATCH: i64 = 5000;

/// A part of the log for checking it.
pub(super) const ROWS: &str = "SELECT seq, hash, v, doc, at, kind, actor, subject FROM audit \
     WHERE seq >= ?1 ORDER BY seq LIMIT ?2";

/// The audit log of a database.
#[derive(Debug)]
pub struct LogServer(Session);

impl From<PgError> for LogFileError {
    fn from(error: PgError) -> Self {
        Self::Store(error.into())
    }
}

impl From<tokio_postgres::Error> for LogFileError {
    fn from(error: tokio_postgres::Error) -> Self {
        PgError::from(error).into()
    }
}

impl LogServer {
    /// Opens the database at `server`, which is not changed.
    pub async fn open(server: &Server) -> Result<Self, StoreError> {
        let session = Session::open(server).await?;
        migrate(&session, &server.to_string(), Older::Refuse).await?;
        session.script("SET default_transaction_read_only = on").await?;
        Ok(Self(session))
    }

    /// The number of the last record.
    pub async fn last(&self) -> Result<u64, LogFileError> {
        let rows = self.0.rows(&query!(sql::AUDIT_HEAD)).await?;
        Ok(rows.first().map(|row| count(row, 0)).transpose()?.unwrap_or(0))
    }

    /// Lets `verifier` check every record from the number `from` on.
    pub async fn verify(&self, from: u64, verifier: &mut Verifier<'_>) -> Result<(), LogFileError> {
        self.verify_telling(from, verifier, |_| {}).await
    }

    /// The same; `seen` is told the number of each good record.
    pub async fn verify_telling(
        &self,
        from: u64,
        verifier: &mut Verifier<'_>,
        seen: impl FnMut(u64),
    ) -> Result<(), LogFileError> {
        verify(&self.0, from, verifier, seen).await
    }

    /// Gives every record to `take` as a line of an export, from the number `from` on.
    pub async fn lines(
        &self,
        from: u64,
        mut take: impl FnMut(&str) -> std::io::Result<()>,
    ) -> Result<(), LogFileError> {
        each(&self.0, from, |row| {
            let seq = count(row, 0)?;
            let line = chain::line(row.try_get(3)?, digest(row, 1)?);
            let line = line.map_err(|error| LogFileError::Malformed(seq, error))?;
            Ok(take(&line)?)
        })
        .await
    }

    /// The records that `filter` lets through and whose numbers are above `after`, oldest first.
    pub async fn following(
        &self,
        filter: AuditFilter,
        after: u64,
        most: usize,
    ) -> Result<Vec<SealedRecord>, LogFileError> {
        let rows = self.0.rows(&part(filter, Order::Following, (after, most))).await?;
        Ok(rows.iter().map(sealed).collect::<Result<_, _>>()?)
    }

    /// The last records that `filter` lets through, oldest first.
    pub async fn latest(
        &self,
        filter: AuditFilter,
        most: usize,
    ) -> Result<Vec<SealedRecord>, LogFileError> {
        let rows = self.0.rows(&part(filter, Order::NewestFirst, (u64::MAX, most))).await?;
        Ok(rows.iter().rev().map(sealed).collect::<Result<_, _>>()?)
    }
}

/// Lets `verifier` check every record from the number `from` on, as `session` sees them.
pub(super) async fn verify(
    session: &Session,
    from: u64,
    verifier: &mut Verifier<'_>,
    mut seen: impl FnMut(u64),
) -> Result<(), LogFileError> {
    each(session, from, |row| {
        let text: &str = row.try_get(3)?;
        let subject: &str = row.try_get(7)?;
        let written = written_subject(text, subject);
        let columns = Columns {
            at: row.try_get(4)?,
            kind: row.try_get(5)?,
            actor: row.try_get(6)?,
            subject: written.as_deref().unwrap_or(subject),
        };
        let hash: Digest = digest(row, 1)?;
        let seq = count(row, 0)?;
        verifier.row(seq, &columns, text, hash)?;
        seen(seq);
        Ok(())
    })
    .await
}

/// The subject as the record has it, where the column could not hold a character of it.
pub(crate) fn written_subject(text: &str, column: &str) -> Option<String> {
    if !column.contains(PICTURE) {
        return None;
    }
    let subject = SealedRecord::from_text(text).ok()?.record.subject;
    (storable(subject.clone()) == column).then_some(subject)
}

async fn each(
    session: &Session,
    from: u64,
    mut take: impl FnMut(&Row) -> Result<(), LogFileError>,
) -> Result<(), LogFileError> {
    let mut next = bound(from);
    loop {
        let rows = session.rows(&query!(ROWS, next, BATCH)).await?;
        for row in &rows {
            take(row)?;
            next = row.try_get::<_, i64>(0)?.saturating_add(1);
        }
        if i64::try_from(rows.len()).unwrap_or(0) < BATCH {
            return Ok(());
        }
    }
}
