//! What a bus has sent, dropped and heard.

use std::sync::atomic::{AtomicU64, Ordering};

/// Figures of one node's bus since its start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct BusCounts {
    /// Messages that were handed to the server.
    pub sent: u64,
    /// Messages that found no room and were dropped.
    pub dropped: u64,
    /// Messages from other nodes that meant something.
    pub heard: u64,
    /// Messages that meant nothing.
    pub ignored: u64,
    /// Connections that were made.
    pub connections: u64,
}

/// The same while it grows.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) sent: Counter,
    pub(super) dropped: Counter,
    pub(super) heard: Counter,
    pub(super) ignored: Counter,
}

/// A number that grows.
#[derive(Debug, Default)]
pub(super) struct Counter(AtomicU64);

impl Counter {
    pub(super) fn add(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
