//! Ids and secrets that are the same in every run of a test.

use std::sync::atomic::{AtomicU64, Ordering};

use countersign_domain::digest::Digest;
use countersign_ports::entropy::Entropy;
use uuid::Uuid;

/// Counts instead of drawing lots. Ids sort by the order of their making, as real ones do.
#[derive(Debug)]
pub struct SeededEntropy {
    seed: u64,
    next: AtomicU64,
}

impl SeededEntropy {
    /// The sequence of this seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed, next: AtomicU64::new(1) }
    }

    fn count(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}

impl Entropy for SeededEntropy {
    fn uuid(&self) -> Uuid {
        Uuid::from_u128((u128::from(self.count()) << 64) | u128::from(self.seed))
    }

    fn secret(&self) -> [u8; 32] {
        *Digest::of(format!("{} {}", self.seed, self.count()).as_bytes()).as_bytes()
    }
}
