//! Many at once: those who decide, and those who watch.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use futures::StreamExt as _;
use futures::future::try_join_all;

use super::{rate, resident, seed};
use crate::cluster::Cluster;

/// How many decisions the readers watch.
const WATCHED: u64 = 300;

/// Lets everybody come to rest before memory is read.
const REST: Duration = Duration::from_secs(3);

/// What readers saw, and what they cost.
pub(super) struct Readers {
    events: f64,
    decisions: f64,
    lost: u64,
    /// KiB a reader.
    pub(super) memory: f64,
}

impl Readers {
    pub(super) fn events_shown(&self) -> String {
        let Self { events, decisions, lost, .. } = self;
        let missing = if *lost == 0 { String::new() } else { format!("; {lost} events missing") };
        format!("{events:.0} (at {decisions:.0} decisions/s{missing})")
    }
}

/// `deciders` decide `count` approvals of as many runs; how many a second. What they deny ends its
/// run, which goes on meanwhile.
pub(super) async fn decide(
    cluster: &Cluster,
    name: u64,
    (count, deciders): (u64, usize),
) -> Result<f64> {
    let approvals = seed::singles(cluster, &format!("crowd-{name}"), count).await?;
    let began = Instant::now();
    denied(cluster, &approvals, deciders).await?;
    Ok(rate(approvals.len(), began.elapsed()))
}

async fn denied(cluster: &Cluster, approvals: &[String], deciders: usize) -> Result<()> {
    let work = (0..deciders).map(|decider| async move {
        let node = cluster.nodes.get(decider % cluster.nodes.len()).context("no node")?;
        for approval in approvals.iter().skip(decider).step_by(deciders) {
            let answer = node.api().resolve(approval, "deny").await?;
            ensure!(answer.status.is_success(), "refused: {} {}", answer.status, answer.body);
        }
        Ok(())
    });
    try_join_all(work).await.map(drop)
}

/// `readers` follow all approvals while `deciders` decide.
pub(super) async fn read(
    cluster: &Cluster,
    (readers, deciders): (usize, usize),
) -> Result<Readers> {
    let approvals = seed::singles(cluster, "watched", WATCHED).await?;
    tokio::time::sleep(REST).await;
    let before = resident(cluster).await?;
    let seen = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for number in 0..readers {
        let node = cluster.nodes.get(number % cluster.nodes.len()).context("no node")?;
        let mut stream = node.api().follow("/v1/approvals/events").await?.bytes_stream();
        let seen = seen.clone();
        tasks.push(tokio::spawn(async move {
            let mut kept = Vec::new();
            while let Some(Ok(piece)) = stream.next().await {
                kept.extend_from_slice(&piece);
                let resolved = kept.windows(RESOLVED.len()).filter(|word| *word == RESOLVED);
                seen.fetch_add(resolved.count() as u64, Ordering::Relaxed);
                // What began at the end of one piece goes on in the next.
                kept.drain(..kept.len().saturating_sub(RESOLVED.len() - 1));
            }
        }));
    }
    tokio::time::sleep(REST).await;
    let more = resident(cluster).await?.saturating_sub(before);
    let expected = WATCHED * u64::try_from(readers)?;
    let began = Instant::now();
    denied(cluster, &approvals, deciders).await?;
    let decided = began.elapsed();
    while seen.load(Ordering::Relaxed) < expected && began.elapsed() < decided + 4 * REST {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let (took, got) = (began.elapsed(), seen.load(Ordering::Relaxed));
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    Ok(Readers {
        events: rate(usize::try_from(got)?, took),
        decisions: rate(approvals.len(), decided),
        lost: expected.saturating_sub(got),
        memory: f64::from(u32::try_from(more)?) / f64::from(u32::try_from(readers.max(1))?),
    })
}

/// How the event of a decision begins.
const RESOLVED: &[u8] = b"event: approval.resolved";
