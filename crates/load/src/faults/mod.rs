//! `faults`: load and harm at once, and then the check from the outside.

mod check;
mod harm;
mod ledger;
mod people;
mod settle;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::json;

use crate::cluster::{Cluster, ClusterArguments};
use crate::say;

use harm::Harm;
use ledger::Ledger;
use people::Town;

/// Kill, pause and cut off nodes under load, then check what holds.
///
/// Every run appends lines to files of its own; each line takes a decision. Deciders answer on
/// random nodes: some deny, some never answer, some answer twice or contradict each other on two
/// nodes at once. Meanwhile nodes are killed, paused for longer than their lease, cut off from the
/// store, and started with wrong clocks. Then everything is let come to rest, and the answers that
/// were given, the files, the receipts and the audit log are held against each other. The exit code
/// is 1 if anything does not fit; then homes, logs and files are kept.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  countersign-load faults --nodes 3 --store postgres --runs 10000 --faults 200 --seed 7")]
pub(crate) struct Arguments {
    #[command(flatten)]
    cluster: ClusterArguments,
    /// How many runs are started
    #[arg(long, default_value_t = 1000)]
    runs: u64,
    /// How many faults are inflicted meanwhile
    #[arg(long, default_value_t = 30)]
    faults: u64,
    /// What chance follows from
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// How many people start and decide runs at once
    #[arg(long, default_value_t = 32, value_name = "COUNT")]
    people: u64,
    /// `nodes.lease_ttl`, in seconds
    #[arg(long, default_value_t = 2, value_name = "SECONDS")]
    lease_ttl: u64,
    /// `approvals.timeout`, in seconds: what nobody decides ends then
    #[arg(long, default_value_t = 120, value_name = "SECONDS")]
    timeout: u64,
}

/// Runs it all; answers with 1 if anything does not hold.
pub(crate) async fn run(arguments: &Arguments) -> Result<ExitCode> {
    let Arguments { runs, faults, seed, .. } = *arguments;
    let lasting = Duration::from_secs(arguments.timeout);
    let settings = [
        // Whatever the risk engine says of it: a person is asked.
        ("approvals.ask", json!(["echo *"])),
        ("approvals.timeout", json!(format!("{}s", arguments.timeout))),
        ("runs.max_working", json!(1_000_000)),
        ("nodes.lease_ttl", json!(format!("{}s", arguments.lease_ttl))),
    ];
    let cluster = Cluster::start(&arguments.cluster, &settings, true).await?;
    say(format!("seed {seed}: {} nodes, {runs} runs, {faults} faults", cluster.nodes.len()));
    let began = Instant::now();
    let ledger = Arc::new(Ledger::default());
    let town = Town { cluster: &cluster, ledger: &ledger, seed, runs, faults, lasting };
    let harm = Harm { cluster: &cluster, ledger: &ledger, seed, runs, faults, lasting };
    let ttl = Duration::from_secs(arguments.lease_ttl);
    let ((), harmed) = tokio::join!(town.live(arguments.people), harm.inflict(ttl));
    if let Err(error) = harmed {
        ledger.violation(format!("a node does not recover: {error:#}"));
    }
    let under_fire = began.elapsed();
    settle::settle(&cluster, &ledger, lasting).await?;
    let settled = began.elapsed();
    if let Err(error) = check::check(&cluster, &ledger).await {
        ledger.violation(format!("it cannot be checked: {error:#}"));
    }
    for node in &cluster.nodes {
        ledger.count_many("nodes that ended by themselves, started again", node.ended_by_itself());
    }
    report(&ledger, [under_fire, settled, began.elapsed()]);
    let violations = ledger.violations();
    if violations.is_empty() {
        say(format!("\nseed {seed}: nothing lost, nothing twice, nothing without a decision"));
        return Ok(ExitCode::SUCCESS);
    }
    say(format!("\nseed {seed}: {} violations", violations.len()));
    for violation in violations.iter().take(50) {
        say(format!("- {violation}"));
    }
    say(format!("homes, logs and effects are kept in {}", cluster.keep().display()));
    Ok(ExitCode::FAILURE)
}

fn report(ledger: &Ledger, [under_fire, settled, checked]: [Duration; 3]) {
    say("\n| what | count |\n| --- | --- |");
    for (what, count) in ledger.counts() {
        say(format!("| {what} | {count} |"));
    }
    say(format!(
        "\nunder fire {:.1} s, at rest after {:.1} s, checked after {:.1} s",
        under_fire.as_secs_f64(),
        settled.as_secs_f64(),
        checked.as_secs_f64()
    ));
}
