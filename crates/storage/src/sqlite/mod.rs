//! The embedded store: one SQLite file, one thread that writes, a few connections that read.

mod apply;
mod chaining;
mod fault;
mod health;
mod log_file;
mod migrate;
mod open;
mod reader;
mod reads;
mod store;
#[cfg(test)]
mod tests;
mod writer;

pub use log_file::{LogFile, LogFileError};
pub use store::SqliteStore;
