//! Limits on how often: per API key, and per address for failed attempts to sign in.

use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use countersign_domain::identity::KeyName;
use governor::clock::{Clock, MonotonicClock};
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

/// Failed attempts that one address may make in a minute before they are no longer looked at.
const FAILURES_PER_MINUTE: NonZeroU32 = NonZeroU32::MIN.saturating_add(19);

/// From this many remembered addresses on, those that have been quiet are forgotten.
const MANY_ADDRESSES: usize = 4096;

type Limiter<K> = RateLimiter<
    K,
    HashMapStateStore<K>,
    MonotonicClock,
    NoOpMiddleware<<MonotonicClock as Clock>::Instant>,
>;

/// The limits in force and what counts towards them.
pub(crate) struct RateLimits {
    keys: Limiter<KeyName>,
    failures: Limiter<IpAddr>,
}

impl RateLimits {
    pub(crate) fn new(per_key: NonZeroU32) -> Self {
        Self { keys: limiter(per_key), failures: limiter(FAILURES_PER_MINUTE) }
    }

    /// Counts a request of `key`, or says how long it has to wait.
    pub(crate) fn count_request(&self, key: &KeyName) -> Result<(), Duration> {
        count(&self.keys, key)
    }

    /// Counts a failed attempt from `address`, or says how long it has to wait.
    pub(crate) fn count_failure(&self, address: IpAddr) -> Result<(), Duration> {
        if self.failures.len() > MANY_ADDRESSES {
            self.failures.retain_recent();
        }
        count(&self.failures, &neighbourhood(address))
    }
}

fn limiter<K: Clone + Hash + Eq>(per_minute: NonZeroU32) -> Limiter<K> {
    let quota = Quota::per_minute(per_minute);
    RateLimiter::new(quota, HashMapStateStore::default(), MonotonicClock)
}

fn count<K: Clone + Hash + Eq>(limiter: &Limiter<K>, key: &K) -> Result<(), Duration> {
    limiter.check_key(key).map_err(|until| until.wait_time_from(MonotonicClock.now()))
}

/// One household has a whole /64 of IPv6 addresses; it counts as one.
pub(crate) fn neighbourhood(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << 64)))
        }
    }
}
