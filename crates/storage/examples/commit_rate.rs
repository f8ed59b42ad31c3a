//! How many units of work the store makes durable in a second, and how long one takes.
//!
//! `[STORE=postgres [NODES=3]] cargo run --release -p countersign-storage --example commit_rate [DIRECTORY]`
//!
//! The store is a file in the directory, or a PostgreSQL server of its own; the nodes share it. A commit
//! is one small unit of work, on stable storage when it is counted. One submitter shows what a flush
//! costs; 32 show how many units share one. For the file it is told at the end what part of it the
//! audit log's hash chain takes, compared with writing the same line unchained.

#![expect(clippy::print_stdout, reason = "figures on the terminal are its purpose")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use countersign_domain::approvals::Choice;
use countersign_domain::audit::{Head, NodeName, chain};
use countersign_domain::digest::Digest;
use countersign_ports::store::{Change, SharedStore, StoreError, UnitOfWork, Version};
use countersign_storage::conformance::samples;
use countersign_storage::throw_away::ThrowAway;
use countersign_storage::{PostgresStore, SqliteStore};

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
    /// One for each node; submitters are spread over them.
    stores: Vec<SharedStore>,
    /// The next approval that nobody has decided.
    next: AtomicU32,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let parent = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let dir = tempfile::tempdir_in(parent)?;
    let postgres = std::env::var_os("STORE").is_some_and(|store| store == "postgres");
    let server = postgres.then(|| ThrowAway::start("-c fsync=on"));
    let file = dir.path().join("commit-rate.db");
    let stores = if let Some(server) = &server {
        limit(server).await?;
        nodes(server).await?
    } else {
        vec![Arc::new(SqliteStore::open(&file)?) as SharedStore]
    };
    let measured = Arc::new(Measured { stores, next: AtomicU32::new(1) });
    open_approvals(&measured).await?;
    let mut decisions = Vec::new();
    for kind in [Kind::Bare, Kind::Decision, Kind::Read] {
        for submitters in [1, 32] {
            let begun = Instant::now();
            let tasks: Vec<_> = (0..submitters)
                .map(|number| tokio::spawn(submit(Arc::clone(&measured), kind, (number, begun))))
                .collect();
            let mut latencies = Vec::new();
            for task in tasks {
                latencies.extend(task.await??);
            }
            let rate = report(&format!("{kind:?}"), submitters, begun.elapsed(), latencies);
            if matches!(kind, Kind::Decision) {
                decisions.push((submitters, rate));
            }
        }
    }
    for store in &measured.stores {
        store.close().await;
    }
    if server.is_none() {
        let chain = chain_seconds(&file)?;
        println!("the chain's part of an audit line: {:.1} µs", chain * 1e6);
        for (submitters, rate) in decisions {
            println!("of a decision, {submitters} at once: {:.1} %", chain * rate * 100.0);
        }
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

/// As many stores as there are to be nodes, on one database.
async fn nodes(server: &ThrowAway) -> Result<Vec<SharedStore>, StoreError> {
    let count = std::env::var("NODES").ok().and_then(|text| text.parse().ok()).unwrap_or(1);
    let place = server.fresh().await;
    let mut stores: Vec<SharedStore> = Vec::new();
    for _ in 0..count {
        let store = PostgresStore::open(place.clone(), NodeName::local()).await?;
        stores.push(Arc::new(store));
    }
    Ok(stores)
}

/// What the server can do: one row in one commit, again and again.
async fn limit(server: &ThrowAway) -> Result<(), Box<dyn std::error::Error>> {
    server.script("CREATE TABLE bare (number BIGINT)").await;
    for submitters in [1, 32] {
        let mut clients = Vec::new();
        for _ in 0..submitters {
            let (client, connection) =
                tokio_postgres::connect(&server.address(), tokio_postgres::NoTls).await?;
            tokio::spawn(connection);
            let insert = client.prepare("INSERT INTO bare VALUES ($1)").await?;
            clients.push((client, insert));
        }
        let begun = Instant::now();
        let tasks = clients.into_iter().map(|(client, insert)| {
            tokio::spawn(async move {
                let mut latencies = Vec::new();
                while begun.elapsed() < SPAN {
                    let submitted = Instant::now();
                    client.execute(&insert, &[&1_i64]).await?;
                    latencies.push(submitted.elapsed());
                }
                Ok::<_, tokio_postgres::Error>(latencies)
            })
        });
        let tasks: Vec<_> = tasks.collect();
        let mut latencies = Vec::new();
        for task in tasks {
            latencies.extend(task.await??);
        }
        report("The bare limit", submitters, begun.elapsed(), latencies);
    }
    Ok(())
}

async fn open_approvals(measured: &Measured) -> Result<(), StoreError> {
    measured.commit(0, samples::first_run().into()).await?;
    let numbers: Vec<u32> = (1..=APPROVALS).collect();
    for numbers in numbers.chunks(1000) {
        let asked = |number: &u32| Box::new(samples::approval(*number, 1, 1));
        let unit = numbers.iter().map(|n| Change::AddApproval(asked(n)));
        measured.commit(0, unit.collect()).await?;
    }
    Ok(())
}

/// Does one thing after the other until the time is over; the duration of each.
async fn submit(
    measured: Arc<Measured>,
    kind: Kind,
    (number_of, begun): (usize, Instant),
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
            Kind::Bare | Kind::Decision => measured.commit(number_of, unit).await?,
            Kind::Read => {
                let reads = measured.store(number_of).approvals();
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
    fn store(&self, submitter: usize) -> &SharedStore {
        let [first, ..] = self.stores.as_slice() else {
            unreachable!("there is at least one node");
        };
        self.stores.get(submitter % self.stores.len()).unwrap_or(first)
    }

    async fn commit(&self, submitter: usize, changes: Vec<Change>) -> Result<(), StoreError> {
        self.store(submitter).commit(UnitOfWork { changes }).await.map(drop)
    }
}

/// Prints the figures; gives how many there were in a second.
fn report(what: &str, submitters: usize, took: Duration, mut latencies: Vec<Duration>) -> f64 {
    latencies.sort_unstable();
    let at = |hundredths: usize| {
        let place = latencies.len().saturating_mul(hundredths) / 100;
        latencies.get(place).copied().unwrap_or_default()
    };
    let count = u32::try_from(latencies.len()).unwrap_or(u32::MAX);
    let rate = f64::from(count) / took.as_secs_f64();
    println!(
        "{what}, {submitters} at once: {rate:.0}/s, p50 {:.2?}, p99 {:.2?}, longest {:.2?}",
        at(50),
        at(99),
        latencies.last().copied().unwrap_or_default(),
    );
    rate
}
