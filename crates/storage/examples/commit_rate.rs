//! Measures bare durable commits of the embedded store on this machine's disk: the yardstick for
//! every target that counts commits.
//!
//! `cargo run --release -p countersign-storage --example commit_rate [DIRECTORY]`
//!
//! A commit is one small unit of work, on stable storage when it is counted. One submitter shows
//! what a flush costs; 32 show how many units share one.

#![expect(clippy::print_stdout, reason = "figures on the terminal are its purpose")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use countersign_domain::approvals::Choice;
use countersign_ports::store::{Change, SharedStore, StoreError, UnitOfWork, Version};
use countersign_storage::SqliteStore;
use countersign_storage::conformance::samples;

/// How long each figure is measured.
const SPAN: Duration = Duration::from_secs(4);

/// How many approvals are opened beforehand; most stay pending.
const APPROVALS: u32 = 60_000;

/// What is measured.
#[derive(Debug, Clone, Copy)]
enum Kind {
    /// Committing one line of the audit log.
    Bare,
    /// Committing what a person's answer writes: approval, event and line of the audit log.
    Decision,
    /// Reading one approval.
    Read,
}

/// What the submitters share.
struct Measured {
    store: SharedStore,
    /// The next approval that nobody has decided.
    next: AtomicU32,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let parent = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let dir = tempfile::tempdir_in(parent)?;
    let store: SharedStore = Arc::new(SqliteStore::open(&dir.path().join("commit-rate.db"))?);
    let measured = Arc::new(Measured { store, next: AtomicU32::new(1) });
    open_approvals(&measured).await?;
    for kind in [Kind::Bare, Kind::Decision, Kind::Read] {
        for submitters in [1, 32] {
            let begun = Instant::now();
            let tasks: Vec<_> = (0..submitters)
                .map(|_| tokio::spawn(submit(Arc::clone(&measured), kind, begun)))
                .collect();
            let mut latencies = Vec::new();
            for task in tasks {
                latencies.extend(task.await??);
            }
            report(kind, submitters, begun.elapsed(), latencies);
        }
    }
    measured.store.close().await;
    Ok(())
}

async fn open_approvals(measured: &Measured) -> Result<(), StoreError> {
    measured.commit(samples::first_run().into()).await?;
    let numbers: Vec<u32> = (1..=APPROVALS).collect();
    for numbers in numbers.chunks(1000) {
        let asked = |number: &u32| Box::new(samples::approval(*number, 1, 1));
        let unit = numbers.iter().map(|n| Change::AddApproval(asked(n)));
        measured.commit(unit.collect()).await?;
    }
    Ok(())
}

/// Does one thing after the other until the time is over; the duration of each.
async fn submit(
    measured: Arc<Measured>,
    kind: Kind,
    begun: Instant,
) -> Result<Vec<Duration>, StoreError> {
    let mut latencies = Vec::new();
    while begun.elapsed() < SPAN {
        let number = measured.next.load(Ordering::Relaxed);
        let unit = match kind {
            Kind::Bare => vec![Change::AddAudit(Box::new(samples::audit("appr_1")))],
            Kind::Decision if number < APPROVALS => {
                decision(measured.next.fetch_add(1, Ordering::Relaxed))
            }
            Kind::Decision => break,
            Kind::Read => Vec::new(),
        };
        let submitted = Instant::now();
        match kind {
            Kind::Bare | Kind::Decision => measured.commit(unit).await?,
            Kind::Read => {
                let reads = measured.store.approvals();
                reads.approval(samples::id("appr_", number)).await?;
            }
        }
        latencies.push(submitted.elapsed());
    }
    Ok(latencies)
}

fn decision(number: u32) -> Vec<Change> {
    let asked = samples::approval(number, 1, 1);
    let decided = samples::decided(&asked, Choice::Once, "operator");
    vec![
        Change::UpdateApproval(Box::new(decided), Version(1)),
        samples::reminded(1),
        Change::AddAudit(Box::new(samples::audit("appr_1"))),
    ]
}

impl Measured {
    async fn commit(&self, changes: Vec<Change>) -> Result<(), StoreError> {
        self.store.commit(UnitOfWork { changes }).await.map(drop)
    }
}

fn report(kind: Kind, submitters: u32, took: Duration, mut latencies: Vec<Duration>) {
    latencies.sort_unstable();
    let at = |hundredths: usize| {
        let place = latencies.len().saturating_mul(hundredths) / 100;
        latencies.get(place).copied().unwrap_or_default()
    };
    let count = u32::try_from(latencies.len()).unwrap_or(u32::MAX);
    println!(
        "{kind:?}, {submitters} at once: {:.0}/s, p50 {:.2?}, p99 {:.2?}, longest {:.2?}",
        f64::from(count) / took.as_secs_f64(),
        at(50),
        at(99),
        latencies.last().copied().unwrap_or_default(),
    );
}
