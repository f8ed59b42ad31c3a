//! The embedded store: one SQLite file, one thread that writes, a few connections that read.

mod apply;
mod backup;
mod chaining;
mod checkpoint;
pub(crate) mod copying;
mod examine;
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

pub use backup::back_up;
pub use examine::{Examined, SchemaAge, examine};
pub(crate) use log_file::verify_log;
pub use log_file::{LogFile, LogFileError};
pub(crate) use reader::Readers;
pub use store::SqliteStore;
