//! The store for several nodes: one PostgreSQL database, for each node one connection that writes
//! and a few that read.

pub(crate) mod copying;
mod dialect;
mod fault;
mod lanes;
mod log;
mod marks;
mod migrate;
mod plan;
mod reads;
pub(crate) mod server;
mod session;
mod store;
#[cfg(test)]
mod tests;
mod tls;
mod transaction;
mod value;
mod writer;

pub(crate) use lanes::Lanes;
pub use log::LogServer;
pub(crate) use server::encoded;
pub use server::{InvalidServer, Server};
pub use store::PostgresStore;
