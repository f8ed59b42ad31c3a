//! The store itself: a writer, readers, and whether they still work.

use std::time::Duration;

use async_trait::async_trait;
use countersign_domain::audit::NodeName;
use countersign_domain::permit::Committed;
use countersign_ports::store::{
    AccessReads, ApprovalReads, AuditReads, ChatReads, EventReads, NodeReads, RetentionReads,
    RunReads, ServiceReads, Store, StoreError, UnitOfWork,
};
use tokio::time::timeout;

use super::fault::PgError;
use super::lanes::Lanes;
use super::marks::Marks;
use super::migrate::{Older, migrate};
use super::server::Server;
use super::session::Session;
use super::writer::Writer;
use crate::health::Health;

/// How many connections read at one time, unless something else is said.
const READERS: usize = 8;

/// How long whoever asks about health is willing to wait.
const CHECK: Duration = Duration::from_secs(4);

/// One node's store in a PostgreSQL database, which it may share with other nodes.
#[derive(Debug)]
pub struct PostgresStore {
    writer: Writer,
    lanes: Lanes,
    health: Health,
}

impl PostgresStore {
    /// Opens the database at `server`, which must exist, and brings its tables up to date. The
    /// audit log names `node`.
    pub async fn open(server: Server, node: NodeName) -> Result<Self, StoreError> {
        Self::open_with(server, node, None).await
    }

    /// The same with at most `readers` connections that read, if given, beside the one that writes.
    pub async fn open_with(
        server: Server,
        node: NodeName,
        readers: Option<usize>,
    ) -> Result<Self, StoreError> {
        let (session, marks) = prepared(&server).await?;
        let health = Health::new();
        Ok(Self {
            lanes: Lanes::new(server.clone(), readers.unwrap_or(READERS), health.clone()),
            writer: Writer::start((server, node), (session, marks), health.clone()),
            health,
        })
    }
}

async fn prepared(server: &Server) -> Result<(Session, Marks), PgError> {
    let session = Session::open(server).await?;
    migrate(&session, &server.to_string(), Older::Renew).await?;
    let marks = Marks::of_new_writer(&session).await?;
    Ok((session, marks))
}

#[async_trait]
impl Store for PostgresStore {
    async fn commit(&self, work: UnitOfWork) -> Result<Committed, StoreError> {
        self.health.check()?;
        self.writer.commit(work).await?;
        Ok(Committed::by_store())
    }

    fn runs(&self) -> &dyn RunReads {
        &self.lanes
    }

    fn approvals(&self) -> &dyn ApprovalReads {
        &self.lanes
    }

    fn events(&self) -> &dyn EventReads {
        &self.lanes
    }

    fn access(&self) -> &dyn AccessReads {
        &self.lanes
    }

    fn audit(&self) -> &dyn AuditReads {
        &self.lanes
    }

    fn chats(&self) -> &dyn ChatReads {
        &self.lanes
    }

    fn service(&self) -> &dyn ServiceReads {
        &self.lanes
    }

    fn nodes(&self) -> &dyn NodeReads {
        &self.lanes
    }

    fn retention(&self) -> &dyn RetentionReads {
        &self.lanes
    }

    /// Says what is wrong at once where the server cannot be reached, and within seconds where it
    /// does not answer or another node keeps the write lock.
    async fn check(&self) -> Result<(), StoreError> {
        self.health.check()?;
        let late =
            |what: &str| StoreError::Unavailable(format!("{what} within {} s", CHECK.as_secs()));
        let read = timeout(CHECK, ApprovalReads::pending(&self.lanes)).await;
        read.map_err(|_| late("the database server did not answer"))??;
        let written = timeout(CHECK, self.writer.commit(UnitOfWork::new())).await;
        written.map_err(|_| late("the database server answers, but nothing could be written"))?
    }

    async fn broken(&self) -> StoreError {
        self.health.broken().await
    }

    async fn close(&self) {
        self.lanes.close();
        self.writer.close().await;
    }
}
