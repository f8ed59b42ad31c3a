//! `restart`: all nodes at once, with very many approvals pending.

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use clap::ValueEnum;
use futures::future::try_join_all;

use crate::cluster::{Cluster, ClusterArguments};
use crate::say;
use crate::speed::{load, seed, settings};

/// What a node logs when it has looked at every deadline for the first time.
const ARMED: &str = "every timer is armed";

/// How long all of it may take.
const PATIENCE: Duration = Duration::from_mins(2);

/// End all nodes with very many approvals pending, start them, and see when they work again.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:
  countersign-load restart --pending 100000 --nodes 3 --store postgres
  countersign-load restart --pending 100000 --nodes 1 --store sqlite --end stop")]
pub(crate) struct Arguments {
    #[command(flatten)]
    cluster: ClusterArguments,
    /// How many approvals are pending
    #[arg(long, default_value_t = 100_000)]
    pending: u64,
    /// How the nodes end
    #[arg(long, value_enum, default_value_t = End::Kill)]
    end: End,
}

/// How nodes end before they are started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum End {
    /// All at once, as with a power cut.
    Kill,
    /// Each is told to stop, and stops when it is done.
    Stop,
}

/// Measures it; answers with 1 if an approval is lost.
pub(crate) async fn run(arguments: &Arguments) -> Result<ExitCode> {
    let cluster = Cluster::start(&arguments.cluster, &settings(), false).await?;
    let began = Instant::now();
    seed::fill(&cluster, 0, arguments.pending.saturating_sub(1)).await?;
    let single = seed::singles(&cluster, "single", 1).await?;
    let single = single.first().context("no approval")?;
    say(format!("{} approvals asked for in {:.1?}", arguments.pending, began.elapsed()));
    for node in &cluster.nodes {
        match arguments.end {
            End::Kill => node.kill().await?,
            End::Stop => node.stop().await?,
        }
        // What is logged from now on is of the new start.
        std::fs::write(node.log(), "")?;
    }
    let began = Instant::now();
    let logs = cluster.nodes.iter().map(|node| node.log()).collect();
    let (started, decided, armed) = tokio::try_join!(
        async {
            try_join_all(cluster.nodes.iter().map(|node| node.start())).await?;
            anyhow::Ok(began.elapsed())
        },
        decided(&cluster, single, began),
        armed(logs, began),
    )?;
    let left = cluster.nodes.first().context("no node")?.api();
    let left = left.all("/v1/approvals?status=pending", 200).await?.len();
    let (name, pending) = (arguments.cluster.name(), arguments.pending);
    let end = match arguments.end {
        End::Kill => "kill -9 of all",
        End::Stop => "all stopped",
    };
    say(format!("\n| {name}, {pending} pending, {end} | time |\n| --- | --- |"));
    say(format!("| all nodes answer | {:.2} s |", started.as_secs_f64()));
    say(format!("| the first decision is acknowledged | {:.2} s |", decided.as_secs_f64()));
    say(format!("| every timer is armed | {:.2} s |", armed.as_secs_f64()));
    say(format!("\npending afterwards: {left}; load of the machine: {}", load()));
    let expected = usize::try_from(arguments.pending.saturating_sub(1))?;
    Ok(if left == expected { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Asks every node in turn until one decides.
async fn decided(cluster: &Cluster, approval: &str, began: Instant) -> Result<Duration> {
    for node in cluster.nodes.iter().cycle() {
        if let Ok(answer) = node.api().resolve(approval, "once").await
            && answer.status.is_success()
        {
            return Ok(began.elapsed());
        }
        if began.elapsed() > PATIENCE {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bail!("nobody decides")
}

/// Reads the logs until some node has armed the timers.
async fn armed(logs: Vec<PathBuf>, began: Instant) -> Result<Duration> {
    while began.elapsed() < PATIENCE {
        let said = |log: &PathBuf| std::fs::read_to_string(log).unwrap_or_default().contains(ARMED);
        if logs.iter().any(said) {
            return Ok(began.elapsed());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    bail!("no node has armed the timers")
}
