//! The database at one end of a copy.

use std::pin::pin;

use countersign_domain::audit::verify::{Report, Verifier};
use countersign_domain::signing::VerifyingKeys;
use countersign_ports::store::StoreError;
use tokio::sync::mpsc;

use super::BATCH;
use super::tables::{Cell, Kind, Row, Table};
use crate::Server;
use crate::postgres::copying::{self, Copying};
use crate::sqlite::LogFileError;

/// The connection, with a transaction open in it.
pub(super) struct PostgresSide(Copying);

impl PostgresSide {
    /// A database that is read, and that nobody writes meanwhile.
    pub(super) async fn source(server: &Server) -> Result<Self, StoreError> {
        Copying::source(server).await.map(Self)
    }

    /// A database that is written; its tables are made if they do not exist.
    pub(super) async fn target(server: &Server) -> Result<Self, StoreError> {
        Copying::target(server).await.map(Self)
    }

    pub(super) async fn count(&self, table: &Table) -> Result<u64, StoreError> {
        let count = self.0.number(&table.count()).await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    pub(super) async fn send(
        &self,
        table: &Table,
        to: mpsc::Sender<Vec<Row>>,
    ) -> Result<(), StoreError> {
        let mut found = pin!(self.0.rows(&table.select()).await?);
        let mut part = Vec::with_capacity(BATCH);
        while let Some(row) = copying::next(&mut found).await? {
            let mut cells = Row::with_capacity(table.columns.len());
            for (place, (_, kind)) in table.columns.iter().enumerate() {
                cells.push(cell(&row, place, *kind)?);
            }
            restore(table, &mut cells);
            part.push(cells);
            if part.len() == BATCH && to.send(std::mem::take(&mut part)).await.is_err() {
                return Ok(());
            }
        }
        if !part.is_empty() && to.send(part).await.is_err() {
            tracing::debug!("whoever receives has ended");
        }
        Ok(())
    }

    pub(super) async fn receive(
        &self,
        table: &Table,
        mut from: mpsc::Receiver<Vec<Row>>,
    ) -> Result<(), StoreError> {
        let mut sink = self.0.sink(table.name, &table.names()).await?;
        while let Some(rows) = from.recv().await {
            let mut text = String::new();
            for row in &rows {
                line(row, &mut text);
            }
            sink.send(text).await?;
        }
        sink.finish().await
    }

    pub(super) async fn last_event(&self) -> Result<i64, StoreError> {
        self.0.number(copying::LAST_EVENT).await
    }

    pub(super) async fn go_on_after(&self, last: i64) -> Result<(), StoreError> {
        // A counter that begins at 1 cannot say that it is at 0.
        if last > 0 { self.0.go_on_after(last).await } else { Ok(()) }
    }

    pub(super) async fn verify(
        &self,
        keys: Option<&VerifyingKeys>,
    ) -> Result<Report, LogFileError> {
        let mut verifier = Verifier::new(keys);
        self.0.verify(&mut verifier).await?;
        Ok(verifier.finish(&[])?)
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        self.0.commit().await
    }
}

fn cell(row: &tokio_postgres::Row, place: usize, kind: Kind) -> Result<Cell, StoreError> {
    let cell = match kind {
        Kind::Number => row.try_get::<_, Option<i64>>(place).map(|found| found.map(Cell::Number)),
        Kind::Text => row.try_get::<_, Option<String>>(place).map(|found| found.map(Cell::Text)),
        Kind::Bytes => row.try_get::<_, Option<Vec<u8>>>(place).map(|found| found.map(Cell::Bytes)),
    };
    Ok(cell.map_err(copying::told)?.unwrap_or(Cell::Nothing))
}

/// Gives the subject of an audit record back what the column could not hold of it.
fn restore(table: &Table, cells: &mut Row) {
    let place = |wanted| table.columns.iter().position(|(name, _)| *name == wanted);
    if table.name != "audit" {
        return;
    }
    let (Some(subject), Some(doc)) = (place("subject"), place("doc")) else {
        return;
    };
    let written = match (cells.get(subject), cells.get(doc)) {
        (Some(Cell::Text(subject)), Some(Cell::Text(doc))) => {
            copying::written_subject(doc, subject)
        }
        _ => None,
    };
    if let (Some(written), Some(cell)) = (written, cells.get_mut(subject)) {
        *cell = Cell::Text(written);
    }
}

/// A row as `COPY` reads it.
fn line(row: &Row, text: &mut String) {
    for (place, cell) in row.iter().enumerate() {
        if place > 0 {
            text.push('\t');
        }
        match cell {
            Cell::Nothing => text.push_str("\\N"),
            Cell::Number(number) => text.push_str(&number.to_string()),
            Cell::Text(written) => escape(&copying::storable(written.clone()), text),
            Cell::Bytes(bytes) => {
                text.push_str("\\\\x");
                text.extend(bytes.iter().map(|byte| format!("{byte:02x}")));
            }
        }
    }
    text.push('\n');
}

fn escape(written: &str, text: &mut String) {
    for character in written.chars() {
        match character {
            '\\' => text.push_str("\\\\"),
            '\t' => text.push_str("\\t"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            other => text.push(other),
        }
    }
}
