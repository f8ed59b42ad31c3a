//! Nodes and what they hold.

use async_trait::async_trait;
use countersign_domain::ids::{NodeId, RunId};
use countersign_domain::nodes::{Lease, LeaseName, Living};
use countersign_ports::store::{NodeReads, StoreError};
use tokio_postgres::Row;

use super::{all, count, document, limit, one, parsed};
use crate::catalogue::nodes as sql;
use crate::postgres::fault::PgError;
use crate::postgres::lanes::Lanes;
use crate::postgres::session::query;

#[async_trait]
impl NodeReads for Lanes {
    async fn living(&self) -> Result<Vec<Living>, StoreError> {
        let rows = self.rows(query!(sql::LIVING)).await?;
        all(&rows, |row| Ok(Living { node: document(row)?, beat: count(row, 3)? }))
    }

    async fn holder(&self, name: LeaseName) -> Result<Option<NodeId>, StoreError> {
        one(&self.rows(query!(sql::HOLDER, name.to_string())).await?, |row| node(row, 0))
    }

    async fn lasting_leases(&self) -> Result<Vec<Lease>, StoreError> {
        let rows = self.rows(query!(sql::LASTING_LEASES)).await?;
        all(&rows, |row| Ok(Lease { name: parsed(row, 0, "lease")?, holder: node(row, 1)? }))
    }

    async fn driven(&self) -> Result<Vec<(NodeId, u64)>, StoreError> {
        let rows = self.rows(query!(sql::DRIVEN)).await?;
        all(&rows, |row| Ok((node(row, 0)?, count(row, 1)?)))
    }

    async fn adrift(&self, most: usize) -> Result<Vec<RunId>, StoreError> {
        let rows = self.rows(query!(sql::ADRIFT, limit(most))).await?;
        all(&rows, |row| parsed(row, 0, "run id"))
    }
}

fn node(row: &Row, column: usize) -> Result<NodeId, PgError> {
    parsed(row, column, "node id")
}
