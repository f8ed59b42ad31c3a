//! Stores behind the ports.
//!
//! [`SqliteStore`] keeps everything in one file beside the process; [`LogFile`] only reads the audit
//! log of such a file, beside a running gateway or without one. The feature `conformance` adds
//! the suite that every store has to pass. Nothing here decides anything about approvals or runs:
//! stores keep values, number what grows, and refuse writes that were computed from stale values.

mod catalogue;
#[cfg(feature = "conformance")]
pub mod conformance;
mod document;
mod sqlite;

pub use sqlite::{LogFile, LogFileError, SqliteStore};
