//! What is particular to the PostgreSQL store.

mod doubt;
mod failing;
mod opening;
mod plans;
mod statements;

use countersign_domain::audit::NodeName;
use countersign_ports::store::{Change, Store, StoreError, UnitOfWork};

use super::session::Session;
use super::{PostgresStore, Server};
use crate::throw_away::ThrowAway;

async fn open(server: &Server) -> PostgresStore {
    PostgresStore::open(server.clone(), NodeName::local()).await.unwrap()
}

/// A store of its own, and where it is.
async fn fresh() -> (PostgresStore, Server) {
    let server = ThrowAway::shared().fresh().await;
    (open(&server).await, server)
}

/// A connection beside the store's.
async fn beside(server: &Server) -> Session {
    Session::open(server).await.unwrap()
}

async fn attempt(
    store: &PostgresStore,
    changes: impl IntoIterator<Item = Change>,
) -> Result<(), StoreError> {
    let changes = changes.into_iter().collect();
    store.commit(UnitOfWork { changes }).await.map(drop)
}
