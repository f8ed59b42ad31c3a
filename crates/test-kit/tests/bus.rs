//! Readers on one node follow what happens on another, whatever becomes of the bus between them.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "tests fail by panicking")]

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::runs::Stream;
use countersign_event_bus::throw_away::ThrowAway;
use countersign_event_bus::{NatsBus, NatsServer};
use countersign_gateway::Gateway;
use countersign_ports::event_bus::BusState;
use countersign_test_kit::House;

/// What does not happen within this time does not happen.
const LIMIT: Duration = Duration::from_mins(1);

async fn two_nodes(server: &NatsServer) -> (House, Arc<Gateway>) {
    let house = House::with().bus(NatsBus::connect(server).await.unwrap()).open().await;
    let there = house.gateway_on(NatsBus::connect(server).await.unwrap(), 77);
    (house, there)
}

/// Reads approval events until there are so many; their numbers.
async fn read(gateway: &Gateway, count: usize) -> Vec<u64> {
    let mut feed = gateway.follow(Stream::Approvals, 0);
    let mut numbers = Vec::new();
    while numbers.len() < count {
        let events = feed.next().await.unwrap();
        numbers.extend(events.iter().map(|event| feed.number(event)));
    }
    numbers
}

async fn until(gateway: &Gateway, expected: BusState) {
    let reached = async {
        while gateway.bus_state() != expected {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(LIMIT, reached).await.expect("the state is reached");
}

/// Each run raises one approval.
async fn asks(house: &House, runs: usize) {
    for number in 0..runs {
        let run = house.say(&format!("run rm -rf thing-{number}")).await;
        house.pending(run, 1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_lost_to_readers_while_the_bus_dies_and_returns() {
    let mut server = ThrowAway::start(&[]);
    let (house, there) = two_nodes(&server.fresh()).await;
    until(&there, BusState::Connected).await;
    let readers: Vec<_> = (0..20)
        .map(|_| {
            let there = there.clone();
            tokio::spawn(async move { read(&there, 9).await })
        })
        .collect();
    asks(&house, 3).await;
    server.kill();
    until(&there, BusState::Lost).await;
    asks(&house, 3).await;
    server.resume();
    asks(&house, 3).await;
    let mut seen = Vec::new();
    for reader in readers {
        seen.push(tokio::time::timeout(LIMIT, reader).await.expect("it sees all").unwrap());
    }
    let all = read(&house.gateway, 9).await;
    assert!(all.is_sorted_by(|a, b| a < b), "{all:?}");
    assert!(seen.iter().all(|numbers| *numbers == all), "{all:?} {seen:?}");
    until(&there, BusState::Connected).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_bus_the_store_is_looked_at_every_second() {
    let mut server = ThrowAway::start(&[]);
    let (house, there) = two_nodes(&server.fresh()).await;
    server.kill();
    until(&there, BusState::Lost).await;
    let reader = tokio::spawn(async move { read(&there, 1).await });
    asks(&house, 1).await;
    let raised = tokio::time::Instant::now();
    tokio::time::timeout(LIMIT, reader).await.expect("it sees it").unwrap();
    // Five seconds is what it takes while the bus is there and says nothing.
    assert!(raised.elapsed() < Duration::from_secs(4), "{:?}", raised.elapsed());
}
