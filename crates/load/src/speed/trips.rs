//! One approval after the other: asked, decided, begun.

use std::path::Path;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, Result, bail, ensure};
use futures::StreamExt as _;
use serde_json::Value;
use tokio::sync::mpsc;

use super::Latencies;
use crate::api::text;
use crate::cluster::Cluster;
use crate::node::Node;

/// How long any step may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// What the trips took.
#[derive(Debug, Default)]
pub(super) struct Trips {
    /// From the request that starts the run to the event at the client.
    pub(super) asked: Latencies,
    /// From the decision to its acknowledgement.
    pub(super) acknowledged: Latencies,
    /// From the decision to the start of the command, by the command's own watch.
    pub(super) started: Latencies,
    /// Processor time of the nodes for one, in milliseconds.
    pub(super) cpu: f64,
}

impl std::fmt::Display for Trips {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { asked, acknowledged, started, cpu } = self;
        write!(f, "asked {asked}; acknowledged {acknowledged}; started {started}; CPU {cpu:.1} ms")
    }
}

/// Makes `count` trips; `name` keeps their files apart.
pub(super) async fn measure(cluster: &Cluster, (name, count): (u64, u64)) -> Result<Trips> {
    let mut readers = Vec::new();
    for node in &cluster.nodes {
        readers.push(events(node).await?);
    }
    let mut trips = Trips::default();
    let before = processor(cluster).await?;
    for number in 0..count {
        let place = usize::try_from(number)? % cluster.nodes.len();
        let node = cluster.nodes.get(place).context("no node")?;
        let other = cluster.nodes.get((place + 1) % cluster.nodes.len()).context("no node")?;
        let reader = readers.get_mut(place).context("no reader")?;
        let file = format!("trip-{name}-{number}");
        let began = Instant::now();
        let started = node.api().start(&file, &format!("run date +%s%N >> {file}")).await?;
        ensure!(started.status.is_success(), "a run is refused: {}", started.body);
        let run = text(&started.body, "run_id")?;
        let (approval, seen) = asked(reader, run).await?;
        trips.asked.add(seen.duration_since(began));
        let (decided, began) = (SystemTime::now(), Instant::now());
        let answer = other.api().resolve(&approval, "once").await?;
        ensure!(answer.status.is_success(), "a decision is refused: {}", answer.body);
        trips.acknowledged.add(began.elapsed());
        let start = began_at(&cluster.workspace.join(&file)).await?;
        trips.started.add(start.duration_since(decided).unwrap_or_default());
    }
    let spent = processor(cluster).await? - before;
    trips.cpu = spent / f64::from(u32::try_from(count.max(1))?);
    Ok(trips)
}

/// The approvals that a node calls out, from now on.
async fn events(node: &Node) -> Result<mpsc::UnboundedReceiver<(Value, Instant)>> {
    let mut stream = node.api().follow("/v1/approvals/events").await?.bytes_stream();
    let (sender, receiver) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        let mut text = String::new();
        while let Some(Ok(piece)) = stream.next().await {
            text.push_str(&String::from_utf8_lossy(&piece));
            while let Some((event, rest)) = text.split_once("\n\n") {
                let data = event
                    .contains("event: approval.required")
                    .then(|| event.lines().find_map(|line| line.strip_prefix("data: ")))
                    .flatten();
                let value = data.and_then(|data| serde_json::from_str(data).ok());
                if let Some(value) = value
                    && sender.send((value, Instant::now())).is_err()
                {
                    return;
                }
                text = rest.to_owned();
            }
        }
    });
    Ok(receiver)
}

async fn asked(
    reader: &mut mpsc::UnboundedReceiver<(Value, Instant)>,
    run: &str,
) -> Result<(String, Instant)> {
    loop {
        let next = tokio::time::timeout(PATIENCE, reader.recv()).await;
        let (event, seen) = next.context("no event in time")?.context("the stream ended")?;
        if event.get("run_id").and_then(Value::as_str) == Some(run) {
            let approval = text(&event, "approval_id")?.to_owned();
            return Ok((approval, seen));
        }
    }
}

/// When the command says that it began.
async fn began_at(file: &Path) -> Result<SystemTime> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let written = std::fs::read_to_string(file).unwrap_or_default();
        if written.ends_with('\n') {
            return Ok(UNIX_EPOCH + Duration::from_nanos(written.trim().parse()?));
        }
        if Instant::now() > deadline {
            bail!("{} was approved and did not run", file.display());
        }
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
}

/// The processor time of all nodes so far, in milliseconds.
async fn processor(cluster: &Cluster) -> Result<f64> {
    let mut sum = 0.0;
    for node in &cluster.nodes {
        sum += node.processor_ms().await?;
    }
    Ok(sum)
}
