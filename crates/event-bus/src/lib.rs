//! Buses behind the ports.
//!
//! [`InProcessBus`] wakes the followers of a stream within one process. It carries no events: a
//! follower that is woken reads the store.

mod in_process;

pub use in_process::InProcessBus;
