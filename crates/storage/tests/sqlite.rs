//! The embedded store passes the suite.

#![expect(clippy::unwrap_used, reason = "tests fail by panicking")]

use std::future::{Ready, ready};
use std::sync::Arc;

use countersign_ports::store::SharedStore;
use countersign_storage::SqliteStore;
use tempfile::TempDir;

pub(crate) fn fresh() -> Ready<(SharedStore, TempDir)> {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&dir.path().join("countersign.db")).unwrap();
    ready((Arc::new(store), dir))
}

countersign_storage::conformance_suite!(crate::fresh);
