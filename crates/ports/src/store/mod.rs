//! Stable storage.
//!
//! Reading gives versioned values; writing is one [`UnitOfWork`] at a time: a list of changes that
//! become durable together or not at all. A change of a value names the version it was computed
//! from, so of two writers one gets [`StoreError::Conflict`] and reads again. There are no
//! interactive transactions, so a caller that goes away half-way leaves nothing open, and a store
//! is free to make many units durable with one flush.
//!
//! A store also keeps the hash chain of the audit log: it gives each line its place when it writes
//! it, in the order of commits.

mod change;
mod error;
mod nodes;
mod read;
mod records;
mod retention;
mod service;

use std::sync::Arc;

use async_trait::async_trait;
use countersign_domain::permit::Committed;

pub use change::{Change, UnitOfWork, Version, Versioned};
pub use error::{Conflicting, Fault, StoreError};
pub use nodes::NodeReads;
pub use read::{
    AccessReads, ApprovalFilter, ApprovalReads, AuditFilter, AuditReads, ChatReads, EventReads,
    Journal, Page, PageRequest, RunFilter, RunReads, Standing,
};
pub use records::{
    ApiKey, IdempotentAnswer, IssuedGrant, OutboxEntry, RateLimit, Sent, SignInLink, WebSession,
};
pub use retention::RetentionReads;
pub use service::ServiceReads;

/// A store. Every implementation passes the one conformance suite of the storage crate.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// Makes `work` durable, all of it or nothing. When this returns the proof, it is on stable
    /// storage. Dropping the future does not undo it: the work may still become durable.
    async fn commit(&self, work: UnitOfWork) -> Result<Committed, StoreError>;

    /// Runs, sessions and their journals.
    fn runs(&self) -> &dyn RunReads;

    /// Approvals and rules.
    fn approvals(&self) -> &dyn ApprovalReads;

    /// Events.
    fn events(&self) -> &dyn EventReads;

    /// Keys, sign-ins, remembered answers and the audit log.
    fn access(&self) -> &dyn AccessReads;

    /// The audit log, searched.
    fn audit(&self) -> &dyn AuditReads;

    /// Who works on the store.
    fn nodes(&self) -> &dyn NodeReads;

    /// What is old.
    fn retention(&self) -> &dyn RetentionReads;

    /// Conversations on platforms.
    fn chats(&self) -> &dyn ChatReads;

    /// Service chats.
    fn service(&self) -> &dyn ServiceReads;

    /// Whether the store can read and write now.
    async fn check(&self) -> Result<(), StoreError>;

    /// Returns when the store has become unusable for good (disk full, read-only, corrupt), with
    /// the reason. The process should then stop.
    async fn broken(&self) -> StoreError;

    /// Writes out what is pending and closes. Later calls fail.
    async fn close(&self);
}

/// A store that is shared.
pub type SharedStore = Arc<dyn Store>;
