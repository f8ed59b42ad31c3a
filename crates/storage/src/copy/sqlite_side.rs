//! The file at one end of a copy.

use std::path::PathBuf;

use countersign_domain::audit::verify::{Report, Verifier};
use countersign_domain::signing::VerifyingKeys;
use countersign_ports::store::StoreError;
use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, OptionalExtension, params_from_iter};
use tokio::sync::mpsc;

use super::BATCH;
use super::tables::{Cell, Row, Table};
use crate::sqlite::{LogFileError, copying, verify_log};

/// The connection, with a transaction open in it.
pub(super) struct SqliteSide(Option<Connection>);

impl SqliteSide {
    /// A file that is read, and that nobody writes meanwhile.
    pub(super) async fn source(path: PathBuf) -> Result<Self, StoreError> {
        Self::open(move || copying::source(&path)).await
    }

    /// A file that is written; it is made if it does not exist.
    pub(super) async fn target(path: PathBuf) -> Result<Self, StoreError> {
        Self::open(move || copying::target(&path)).await
    }

    async fn open(
        open: impl FnOnce() -> Result<Connection, StoreError> + Send + 'static,
    ) -> Result<Self, StoreError> {
        let opened = tokio::task::spawn_blocking(open).await;
        Ok(Self(Some(opened.map_err(|error| StoreError::Unavailable(error.to_string()))??)))
    }

    pub(super) async fn count(&mut self, table: &'static Table) -> Result<u64, StoreError> {
        self.with(move |connection| {
            let count: i64 = connection.query_row(&table.count(), [], |row| row.get(0))?;
            Ok(u64::try_from(count).unwrap_or(0))
        })
        .await
    }

    pub(super) async fn send(
        &mut self,
        table: &'static Table,
        to: mpsc::Sender<Vec<Row>>,
    ) -> Result<(), StoreError> {
        self.with(move |connection| {
            let mut statement = connection.prepare(&table.select())?;
            let mut rows = statement.query([])?;
            let mut part = Vec::with_capacity(BATCH);
            while let Some(row) = rows.next()? {
                let cells = (0..table.columns.len()).map(|place| Ok(cell(row.get_ref(place)?)));
                part.push(cells.collect::<rusqlite::Result<Row>>()?);
                if part.len() == BATCH && to.blocking_send(std::mem::take(&mut part)).is_err() {
                    return Ok(());
                }
            }
            if !part.is_empty() && to.blocking_send(part).is_err() {
                tracing::debug!("whoever receives has ended");
            }
            Ok(())
        })
        .await
    }

    pub(super) async fn receive(
        &mut self,
        table: &'static Table,
        mut from: mpsc::Receiver<Vec<Row>>,
    ) -> Result<(), StoreError> {
        self.with(move |connection| {
            let marks: Vec<_> =
                (1..=table.columns.len()).map(|number| format!("?{number}")).collect();
            let (name, names, marks) = (table.name, table.names(), marks.join(", "));
            let insert = format!("INSERT INTO {name} ({names}) VALUES ({marks})");
            let mut statement = connection.prepare(&insert)?;
            while let Some(rows) = from.blocking_recv() {
                for row in rows {
                    statement.execute(params_from_iter(row.into_iter().map(value)))?;
                }
            }
            Ok(())
        })
        .await
    }

    pub(super) async fn last_event(&mut self) -> Result<i64, StoreError> {
        self.with(|connection| {
            let sql = "SELECT seq FROM sqlite_sequence WHERE name = 'events'";
            Ok(connection.query_row(sql, [], |row| row.get(0)).optional()?.unwrap_or(0))
        })
        .await
    }

    pub(super) async fn go_on_after(&mut self, last: i64) -> Result<(), StoreError> {
        self.with(move |connection| {
            let sql = "UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'events'";
            if connection.execute(sql, [last])? == 0 {
                let sql = "INSERT INTO sqlite_sequence (name, seq) VALUES ('events', ?1)";
                connection.execute(sql, [last])?;
            }
            Ok(())
        })
        .await
    }

    pub(super) async fn verify(
        &mut self,
        keys: Option<&VerifyingKeys>,
    ) -> Result<Report, LogFileError> {
        let keys = keys.cloned();
        self.run(move |connection| {
            let mut verifier = Verifier::new(keys.as_ref());
            verify_log(connection, 1, &mut verifier, |_| {})?;
            Ok(verifier.finish(&[])?)
        })
        .await
    }

    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        self.with(|connection| {
            connection.execute_batch("COMMIT; ANALYZE")?;
            Ok(())
        })
        .await
    }

    async fn with<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, rusqlite::Error> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.run(move |connection| work(connection).map_err(|error| copying::told(&error))).await
    }

    /// Does `work` off the async threads.
    async fn run<T: Send + 'static, E: From<StoreError> + Send + 'static>(
        &mut self,
        work: impl FnOnce(&Connection) -> Result<T, E> + Send + 'static,
    ) -> Result<T, E> {
        let gone = || StoreError::Unavailable("the connection is in use elsewhere".to_owned());
        let connection = self.0.take().ok_or_else(gone)?;
        let task = tokio::task::spawn_blocking(move || {
            let done = work(&connection);
            (connection, done)
        });
        let (connection, done) =
            task.await.map_err(|error| StoreError::Unavailable(error.to_string()))?;
        self.0 = Some(connection);
        done
    }
}

fn cell(value: ValueRef<'_>) -> Cell {
    match value {
        ValueRef::Null => Cell::Nothing,
        ValueRef::Integer(number) => Cell::Number(number),
        // The tables are strict and hold no such values.
        ValueRef::Real(number) => Cell::Text(number.to_string()),
        ValueRef::Text(text) => Cell::Text(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Cell::Bytes(bytes.to_vec()),
    }
}

fn value(cell: Cell) -> Value {
    match cell {
        Cell::Nothing => Value::Null,
        Cell::Number(number) => Value::Integer(number),
        Cell::Text(text) => Value::Text(text),
        Cell::Bytes(bytes) => Value::Blob(bytes),
    }
}
