//! Buses behind the ports.
//!
//! [`InProcessBus`] wakes the followers of a stream within one process, [`NatsBus`] on every node
//! that is connected to the same server. They carry no events: a follower that is woken reads the
//! store. The feature `conformance` adds the suite that every bus has to pass, and a NATS server for
//! the length of a test.

pub mod config;
#[cfg(feature = "conformance")]
pub mod conformance;
mod in_process;
mod nats;
#[cfg(feature = "conformance")]
pub mod throw_away;

pub use in_process::InProcessBus;
pub use nats::{
    BusCounts, Credentials, Encryption, InvalidPrefix, InvalidServer, NatsBus, NatsServer, Prefix,
    Unusable,
};
