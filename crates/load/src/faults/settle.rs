//! Letting everything come to rest.

use std::time::{Duration, Instant};

use anyhow::Result;

use super::ledger::Ledger;
use crate::api::{Api, items};
use crate::cluster::Cluster;

/// How long runs may take beyond the time that approvals stay open.
const LEEWAY: Duration = Duration::from_secs(90);

/// Where a run that is not over can stand.
const OPEN: [&str; 5] =
    ["queued", "running", "waiting_for_approval", "waiting_for_answer", "stopping"];

/// Whether a run in this state is over.
pub(super) fn is_end(status: &str) -> bool {
    ["completed", "failed", "cancelled"].contains(&status)
}

/// Waits until every node works and every run is over. What nobody decides expires.
pub(super) async fn settle(cluster: &Cluster, ledger: &Ledger, lasting: Duration) -> Result<()> {
    if let Err(error) = cluster.ready().await {
        ledger.violation(format!("a node does not recover: {error:#}"));
        return Ok(());
    }
    let deadline = Instant::now() + lasting + LEEWAY;
    let Some(node) = cluster.nodes.first() else { return Ok(()) };
    loop {
        let open = open_runs(node.api()).await;
        match &open {
            Ok(open) if open.is_empty() => return Ok(()),
            Ok(open) if Instant::now() > deadline => {
                for run in open {
                    ledger.violation(format!("a run does not end: {run}"));
                }
                return Ok(());
            }
            Err(error) if Instant::now() > deadline => {
                ledger.violation(format!("the first node does not answer: {error:#}"));
                return Ok(());
            }
            _ => tokio::time::sleep(Duration::from_millis(300)).await,
        }
    }
}

/// Some runs that are not over.
async fn open_runs(api: &Api) -> Result<Vec<String>> {
    let mut open = Vec::new();
    for status in OPEN {
        let list = api.get(&format!("/v1/runs?status={status}&limit=5")).await?;
        open.extend(items(&list)?.iter().map(ToString::to_string));
    }
    Ok(open)
}
