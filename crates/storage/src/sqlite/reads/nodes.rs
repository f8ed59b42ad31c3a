//! Nodes and what they hold.

use async_trait::async_trait;
use countersign_domain::ids::{NodeId, RunId};
use countersign_domain::nodes::{Lease, LeaseName, Living};
use countersign_ports::store::{NodeReads, StoreError};
use rusqlite::Row;

use super::{SqlError, all, count, limit, one, parsed, value};
use crate::catalogue::nodes as sql;
use crate::sqlite::reader::Readers;

#[async_trait]
impl NodeReads for Readers {
    async fn living(&self) -> Result<Vec<Living>, StoreError> {
        self.read(|tx| {
            all(tx, sql::LIVING, [], |row| Ok(Living { node: value(row)?, beat: count(row, 3)? }))
        })
        .await
    }

    async fn holder(&self, name: LeaseName) -> Result<Option<NodeId>, StoreError> {
        self.look(move |tx| one(tx, sql::HOLDER, [name.to_string()], |row| node(row, 0))).await
    }

    async fn lasting_leases(&self) -> Result<Vec<Lease>, StoreError> {
        self.read(|tx| {
            all(tx, sql::LASTING_LEASES, [], |row| {
                Ok(Lease { name: parsed(row, 0, "lease")?, holder: node(row, 1)? })
            })
        })
        .await
    }

    async fn driven(&self) -> Result<Vec<(NodeId, u64)>, StoreError> {
        self.read(|tx| all(tx, sql::DRIVEN, [], |row| Ok((node(row, 0)?, count(row, 1)?)))).await
    }

    async fn adrift(&self, most: usize) -> Result<Vec<RunId>, StoreError> {
        self.read(move |tx| all(tx, sql::ADRIFT, [limit(most)], |row| parsed(row, 0, "run id")))
            .await
    }
}

fn node(row: &Row<'_>, column: usize) -> Result<NodeId, SqlError> {
    parsed(row, column, "node id")
}
