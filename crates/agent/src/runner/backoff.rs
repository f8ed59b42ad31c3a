//! Pauses that grow.

use std::time::Duration;

/// Exponentially growing pauses with jitter, from `first` to `longest`.
#[derive(Debug, Clone)]
pub(super) struct Backoff {
    next: Duration,
    longest: Duration,
}

impl Backoff {
    /// Between attempts to reach the store.
    pub(super) const fn for_store() -> Self {
        Self::new(Duration::from_millis(20), Duration::from_secs(5))
    }

    pub(super) const fn new(first: Duration, longest: Duration) -> Self {
        Self { next: first, longest }
    }

    /// The next pause: between half of the present step and the whole of it, and at least what
    /// the other side asks for, but never longer than the longest.
    pub(super) fn pause(&mut self, asked: Option<Duration>) -> Duration {
        let step = self.next;
        self.next = (step * 2).min(self.longest);
        let half = step / 2;
        let pause = half + half.mul_f64(jitter());
        pause.max(asked.unwrap_or_default()).min(self.longest)
    }
}

/// A number from 0 to 1. Without randomness there is no jitter, which is no error.
fn jitter() -> f64 {
    let mut bytes = [0; 2];
    match getrandom::fill(&mut bytes) {
        Ok(()) => f64::from(u16::from_le_bytes(bytes)) / f64::from(u16::MAX),
        Err(_) => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_the_longest_and_honour_what_is_asked_for() {
        let second = Duration::from_secs(1);
        let mut backoff = Backoff::new(second, second * 8);
        for step in [1, 2, 4, 8, 8] {
            let pause = backoff.pause(None);
            assert!(pause >= second * step / 2 && pause <= second * step, "{step}: {pause:?}");
        }
        let mut backoff = Backoff::new(second, second * 8);
        assert_eq!(backoff.pause(Some(second * 5)), second * 5);
        assert_eq!(backoff.pause(Some(second * 500)), second * 8);
    }
}
