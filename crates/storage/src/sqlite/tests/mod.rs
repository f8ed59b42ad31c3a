//! What is particular to the SQLite store.

mod chain;
mod checkpoint;
mod failing;
mod looking;
mod opening;
mod plans;

use std::path::PathBuf;

use countersign_ports::store::{Change, Store, StoreError, UnitOfWork};
use tempfile::TempDir;

use super::SqliteStore;

/// A place for a database, which is gone afterwards.
fn place() -> (PathBuf, TempDir) {
    let dir = tempfile::tempdir().unwrap();
    (dir.path().join("countersign.db"), dir)
}

fn open(path: &std::path::Path) -> SqliteStore {
    SqliteStore::open(path).unwrap()
}

async fn attempt(
    store: &SqliteStore,
    changes: impl IntoIterator<Item = Change>,
) -> Result<(), StoreError> {
    let changes = changes.into_iter().collect();
    store.commit(UnitOfWork { changes }).await.map(drop)
}
