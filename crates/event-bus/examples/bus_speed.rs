//! Measures how quickly one node wakes those who wait on another: a bus in process, and two buses
//! on one NATS server, which this program starts.
//!
//! `cargo run --release -p countersign-event-bus --example bus_speed`
//!
//! Latency: from an announcement until the last reader runs again, with pauses between. Rate: one
//! announcement after the other, each when all readers have been woken by the one before. Readers read
//! nothing, so this is the bus alone.

#![expect(clippy::print_stdout, reason = "figures on the terminal are its purpose")]

use std::error::Error;
use std::sync::Arc;
use std::time::{Duration, Instant};

use countersign_domain::ids::RunId;
use countersign_domain::runs::Stream;
use countersign_event_bus::throw_away::ThrowAway;
use countersign_event_bus::{InProcessBus, NatsBus};
use countersign_ports::event_bus::EventBus;
use tokio::sync::mpsc;
use uuid::Uuid;

/// How many announcements are measured.
const ROUNDS: usize = 500;

/// Between announcements whose latency is measured.
const SPACED: Duration = Duration::from_millis(10);

/// Followers have settled when nothing has woken them for so long.
const QUIET: Duration = Duration::from_millis(300);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let local: Arc<dyn EventBus> = Arc::new(InProcessBus::new());
    measure("in process", &local, &local).await;
    let house = ThrowAway::shared().fresh();
    let here: Arc<dyn EventBus> = Arc::new(NatsBus::connect(&house).await?);
    let there: Arc<dyn EventBus> = Arc::new(NatsBus::connect(&house).await?);
    measure("NATS, node to node", &here, &there).await;
    Ok(())
}

async fn measure(name: &str, here: &Arc<dyn EventBus>, there: &Arc<dyn EventBus>) {
    println!("{name}");
    for readers in [1, 1000] {
        let (_, mut all) = woken(here, there, readers, SPACED).await;
        let (elapsed, _) = woken(here, there, readers, Duration::ZERO).await;
        all.sort_unstable();
        let at = |share: usize| all.get(all.len() * share / 100).copied().unwrap_or_default();
        let rate = (readers * ROUNDS) as u128 * 1_000_000 / elapsed.as_micros().max(1);
        println!(
            "  {readers:>4} readers: the last is woken after {:>6} us (median), {:>6} us (p99); \
             {rate} wake-ups/s",
            at(50).as_micros(),
            at(99).as_micros(),
        );
    }
}

/// How long all rounds took, and each from the announcement until the last reader runs again.
async fn woken(
    here: &Arc<dyn EventBus>,
    there: &Arc<dyn EventBus>,
    readers: usize,
    pause: Duration,
) -> (Duration, Vec<Duration>) {
    let topic = Stream::Run(RunId::from_uuid(Uuid::from_u128(readers as u128))).into();
    let (sender, mut awake) = mpsc::unbounded_channel();
    let tasks: Vec<_> = (0..readers)
        .map(|_| {
            let (mut follower, sender) = (there.subscribe(topic), sender.clone());
            tokio::spawn(async move {
                loop {
                    follower.changed().await;
                    if sender.send(Instant::now()).is_err() {
                        return;
                    }
                }
            })
        })
        .collect();
    while tokio::time::timeout(QUIET, awake.recv()).await.is_ok() {}
    let mut latencies = Vec::with_capacity(ROUNDS);
    let begun = Instant::now();
    for _ in 0..ROUNDS {
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        let announced = Instant::now();
        let mut last = announced;
        here.announce(topic);
        for _ in 0..readers {
            last = awake.recv().await.unwrap_or(last).max(last);
        }
        latencies.push(last - announced);
    }
    let elapsed = begun.elapsed();
    for task in tasks {
        task.abort();
    }
    (elapsed, latencies)
}
