//! The suite that every store passes.
//!
//! Each case is a function whose name is a true sentence about stores; it gets an empty store of
//! its own and panics where the sentence does not hold. [`crate::conformance_suite`] makes a test
//! of each.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::missing_panics_doc,
    reason = "the cases are tests: they fail by panicking"
)]

pub mod access;
pub mod approvals;
pub mod audit;
mod cases;
pub mod chats;
pub mod grants;
pub mod journal;
pub mod log;
pub mod nodes;
pub mod outbox;
pub mod races;
pub mod retention;
pub mod rules;
pub mod runs;
pub mod samples;
pub mod service;
pub mod units;

use countersign_ports::store::{Change, Conflicting, Store, StoreError, UnitOfWork};

/// Commits `changes` as one unit.
async fn commit(store: &dyn Store, changes: impl IntoIterator<Item = Change>) {
    attempt(store, changes).await.unwrap();
}

/// Tries to commit `changes` as one unit.
async fn attempt(
    store: &dyn Store,
    changes: impl IntoIterator<Item = Change>,
) -> Result<(), StoreError> {
    let changes = changes.into_iter().collect();
    store.commit(UnitOfWork { changes }).await.map(drop)
}

/// The refusal of a value that was changed or exists.
fn stale(id: impl ToString + Copy) -> Result<(), StoreError> {
    Err(StoreError::Conflict(Conflicting::Value(id.to_string())))
}

/// The refusal of a change of nothing.
fn missing(id: impl ToString + Copy) -> Result<(), StoreError> {
    Err(StoreError::Missing(id.to_string()))
}
