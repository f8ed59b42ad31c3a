//! The store itself: a writer, readers, and whether they still work.

use std::path::Path;

use async_trait::async_trait;
use countersign_domain::audit::NodeName;
use countersign_domain::permit::Committed;
use countersign_ports::store::{
    AccessReads, ApprovalReads, AuditReads, ChatReads, EventReads, NodeReads, RetentionReads,
    RunReads, ServiceReads, Store, StoreError, UnitOfWork,
};
use rusqlite::Connection;

use super::checkpoint::Copier;
use super::open;
use super::reader::Readers;
use super::writer::Writer;
use crate::health::Health;

/// A store in one SQLite file.
#[derive(Debug)]
pub struct SqliteStore {
    writer: Writer,
    readers: Readers,
    health: Health,
}

impl SqliteStore {
    /// Opens the file at `path`, which is created if it does not exist, and brings its schema up to
    /// date. Its directory must exist. Blocks while the file is checked. The audit log names the
    /// node `localhost`.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_as(path, NodeName::local())
    }

    /// The same; the audit log names `node`.
    pub fn open_as(path: &Path, node: NodeName) -> Result<Self, StoreError> {
        Self::over(path, open::writer(path)?, node)
    }

    /// The store of the file at `path` that writes through `connection`.
    pub(super) fn over(
        path: &Path,
        mut connection: Connection,
        node: NodeName,
    ) -> Result<Self, StoreError> {
        let health = Health::new();
        let copier = Copier::start(path, &mut connection)?;
        Ok(Self {
            writer: Writer::start((connection, copier), node, health.clone())?,
            readers: Readers::new(path.to_owned(), health.clone()),
            health,
        })
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn commit(&self, work: UnitOfWork) -> Result<Committed, StoreError> {
        self.health.check()?;
        self.writer.commit(work).await?;
        Ok(Committed::by_store())
    }

    fn runs(&self) -> &dyn RunReads {
        &self.readers
    }

    fn approvals(&self) -> &dyn ApprovalReads {
        &self.readers
    }

    fn events(&self) -> &dyn EventReads {
        &self.readers
    }

    fn access(&self) -> &dyn AccessReads {
        &self.readers
    }

    fn audit(&self) -> &dyn AuditReads {
        &self.readers
    }

    fn nodes(&self) -> &dyn NodeReads {
        &self.readers
    }

    fn retention(&self) -> &dyn RetentionReads {
        &self.readers
    }

    fn chats(&self) -> &dyn ChatReads {
        &self.readers
    }

    fn service(&self) -> &dyn ServiceReads {
        &self.readers
    }

    async fn check(&self) -> Result<(), StoreError> {
        self.health.check()?;
        ApprovalReads::pending(&self.readers).await?;
        // Takes the write lock and writes nothing: asking often must not wear the disk.
        self.writer.commit(UnitOfWork::new()).await
    }

    async fn broken(&self) -> StoreError {
        self.health.broken().await
    }

    async fn close(&self) {
        self.readers.close();
        self.writer.close().await;
    }
}
