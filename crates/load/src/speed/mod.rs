//! `speed`: figures from the outside, and beside them what the machine can do at all.

mod bare;
mod crowd;
mod figures;
pub(crate) mod seed;
mod trips;

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};

use crate::cluster::{Cluster, ClusterArguments};
use crate::say;
use crate::table::{growth as table_of_growth, side_by_side};

pub(crate) use figures::{Latencies, rate};

/// How fast approvals and decisions are, at 100 pending and at very many.
///
/// Everything is measured over HTTP on the real program, while this program runs on the same
/// machine. The bare limits are measured first, in the same run: durable commits of the store's own
/// driver, and requests to a route that does nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  countersign-load speed --nodes 3 --store postgres --pending 100,1000,10000,100000
  countersign-load speed --nodes 1 --store sqlite --json figures.jsonl
  countersign-load table figures.jsonl
  countersign-load plot figures.jsonl --svg docs/performance.svg")]
pub(crate) struct Arguments {
    #[command(flatten)]
    cluster: ClusterArguments,
    /// With how many pending approvals it is measured, growing
    #[arg(long, value_delimiter = ',', default_values_t = [100, 1000, 10_000])]
    pending: Vec<u64>,
    /// How many approvals are asked for and decided one after the other, each time
    #[arg(long, default_value_t = 200)]
    trips: u64,
    /// How many approvals the deciders decide
    #[arg(long, default_value_t = 1000)]
    decisions: u64,
    /// How many decide at once
    #[arg(long, default_value_t = 32)]
    deciders: usize,
    /// How many event streams are open at once
    #[arg(long, default_value_t = 1000)]
    readers: usize,
    /// Adds the figures to this file, a line of JSON for each run
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// What people are asked about, so that each run asks.
pub(crate) fn settings() -> Vec<(&'static str, Value)> {
    vec![
        ("approvals.ask", json!(["echo *", "date *"])),
        ("approvals.timeout", json!("24h")),
        ("runs.max_working", json!(1_000_000)),
    ]
}

/// Measures everything and prints it.
pub(crate) async fn run(arguments: &Arguments) -> Result<ExitCode> {
    more_files()?;
    let cluster = Cluster::start(&arguments.cluster, &settings(), false).await?;
    let name = arguments.cluster.name();
    say(format!("{name}; load of the machine: {}", load()));
    let mut rows = Vec::new();
    bare::measure(&cluster, &mut rows).await?;
    let readers = crowd::read(&cluster, (arguments.readers, arguments.deciders)).await?;
    let events = format!("events a second to {} readers", arguments.readers);
    rows.push((events, readers.events_shown()));
    rows.push(("memory for an open event stream".to_owned(), format!("{:.1} KiB", readers.memory)));
    let mut growth = Vec::new();
    let mut seeded = 0;
    for level in &arguments.pending {
        seed::fill(&cluster, seeded, level.saturating_sub(seeded)).await?;
        seeded = seeded.max(*level);
        tokio::time::sleep(Duration::from_secs(2)).await;
        let held = resident(&cluster).await?;
        let trips = trips::measure(&cluster, (*level, arguments.trips)).await?;
        let crowd =
            crowd::decide(&cluster, *level, (arguments.decisions, arguments.deciders)).await?;
        say(format!("{level} pending: {trips}; {crowd:.0} decisions/s; {held} KiB"));
        growth.push(json!({
            "pending": level, "asked_p50": trips.asked.at(50), "asked_p99": trips.asked.at(99),
            "acknowledged_p50": trips.acknowledged.at(50),
            "acknowledged_p99": trips.acknowledged.at(99),
            "started_p50": trips.started.at(50), "started_p99": trips.started.at(99),
            "cpu": trips.cpu, "decisions": crowd, "resident": held,
        }));
    }
    rows.push(("memory for a pending approval".to_owned(), per_pending(&growth)?));
    let measured = json!({ "name": name, "rows": rows, "growth": growth });
    if let Some(file) = &arguments.json {
        let mut file = OpenOptions::new().create(true).append(true).open(file)?;
        writeln!(file, "{measured}")?;
    }
    let measured = [measured];
    say(format!("\n{}\n{}", side_by_side(&measured), table_of_growth(&measured)));
    say(format!("load of the machine at the end: {}", load()));
    Ok(ExitCode::SUCCESS)
}

/// What else the machine does, in its own words.
pub(crate) fn load() -> String {
    std::fs::read_to_string("/proc/loadavg").unwrap_or_default().trim().to_owned()
}

/// The memory that all nodes hold, in KiB.
async fn resident(cluster: &Cluster) -> Result<u64> {
    let mut sum = 0;
    for node in &cluster.nodes {
        sum += node.resident().await?;
    }
    Ok(sum)
}

/// Thousands of connections take more open files than most systems allow at first.
pub(crate) fn more_files() -> Result<()> {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    Ok(setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum })?)
}

fn per_pending(growth: &[Value]) -> Result<String> {
    let of = |level: Option<&Value>, field: &str| {
        level.and_then(|level| level.get(field)?.as_f64()).context("no level")
    };
    let (first, last) = (growth.first(), growth.last());
    let more = of(last, "resident")? - of(first, "resident")?;
    let approvals = of(last, "pending")? - of(first, "pending")?;
    if approvals <= 0.0 {
        return Ok("measured with one number of pending alone".to_owned());
    }
    Ok(format!("{:.2} KiB", more / approvals))
}
