//! The embedded store: one SQLite file, one thread that writes, a few connections that read.

mod apply;
mod chaining;
mod checkpoint;
pub(crate) mod copying;
mod fault;
mod log_file;
mod migrate;
mod open;
mod reader;
mod reads;
mod store;
#[cfg(test)]
mod tests;
mod writer;

pub(crate) use log_file::verify_log;
pub use log_file::{LogFile, LogFileError};
pub(crate) use reader::Readers;
pub use store::SqliteStore;
