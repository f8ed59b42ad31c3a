//! The load and fault program.
//!
//! It starts several real nodes on a store of its own and drives them over HTTP, as people and
//! programs would. `faults` harms them meanwhile and checks from the outside that nothing was lost,
//! ran twice or ran without a decision; `speed` measures. Nothing here looks into the nodes: what counts is what they
//! answered, what they did (files), and what they can prove (receipts, the audit log).

mod api;
mod cluster;
mod dice;
mod faults;
mod node;
mod plot;
mod proxy;
mod restart;
mod skew;
mod speed;
mod store;
mod table;

use std::process::ExitCode;

use anyhow::{Result, bail};
use clap::{Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

/// Load on several nodes, faults, and what holds nevertheless.
#[derive(Debug, Parser)]
#[command(
    version,
    after_help = "Examples:
  countersign-load faults --nodes 3 --store postgres --runs 10000 --faults 200 --seed 7
  countersign-load faults --store sqlite --runs 500 --faults 20 --binary target/debug/countersign
  countersign-load speed --nodes 1 --store sqlite --json figures.jsonl
  countersign-load plot figures.jsonl --svg docs/performance.svg
  countersign-load table figures.jsonl
  countersign-load restart --pending 100000"
)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Kill, pause and cut off nodes under load, then check what holds.
    Faults(faults::Arguments),
    /// Measure latencies, rates and memory, from few pending approvals to very many.
    Speed(speed::Arguments),
    /// Restart all nodes with very many approvals pending.
    Restart(restart::Arguments),
    /// Draw what `speed` has measured.
    Plot(plot::Arguments),
    /// Print what `speed` has measured as tables.
    Table(table::Arguments),
}

#[tokio::main]
async fn main() -> Result<ExitCode> {
    // Where another member of the workspace asks for TLS without naming a provider, a client
    // cannot be made without one. A second installation is refused, which is fine.
    drop(rustls::crypto::ring::default_provider().install_default());
    let arguments = Arguments::parse();
    let mut terminated = signal(SignalKind::terminate())?;
    // Whatever ends it, the nodes and servers that it has started end with it.
    tokio::select! {
        done = run(arguments.what) => done,
        _ = terminated.recv() => bail!("terminated"),
        _ = tokio::signal::ctrl_c() => bail!("interrupted"),
    }
}

async fn run(what: What) -> Result<ExitCode> {
    match what {
        What::Faults(arguments) => faults::run(&arguments).await,
        What::Speed(arguments) => speed::run(&arguments).await,
        What::Restart(arguments) => restart::run(&arguments).await,
        What::Plot(arguments) => plot::run(&arguments),
        What::Table(arguments) => table::run(&arguments),
    }
}

/// Prints a line for the person who runs this.
#[expect(clippy::print_stdout, reason = "figures on the terminal are its purpose")]
fn say(line: impl std::fmt::Display) {
    println!("{line}");
}
