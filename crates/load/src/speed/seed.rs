//! Making approvals that wait.

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use futures::{StreamExt as _, TryStreamExt as _};
use serde_json::Value;

use crate::api::{items, text};
use crate::cluster::Cluster;

/// So many approvals does one run ask for: fewer than may wait in one conversation.
const TOGETHER: u64 = 80;

/// So many runs are begun at once.
const AT_ONCE: usize = 16;

/// How long one run may take until it waits.
const PATIENCE: Duration = Duration::from_mins(2);

/// Adds `count` pending approvals; `before` says how many there were, for names of their own.
pub(crate) async fn fill(cluster: &Cluster, before: u64, count: u64) -> Result<()> {
    let starts: Vec<u64> = (before..before + count).step_by(usize::try_from(TOGETHER)?).collect();
    let filled = futures::stream::iter(starts).map(|first| async move {
        let last = (first + TOGETHER).min(before + count);
        let lines: Vec<_> =
            (first..last).map(|number| format!("run& echo {number} >> seed-{number}")).collect();
        waiting(cluster, first, &lines.join("\n")).await.map(drop)
    });
    filled.buffer_unordered(AT_ONCE).try_collect::<()>().await
}

/// Starts `count` runs that ask one question each; the ids of the approvals.
pub(crate) async fn singles(cluster: &Cluster, name: &str, count: u64) -> Result<Vec<String>> {
    let asked = futures::stream::iter(0..count).map(|number| async move {
        let input = format!("run echo {number} >> {name}-{number}");
        let run = waiting(cluster, number, &input).await?;
        let node = cluster.nodes.first().context("no node")?;
        let list = node.api().get(&format!("/v1/approvals?run_id={run}&limit=1")).await?;
        let approvals = items(&list)?;
        Ok::<_, anyhow::Error>(
            text(approvals.first().context("no approval")?, "approval_id")?.to_owned(),
        )
    });
    asked.buffer_unordered(AT_ONCE).try_collect().await
}

/// Starts a run and waits until it waits itself.
async fn waiting(cluster: &Cluster, number: u64, input: &str) -> Result<String> {
    let place = usize::try_from(number)? % cluster.nodes.len();
    let node = cluster.nodes.get(place).context("no node")?;
    let began = Instant::now();
    // The first line names a file that no other run names.
    let key = input.lines().next().unwrap_or_default();
    let answer = node.api().start(key, input).await?;
    ensure!(answer.status.is_success(), "a run is refused: {} {}", answer.status, answer.body);
    let run = text(&answer.body, "run_id")?.to_owned();
    let mut pause = Duration::from_millis(20);
    loop {
        let found = node.api().get(&format!("/v1/runs/{run}")).await?;
        match found.get("status").and_then(Value::as_str) {
            Some("waiting_for_approval") => return Ok(run),
            Some("queued" | "running") if began.elapsed() < PATIENCE => {}
            _ => bail!("a run that should wait does not: {found}"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(500));
    }
}
