//! Many durations in a few numbers.

use std::time::Duration;

/// Durations of the same thing.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<Duration>);

impl Latencies {
    pub(crate) fn add(&mut self, took: Duration) {
        self.0.push(took);
    }

    pub(crate) fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// The one that so many hundredths are not above, in milliseconds.
    pub(crate) fn at(&self, hundredths: usize) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let place = (sorted.len().saturating_sub(1) * hundredths).div_ceil(100);
        sorted.get(place).copied().unwrap_or_default().as_secs_f64() * 1000.0
    }
}

impl std::fmt::Display for Latencies {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "p50 {:.2} ms, p99 {:.2} ms", self.at(50), self.at(99))
    }
}

/// How many a second.
pub(crate) fn rate(count: usize, took: Duration) -> f64 {
    f64::from(u32::try_from(count).unwrap_or(u32::MAX)) / took.as_secs_f64().max(f64::EPSILON)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hundredths_are_of_the_sorted_durations() {
        let mut latencies = Latencies::default();
        for millis in (1..=101).rev() {
            latencies.add(Duration::from_millis(millis));
        }
        assert!((latencies.at(50) - 51.0).abs() < 0.01);
        assert!((latencies.at(99) - 100.0).abs() < 0.01);
        assert!((latencies.at(100) - 101.0).abs() < 0.01);
        assert!((rate(10, Duration::from_secs(2)) - 5.0).abs() < 0.01);
    }
}
