//! The suite that every bus passes.
//!
//! Each case is a function whose name is a true sentence about buses. It gets two ends of one bus,
//! which may be the same, and panics where the sentence does not hold. [`crate::conformance_suite`]
//! makes a test of each. Wake-ups without reason are allowed, so no case says that nobody is woken.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "the cases are tests: they fail by panicking"
)]

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use countersign_domain::ids::RunId;
use countersign_domain::runs::Stream;
use countersign_ports::event_bus::{BusState, Call, Calls, EventBus, Heard, Subscription, Topic};
use uuid::Uuid;

/// Two ends of one bus.
pub struct Ends {
    /// Where things are said.
    pub here: Arc<dyn EventBus>,
    /// Where they are heard.
    pub there: Arc<dyn EventBus>,
}

const APPROVALS: Topic = Topic::Events(Stream::Approvals);

/// What does not happen within this time does not happen.
const LIMIT: Duration = Duration::from_secs(30);

/// Makes a test of every case. `$fresh` is a function that gives two ends of a new bus and whatever
/// must live as long: `async fn fresh() -> (Ends, impl Sized)`.
#[macro_export]
macro_rules! conformance_suite {
    ($fresh:path) => {
        $crate::conformance_suite! { $fresh:
            a_bus_that_works_says_so,
            every_announcement_wakes_a_follower,
            every_follower_of_a_topic_is_woken,
            a_wait_that_is_given_up_loses_no_announcement,
            nobody_sleeps_through_the_last_announcement,
            who_follows_again_is_woken_again,
            what_is_said_is_heard,
            who_speaks_hears_it_too,
            a_call_that_nobody_waits_for_is_heard_later,
            a_listener_that_falls_behind_is_told,
            saying_much_at_once_blocks_nobody,
        }
    };
    ($fresh:path: $($case:ident),* $(,)?) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let (ends, _guard) = $fresh().await;
                $crate::conformance::$case(ends).await;
            }
        )*
    };
}

pub async fn a_bus_that_works_says_so(ends: Ends) {
    for end in [&ends.here, &ends.there] {
        let mut state = end.state();
        let works = state.wait_for(|state| *state != BusState::Lost);
        drop(tokio::time::timeout(LIMIT, works).await.expect("it works").expect("it is there"));
    }
}

pub async fn every_announcement_wakes_a_follower(ends: Ends) {
    for topic in [run(1), APPROVALS, Topic::AuditLog] {
        let mut follower = ends.there.subscribe(topic);
        for _ in 0..20 {
            ends.here.announce(topic);
            woken(&mut follower).await;
        }
    }
}

pub async fn every_follower_of_a_topic_is_woken(ends: Ends) {
    let mut followers: Vec<_> = (0..100).map(|_| ends.there.subscribe(run(1))).collect();
    followers.push(ends.here.subscribe(run(1)));
    for _ in 0..3 {
        ends.here.announce(run(1));
        for follower in &mut followers {
            woken(follower).await;
        }
    }
}

pub async fn a_wait_that_is_given_up_loses_no_announcement(ends: Ends) {
    let mut follower = ends.there.subscribe(run(1));
    for _ in 0..20 {
        // Polled once, and dropped.
        drop(tokio::time::timeout(Duration::ZERO, follower.changed()).await);
        ends.here.announce(run(1));
        woken(&mut follower).await;
    }
}

/// Each follower must see the last value that was written before the last announcement.
pub async fn nobody_sleeps_through_the_last_announcement(ends: Ends) {
    const LAST: u64 = 500;
    let written = Arc::new(AtomicU64::new(0));
    let followers: Vec<_> = (0..16)
        .map(|_| {
            let mut follower = ends.there.subscribe(APPROVALS);
            let written = Arc::clone(&written);
            tokio::spawn(async move {
                while written.load(Ordering::SeqCst) < LAST {
                    woken(&mut follower).await;
                }
            })
        })
        .collect();
    for _ in 0..LAST {
        written.fetch_add(1, Ordering::SeqCst);
        ends.here.announce(APPROVALS);
        tokio::task::yield_now().await;
    }
    for follower in followers {
        follower.await.expect("it was woken");
    }
}

pub async fn who_follows_again_is_woken_again(ends: Ends) {
    for _ in 0..20 {
        let mut follower = ends.there.subscribe(run(1));
        ends.here.announce(run(1));
        woken(&mut follower).await;
    }
}

pub async fn what_is_said_is_heard(ends: Ends) {
    let mut calls = ends.there.calls();
    for call in [Call::Run(id(1)), Call::Timers, Call::Work, Call::Run(id(2))] {
        ends.here.call(call);
        heard(&mut calls, Heard::Call(call)).await;
    }
}

pub async fn who_speaks_hears_it_too(ends: Ends) {
    let mut calls = ends.here.calls();
    ends.here.call(Call::Work);
    heard(&mut calls, Heard::Call(Call::Work)).await;
}

pub async fn a_call_that_nobody_waits_for_is_heard_later(ends: Ends) {
    let mut calls = ends.there.calls();
    // Polled once, and dropped.
    drop(tokio::time::timeout(Duration::ZERO, calls.next()).await);
    ends.here.call(Call::Timers);
    heard(&mut calls, Heard::Call(Call::Timers)).await;
}

pub async fn a_listener_that_falls_behind_is_told(ends: Ends) {
    let mut calls = ends.there.calls();
    for number in 0..20_000 {
        ends.here.call(Call::Run(id(number)));
    }
    heard(&mut calls, Heard::Missed).await;
}

pub async fn saying_much_at_once_blocks_nobody(ends: Ends) {
    let mut follower = ends.there.subscribe(run(1));
    // Without a pause in which anything could be sent.
    for number in 0..100_000 {
        ends.here.announce(run(number));
    }
    ends.here.announce(run(1));
    woken(&mut follower).await;
}

fn id(number: u128) -> RunId {
    RunId::from_uuid(Uuid::from_u128(number))
}

fn run(number: u128) -> Topic {
    Stream::Run(id(number)).into()
}

async fn woken(follower: &mut Box<dyn Subscription>) {
    tokio::time::timeout(LIMIT, follower.changed()).await.expect("it is woken");
}

/// Waits until this is heard.
async fn heard(calls: &mut Box<dyn Calls>, expected: Heard) {
    let listening = async { while calls.next().await != expected {} };
    tokio::time::timeout(LIMIT, listening).await.expect("it is heard");
}
