//! The audit log: records, the hash chain over them, signed checkpoints, and receipts.
//!
//! Each record holds the hash of the one before it, so whoever knows one hash knows all that came
//! before. Now and then the gateway signs where the log stands: from then on nobody without its key
//! can rewrite what lies before. A receipt takes one decision out of the log together with all that
//! is needed to check it against the public key alone.

pub mod chain;
pub mod checkpoint;
pub mod merkle;
pub mod receipt;
pub mod record;
pub mod verify;

pub use chain::{Head, NodeName, SealedRecord};
pub use record::{AuditKind, AuditRecord};
