//! The embedded store: one SQLite file, one thread that writes, a few connections that read.

mod apply;
mod fault;
mod health;
mod migrate;
mod open;
mod reader;
mod reads;
mod store;
#[cfg(test)]
mod tests;
mod writer;

pub use store::SqliteStore;
