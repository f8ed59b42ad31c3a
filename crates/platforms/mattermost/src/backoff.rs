//! How long to wait before knocking again.

use std::time::Duration;

/// The first pause, at most.
const FIRST: Duration = Duration::from_millis(500);

/// No pause is longer while the server only cannot be reached.
const LONGEST: Duration = Duration::from_mins(1);

/// A token that was refused is rarely good the next minute.
const REFUSED: Duration = Duration::from_mins(5);

/// Why one has to knock again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// The connection broke, or could not be made, for so many times in a row.
    Broken(u32),
    /// The token was refused.
    Refused,
}

/// The pause: between half of what is due and all of it, so that many do not knock at once.
/// `random` is any number.
pub(crate) fn pause(why: Why, random: u64) -> Duration {
    let due = match why {
        Why::Broken(times) => FIRST.saturating_mul(1 << times.min(16)).min(LONGEST),
        Why::Refused => REFUSED,
    };
    let half = due / 2;
    let span = u64::try_from(half.as_millis()).unwrap_or(u64::MAX).saturating_add(1);
    half + Duration::from_millis(random % span)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_limit_and_never_end() {
        let most = |times| pause(Why::Broken(times), u64::from(u32::MAX) * 30_001);
        let mut before = Duration::ZERO;
        for times in 0..40 {
            for random in [0, 1, 999, u64::MAX] {
                let pause = pause(Why::Broken(times), random);
                assert!(pause >= FIRST / 2 && pause <= LONGEST, "{times}: {pause:?}");
            }
            let least = pause(Why::Broken(times), 0);
            assert!(least >= before && most(times) >= least);
            before = least;
        }
        assert_eq!(before, LONGEST / 2);
        assert!(pause(Why::Refused, 7) >= REFUSED / 2);
    }
}
