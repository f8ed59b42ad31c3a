//! A connection for copying everything in or out.

use std::pin::Pin;

use bytes::Bytes;
use countersign_domain::audit::verify::Verifier;
use countersign_ports::store::StoreError;
use futures::{SinkExt as _, TryStreamExt as _};
use tokio_postgres::{CopyInSink, Row, RowStream};

use super::fault::PgError;
use super::log;
use super::migrate::{Older, migrate};
use super::server::Server;
use super::session::{Session, query};
use crate::sqlite::LogFileError;

pub(crate) use super::log::written_subject;
pub(crate) use super::value::storable;

/// Copying takes as long as it takes.
const PATIENTLY: &str = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0";

/// The lock that writers take, for the length of the connection.
const LOCK: &str = "SELECT pg_advisory_lock(1129539438, 'audit'::regclass::oid::int)";

/// The number of the last event there ever was.
pub(crate) const LAST_EVENT: &str = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END \
     FROM events_global_seq_seq";
const GO_ON: &str = "SELECT setval('events_global_seq_seq', ?1)";

/// The connection, with a transaction open in it.
pub(crate) struct Copying(Session);

impl Copying {
    /// A database that is only read, and in which nobody writes meanwhile.
    pub(crate) async fn source(server: &Server) -> Result<Self, StoreError> {
        Ok(Self::open(server, Older::Refuse, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            .await?)
    }

    /// A database that is written.
    pub(crate) async fn target(server: &Server) -> Result<Self, StoreError> {
        Ok(Self::open(server, Older::Renew, "BEGIN").await?)
    }

    async fn open(server: &Server, older: Older, begin: &str) -> Result<Self, PgError> {
        let session = Session::open(server).await?;
        session.script(PATIENTLY).await?;
        migrate(&session, &server.to_string(), older).await?;
        // Before the transaction: what it sees is what was there when the lock was had.
        session.rows(&query!(LOCK)).await?;
        session.script(begin).await?;
        Ok(Self(session))
    }

    /// The one number that `sql` finds.
    pub(crate) async fn number(&self, sql: &str) -> Result<i64, StoreError> {
        let found = self.0.client().query_one(sql, &[]).await.map_err(told)?;
        found.try_get(0).map_err(told)
    }

    /// The rows that `sql` finds, as they come.
    pub(crate) async fn rows(&self, sql: &str) -> Result<RowStream, StoreError> {
        let none: [i64; 0] = [];
        self.0.client().query_raw(sql, none).await.map_err(told)
    }

    /// The way into a table.
    pub(crate) async fn sink(&self, table: &str, columns: &str) -> Result<Sink, StoreError> {
        let copy = format!("COPY {table} ({columns}) FROM STDIN");
        let sink = self.0.client().copy_in(&copy).await.map_err(told)?;
        Ok(Sink(Box::pin(sink)))
    }

    /// Numbers the next event above `last`.
    pub(crate) async fn go_on_after(&self, last: i64) -> Result<(), StoreError> {
        Ok(self.0.rows(&query!(GO_ON, last)).await.map(drop)?)
    }

    /// Lets `verifier` check the whole audit log.
    pub(crate) async fn verify(&self, verifier: &mut Verifier<'_>) -> Result<(), LogFileError> {
        log::verify(&self.0, 1, verifier, |_| {}).await
    }

    /// Keeps what was copied, and lets the planner know of it.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        self.0.client().batch_execute("COMMIT").await.map_err(told)?;
        self.0.client().batch_execute("ANALYZE").await.map_err(told)
    }
}

/// The way into a table.
pub(crate) struct Sink(Pin<Box<CopyInSink<Bytes>>>);

impl Sink {
    /// Some lines.
    pub(crate) async fn send(&mut self, lines: String) -> Result<(), StoreError> {
        self.0.send(Bytes::from(lines)).await.map_err(told)
    }

    /// There are no more.
    pub(crate) async fn finish(mut self) -> Result<(), StoreError> {
        self.0.as_mut().finish().await.map(drop).map_err(told)
    }
}

/// The next of `rows`.
pub(crate) async fn next(rows: &mut Pin<&mut RowStream>) -> Result<Option<Row>, StoreError> {
    rows.try_next().await.map_err(told)
}

/// The driver's error as one of the port.
pub(crate) fn told(error: tokio_postgres::Error) -> StoreError {
    PgError::from(error).into()
}
