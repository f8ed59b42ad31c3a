//! The bus of several nodes, on NATS: core subjects alone, nothing is kept there.
//!
//! What happens on this node goes from mouth to ear without the server. What the others hear are
//! hints: ids, never a decision, never content. Whoever forges or repeats one has somebody look at
//! the store.

mod bus;
mod counts;
mod outgoing;
mod server;
mod subjects;
mod wire;

pub use bus::{NatsBus, Unusable};
pub use counts::BusCounts;
pub use server::{Credentials, Encryption, InvalidServer, NatsServer};
pub use subjects::{InvalidPrefix, Prefix};
