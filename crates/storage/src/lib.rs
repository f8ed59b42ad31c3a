//! Stores behind the ports.
//!
//! [`SqliteStore`] keeps everything in one file beside the process; [`PostgresStore`] in a database
//! that several nodes share. [`LogFile`] and [`LogServer`] only read the audit log of such a file or
//! database, beside running gateways or without one. The feature `conformance` adds the suite that
//! every store has to pass, and a PostgreSQL server for the length of a test. Nothing here decides anything about approvals or runs:
//! stores keep values, number what grows, and refuse writes that were computed from stale values.

mod catalogue;
pub mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
mod copy;
mod document;
mod health;
mod history;
mod postgres;
mod sqlite;
#[cfg(feature = "conformance")]
pub mod throw_away;

pub use copy::{Copied, CopyError, Place, Progress, copy};
pub use postgres::{InvalidServer, LogServer, PostgresStore, Server};
pub use sqlite::{Examined, LogFile, LogFileError, SchemaAge, SqliteStore, back_up, examine};
