//! Measures bare durable commits of the embedded store on this machine's disk: the yardstick for
//! every target that counts commits.
//!
//! `cargo run --release -p countersign-storage --example commit_rate [DIRECTORY]`
//!
//! A commit is one small unit of work, on stable storage when it is counted. One submitter shows
//! what a flush costs; 32 show how many units share one. At the end: how much of a decision's time
//! the audit log's hash chain takes, compared with writing the same line unchained.

#![expect(clippy::print_stdout, reason = "figures on the terminal are its purpose")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use countersign_domain::approvals::Choice;
use countersign_domain::audit::{Head, NodeName, chain};
use countersign_domain::digest::Digest;
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
    let file = dir.path().join("commit-rate.db");
    let store: SharedStore = Arc::new(SqliteStore::open(&file)?);
    let mut decisions = Vec::new();
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
            let rate = report(kind, submitters, begun.elapsed(), latencies);
            if matches!(kind, Kind::Decision) {
                decisions.push((submitters, rate));
            }
        }
    }
    measured.store.close().await;
    let chain = chain_seconds(&file)?;
    println!("the chain's part of an audit line: {:.1} µs", chain * 1e6);
    for (submitters, rate) in decisions {
        println!("of a decision, {submitters} at once: {:.1} %", chain * rate * 100.0);
    }
    Ok(())
}

/// What the chain adds to a line: the last line is looked up, the text is put into its canonical
/// form instead of any, and its hash is taken.
fn chain_seconds(file: &Path) -> Result<f64, Box<dyn std::error::Error>> {
    const ROUNDS: u32 = 100_000;
    let connection = rusqlite::Connection::open(file)?;
    let mut last = connection
        .prepare("SELECT seq, hash FROM audit WHERE seq > 0 ORDER BY seq DESC LIMIT 1")?;
    let (record, node) = (samples::audit("appr_1"), NodeName::local());
    let mut head = Head::EMPTY;
    let begun = Instant::now();
    for _ in 0..ROUNDS {
        last.query_row([], |row| row.get::<_, i64>(0))?;
        let text = chain::text(&record, &node, head).map_err(|error| error.to_string())?;
        head = Head { seq: head.seq + 1, hash: Digest::of(text.as_bytes()) };
    }
    let chained = begun.elapsed();
    let begun = Instant::now();
    for _ in 0..ROUNDS {
        std::hint::black_box(serde_json::to_string(&record)?);
    }
    let plain = begun.elapsed();
    Ok(chained.saturating_sub(plain).as_secs_f64() / f64::from(ROUNDS))
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

/// Prints the figures; gives how many there were in a second.
fn report(kind: Kind, submitters: u32, took: Duration, mut latencies: Vec<Duration>) -> f64 {
    latencies.sort_unstable();
    let at = |hundredths: usize| {
        let place = latencies.len().saturating_mul(hundredths) / 100;
        latencies.get(place).copied().unwrap_or_default()
    };
    let count = u32::try_from(latencies.len()).unwrap_or(u32::MAX);
    let rate = f64::from(count) / took.as_secs_f64();
    println!(
        "{kind:?}, {submitters} at once: {rate:.0}/s, p50 {:.2?}, p99 {:.2?}, longest {:.2?}",
        at(50),
        at(99),
        latencies.last().copied().unwrap_or_default(),
    );
    rate
}
