//! What followers of an in-process bus can rely on.

use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};

use countersign_domain::ids::RunId;
use countersign_domain::runs::Stream;
use countersign_event_bus::InProcessBus;
use countersign_ports::event_bus::{EventBus, Subscription, Topic};
use uuid::Uuid;

const APPROVALS: Topic = Topic::Events(Stream::Approvals);

fn run(number: u128) -> Topic {
    Stream::Run(RunId::from_uuid(Uuid::from_u128(number))).into()
}

/// Whether the follower is woken now, without waiting.
fn woken(follower: &mut Box<dyn Subscription>) -> bool {
    let mut change = pin!(follower.changed());
    poll(change.as_mut()).is_ready()
}

fn poll<F: Future>(future: Pin<&mut F>) -> Poll<F::Output> {
    future.poll(&mut Context::from_waker(Waker::noop()))
}

mod suite {
    use std::future::{Ready, ready};
    use std::sync::Arc;

    use countersign_event_bus::InProcessBus;
    use countersign_event_bus::conformance::Ends;

    fn fresh() -> Ready<(Ends, ())> {
        let bus = Arc::new(InProcessBus::new());
        ready((Ends { here: bus.clone(), there: bus }, ()))
    }

    countersign_event_bus::conformance_suite!(fresh);
}

#[test]
fn a_follower_sleeps_until_its_stream_grows() {
    let bus = InProcessBus::new();
    let mut follower = bus.subscribe(APPROVALS);
    assert!(!woken(&mut follower));
    bus.announce(APPROVALS);
    assert!(woken(&mut follower));
    assert!(!woken(&mut follower));
}

#[test]
fn a_follower_hears_nothing_of_other_streams() {
    let bus = InProcessBus::new();
    let mut follower = bus.subscribe(run(1));
    let _other = bus.subscribe(run(2));
    bus.announce(run(2));
    bus.announce(APPROVALS);
    assert!(!woken(&mut follower));
}

#[test]
fn every_follower_of_a_stream_is_woken() {
    let bus = InProcessBus::new();
    let mut followers = [bus.subscribe(run(1)), bus.subscribe(run(1))];
    bus.announce(run(1));
    assert!(followers.iter_mut().all(woken));
}

#[test]
fn what_was_announced_before_the_subscription_wakes_nobody() {
    let bus = InProcessBus::new();
    let _earlier = bus.subscribe(run(1));
    bus.announce(run(1));
    let mut later = bus.subscribe(run(1));
    assert!(!woken(&mut later));
}

#[test]
fn a_wait_that_is_given_up_loses_no_announcement() {
    let bus = InProcessBus::new();
    let mut follower = bus.subscribe(run(1));
    {
        let mut given_up = pin!(follower.changed());
        assert!(poll(given_up.as_mut()).is_pending());
        bus.announce(run(1));
    }
    assert!(woken(&mut follower));
}

#[test]
fn many_announcements_wake_a_slow_follower_once() {
    let bus = InProcessBus::new();
    let mut follower = bus.subscribe(run(1));
    for _ in 0..1000 {
        bus.announce(run(1));
    }
    assert!(woken(&mut follower));
    assert!(!woken(&mut follower));
}

#[test]
fn streams_that_nobody_follows_any_more_are_forgotten() {
    let bus = InProcessBus::new();
    let followers: Vec<_> = (0..100).map(|number| bus.subscribe(run(number % 10))).collect();
    assert_eq!(bus.followed(), 10);
    drop(followers);
    assert_eq!(bus.followed(), 0);
    bus.announce(run(1));
    assert_eq!(bus.followed(), 0);
}

#[test]
fn a_follower_outlives_the_handle_it_came_from() {
    let bus = InProcessBus::new();
    let mut follower = InProcessBus::subscribe(&bus, run(1));
    drop(bus);
    assert!(!woken(&mut follower));
}

#[test]
fn followers_that_come_and_go_at_once_leave_nothing() {
    let bus = InProcessBus::new();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..2000 {
                    let mut follower = bus.subscribe(run(1));
                    bus.announce(run(1));
                    assert!(woken(&mut follower));
                }
            });
        }
    });
    assert_eq!(bus.followed(), 0);
}
