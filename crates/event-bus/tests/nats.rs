//! The bus on NATS passes the suite, as one node and as two, and keeps its promises when the server
//! does not.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::ids::RunId;
use countersign_domain::runs::Stream;
use countersign_event_bus::throw_away::ThrowAway;
use countersign_event_bus::{NatsBus, NatsServer};
use countersign_ports::event_bus::{BusState, Call, EventBus, Heard, Subscription, Topic};
use futures::FutureExt as _;
use uuid::Uuid;

mod one_node {
    use std::sync::Arc;

    use countersign_event_bus::NatsBus;
    use countersign_event_bus::conformance::Ends;
    use countersign_event_bus::throw_away::ThrowAway;

    async fn fresh() -> (Ends, ()) {
        let bus = Arc::new(NatsBus::connect(&ThrowAway::shared().fresh()).await.unwrap());
        (Ends { here: bus.clone(), there: bus }, ())
    }

    countersign_event_bus::conformance_suite!(fresh);
}

mod two_nodes {
    use std::sync::Arc;

    use countersign_event_bus::NatsBus;
    use countersign_event_bus::conformance::Ends;
    use countersign_event_bus::throw_away::ThrowAway;

    async fn fresh() -> (Ends, ()) {
        let house = ThrowAway::shared().fresh();
        let here = Arc::new(NatsBus::connect(&house).await.unwrap());
        let there = Arc::new(NatsBus::connect(&house).await.unwrap());
        (Ends { here, there }, ())
    }

    countersign_event_bus::conformance_suite!(fresh);
}

/// What does not happen within this time does not happen.
const LIMIT: Duration = Duration::from_mins(1);

fn id(number: u128) -> RunId {
    RunId::from_uuid(Uuid::from_u128(number))
}

fn run(number: u128) -> Topic {
    Stream::Run(id(number)).into()
}

async fn connected(server: &NatsServer) -> NatsBus {
    let bus = NatsBus::connect(server).await.unwrap();
    until(&bus, BusState::Connected).await;
    bus
}

async fn until(bus: &NatsBus, expected: BusState) {
    let mut state = bus.state();
    let reached = state.wait_for(|state| *state == expected);
    drop(tokio::time::timeout(LIMIT, reached).await.expect("the state is reached").unwrap());
}

async fn woken(follower: &mut Box<dyn Subscription>) {
    tokio::time::timeout(LIMIT, follower.changed()).await.expect("it is woken");
}

/// Waits until `bus` hears this, saying it again and again at `from`.
async fn hears(from: &NatsBus, bus: &NatsBus, call: Call) {
    let mut calls = bus.calls();
    let listening = async {
        loop {
            from.call(call);
            let soon = tokio::time::timeout(Duration::from_millis(50), calls.next()).await;
            if soon == Ok(Heard::Call(call)) {
                return;
            }
        }
    };
    tokio::time::timeout(LIMIT, listening).await.expect("it is heard");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_server_is_noticed_and_found_again() {
    let mut server = ThrowAway::start(&[]);
    let house = server.fresh();
    let (here, there) = (connected(&house).await, connected(&house).await);
    let mut follower = there.subscribe(run(1));
    let mut calls = there.calls();
    for _ in 0..3 {
        server.kill();
        until(&here, BusState::Lost).await;
        until(&there, BusState::Lost).await;
        // What is said meanwhile blocks nobody, and is still heard on the same node.
        here.announce(run(1));
        there.announce(run(1));
        woken(&mut follower).await;
        server.resume();
        until(&here, BusState::Connected).await;
        until(&there, BusState::Connected).await;
        let missed = async { while calls.next().await != Heard::Missed {} };
        tokio::time::timeout(LIMIT, missed).await.expect("it is told that it missed something");
        hears(&here, &there, Call::Work).await;
    }
    assert!(there.counts().connections >= 4);
}

/// Connections stay open, and nothing comes: the hardest kind of loss.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_says_nothing_any_more_is_lost() {
    let server = ThrowAway::start(&[]);
    let bus = connected(&server.fresh()).await;
    server.freeze();
    until(&bus, BusState::Lost).await;
    bus.announce(run(1));
    server.thaw();
    until(&bus, BusState::Connected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_follower_is_woken_by_the_loss_and_by_the_return() {
    let mut server = ThrowAway::start(&[]);
    let bus = connected(&server.fresh()).await;
    let mut followers: Vec<_> = (0..10).map(|number| bus.subscribe(run(number))).collect();
    for follower in &mut followers {
        // That of the subscription.
        woken(follower).await;
    }
    server.kill();
    until(&bus, BusState::Lost).await;
    for follower in &mut followers {
        woken(follower).await;
    }
    server.resume();
    until(&bus, BusState::Connected).await;
    for follower in &mut followers {
        woken(follower).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_not_there_yet_is_waited_for() {
    let mut server = ThrowAway::start(&[]);
    let house = server.fresh();
    server.kill();
    let bus = NatsBus::connect(&house).await.unwrap();
    assert_eq!(*bus.state().borrow(), BusState::Lost);
    let mut follower = bus.subscribe(run(1));
    server.resume();
    until(&bus, BusState::Connected).await;
    woken(&mut follower).await;
    hears(&connected(&house).await, &bus, Call::Timers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_followers_of_a_stream_share_one_subscription() {
    let house = ThrowAway::shared().fresh();
    let (here, there) = (connected(&house).await, connected(&house).await);
    let mut followers: Vec<_> = (0..1000).map(|_| there.subscribe(run(1))).collect();
    assert_eq!(there.followed(), 1);
    // From the first wake on the server knows of them; who came later may not be woken for that.
    for follower in followers.iter_mut().take(1) {
        woken(follower).await;
    }
    for follower in &mut followers {
        let _ = follower.changed().now_or_never();
    }
    let before = there.counts().heard;
    here.announce(run(1));
    for follower in &mut followers {
        woken(follower).await;
    }
    // The announcement, and at most what the other node says when it is connected.
    let heard = there.counts().heard - before;
    assert!((1..=2).contains(&heard), "{heard} messages");
    drop(followers);
    assert_eq!(there.followed(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_houses_on_one_server_hear_nothing_of_each_other() {
    let server = ThrowAway::shared();
    let (one, other) = (server.fresh(), server.fresh());
    let (here, there) = (connected(&one).await, connected(&one).await);
    let (stranger, friend) = (connected(&other).await, connected(&other).await);
    let mut overheard = stranger.calls();
    here.call(Call::Work);
    hears(&here, &there, Call::Timers).await;
    // The server passes on in order: this comes after what must not come.
    hears(&friend, &stranger, Call::Run(id(9))).await;
    let first = async {
        loop {
            let heard = overheard.next().await;
            if heard != Heard::Missed {
                return heard;
            }
        }
    };
    assert_eq!(tokio::time::timeout(LIMIT, first).await, Ok(Heard::Call(Call::Run(id(9)))));
    assert_eq!(stranger.counts().ignored, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn garbage_is_ignored_and_counted() {
    let server = ThrowAway::shared();
    let house = server.fresh();
    let (here, bus) = (connected(&house).await, connected(&house).await);
    let mut follower = bus.subscribe(run(1));
    woken(&mut follower).await;
    let mut calls = bus.calls();
    let stranger = async_nats::connect(server.url()).await.unwrap();
    let stream = format!("{}.stream.run.{}", house.prefix, id(1));
    let long = vec![0xff; 100_000];
    let garbage: [(String, &[u8]); 7] = [
        (stream.clone(), b"approved"),
        (stream, &[0; 4096]),
        (format!("{}.call.run", house.prefix), b"run_x"),
        (format!("{}.call.run", house.prefix), &long),
        (format!("{}.call.approve", house.prefix), b"appr_00000000000000000000000000000007"),
        (format!("{}.call.timers", house.prefix), b"2026-01-01"),
        (format!("{}.call.all", house.prefix), b"x"),
    ];
    let count = garbage.len() as u64;
    for (subject, payload) in garbage {
        stranger.publish(subject, payload.to_vec().into()).await.unwrap();
    }
    stranger.flush().await.unwrap();
    let counted = async {
        while bus.counts().ignored < count {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(LIMIT, counted).await.expect("it is counted");
    assert_eq!(bus.counts().ignored, count);
    here.call(Call::Work);
    let first = async {
        loop {
            // Those of the connection itself.
            let heard = calls.next().await;
            if heard != Heard::Missed {
                return heard;
            }
        }
    };
    assert_eq!(tokio::time::timeout(LIMIT, first).await, Ok(Heard::Call(Call::Work)));
}

/// More comes than is taken: nothing grows, and what was missed is said.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_drowns_nobody() {
    let server = ThrowAway::shared();
    let house = server.fresh();
    let bus = connected(&house).await;
    let mut follower = bus.subscribe(run(1));
    let mut calls = bus.calls();
    let stranger = async_nats::connect(server.url()).await.unwrap();
    for number in 0..50_000 {
        let stream = format!("{}.stream.run.{}", house.prefix, id(1));
        stranger.publish(stream, "".into()).await.unwrap();
        let call = format!("{}.call.run", house.prefix);
        stranger.publish(call, id(number).to_string().into()).await.unwrap();
    }
    stranger.flush().await.unwrap();
    woken(&mut follower).await;
    let missed = async { while calls.next().await != Heard::Missed {} };
    tokio::time::timeout(LIMIT, missed).await.expect("it is told that it missed something");
    hears(&connected(&house).await, &bus, Call::Timers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_those_who_prove_themselves_get_in() {
    let token = ThrowAway::start(&["--auth", "t0ken"]);
    let user = ThrowAway::start(&["--user", "cs", "--pass", "p/ss w@rd"]);
    let port = |server: &ThrowAway| server.url().rsplit(':').next().unwrap().to_owned();
    let at = |user: &str, server: &ThrowAway| format!("nats://{user}127.0.0.1:{}", port(server));
    for (address, secret) in [
        (at("t0ken@", &token), None),
        (at("", &token), Some("t0ken")),
        (at("cs:p%2Fss%20w%40rd@", &user), None),
        (at("cs@", &user), Some("p/ss w@rd")),
    ] {
        let server = NatsServer::parse(&address, secret.map(str::to_owned)).unwrap();
        connected(&server).await;
    }
    let wrong = NatsServer::parse(&at("cs:wrong@", &user), None).unwrap();
    let bus = NatsBus::connect(&wrong).await.unwrap();
    assert_eq!(*bus.state().borrow(), BusState::Lost);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_lets_its_holder_in() {
    // A key for this test alone; the server knows the public half.
    const SEED: &str = "SUACSSL3UAHUDXKFSNVUZRF5UHPMWZ6BFDTJ7M6USDXIEDNPPQYYYCU3VY";
    const PUBLIC: &str = "UDXU4RCSJNZOIQHZNWXHXORDPRTGNJAHAHFRGZNEEJCPQTT2M7NLCNF4";
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("server.conf");
    let users = format!("authorization {{ users = [ {{ nkey: {PUBLIC} }} ] }}\n");
    std::fs::write(&config, users).unwrap();
    let server = ThrowAway::start(&["--config", &config.display().to_string()]);
    let bare = NatsServer::parse(&server.url(), None).unwrap();
    let bus = NatsBus::connect(&bare).await.unwrap();
    assert_eq!(*bus.state().borrow(), BusState::Lost);
    connected(&bare.with_credentials(SEED).unwrap()).await;
}

/// Rights below the prefix are all that a node needs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rights_below_the_prefix_are_enough() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("server.conf");
    let rights = "authorization { users = [ { user: cs, password: p, permissions: {\
                  publish: \"countersign.>\", subscribe: \"countersign.>\" } } ] }\n";
    std::fs::write(&config, rights).unwrap();
    let server = ThrowAway::start(&["--config", &config.display().to_string()]);
    let address = server.url().replace("nats://", "nats://cs:p@");
    let house = NatsServer::parse(&address, None).unwrap();
    let (here, there) = (connected(&house).await, connected(&house).await);
    let mut follower = there.subscribe(run(1));
    for _ in 0..3 {
        here.announce(run(1));
        woken(&mut follower).await;
    }
    hears(&here, &there, Call::Run(id(1))).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bus_that_is_dropped_leaves_the_server() {
    let house = ThrowAway::shared().fresh();
    let bus = Arc::new(connected(&house).await);
    let mut state = bus.state();
    let follower = bus.subscribe(run(1));
    drop(bus);
    drop(follower);
    let ended = async { while state.changed().await.is_ok() {} };
    tokio::time::timeout(LIMIT, ended).await.expect("its tasks end");
}
