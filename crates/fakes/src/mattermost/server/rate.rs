//! The rate limit: the generic cell rate algorithm, a bucket for each token.

use std::collections::BTreeMap;

use crate::mattermost::settings::RateLimit;

/// When each caller will have used up what they took, in microseconds.
#[derive(Debug, Default)]
pub(crate) struct Buckets(BTreeMap<String, i64>);

/// What the limit says to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) limit: i64,
    pub(crate) remaining: i64,
    /// Seconds until everything is there again.
    pub(crate) reset: i64,
    /// Seconds until the next request passes, if this one does not.
    pub(crate) retry_after: Option<i64>,
}

impl Buckets {
    /// Takes one request of this caller into account.
    pub(crate) fn take(&mut self, key: &str, limit: RateLimit, now_millis: i64) -> Verdict {
        let now = now_millis * 1000;
        let interval = 1_000_000 / i64::from(limit.per_second.max(1));
        let most = i64::from(limit.burst) + 1;
        let tolerance = interval * most;
        let arrival = self.0.get(key).copied().unwrap_or(now).max(now);
        let next = arrival + interval;
        let allowed_at = next - tolerance;
        if allowed_at > now {
            return Verdict {
                limit: most,
                remaining: 0,
                reset: in_seconds(arrival - now),
                retry_after: Some(in_seconds(allowed_at - now)),
            };
        }
        self.0.insert(key.to_owned(), next);
        Verdict {
            limit: most,
            remaining: (tolerance - (next - now)) / interval,
            reset: in_seconds(next - now),
            retry_after: None,
        }
    }
}

/// Whole seconds, rounded up.
fn in_seconds(micros: i64) -> i64 {
    (micros + 999_999) / 1_000_000
}
