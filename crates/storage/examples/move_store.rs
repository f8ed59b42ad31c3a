//! Measures moving a store: a file with many audit records to PostgreSQL and back, each verified
//! before and after.
//!
//! `RECORDS=1000000 cargo run --release -p countersign-storage --example move_store [DIRECTORY]`
//!
//! PostgreSQL is started for it from the programs that are installed, with `fsync` on.

#![expect(clippy::print_stdout, reason = "figures on the terminal are its purpose")]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use countersign_ports::store::{Change, SharedStore, UnitOfWork};
use countersign_storage::conformance::samples;
use countersign_storage::throw_away::ThrowAway;
use countersign_storage::{Place, SqliteStore, copy};

/// How many records, unless `RECORDS` says otherwise.
const RECORDS: usize = 1_000_000;

/// How many go into one commit while the log is made.
const BATCH: usize = 1000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let records = std::env::var("RECORDS").ok().and_then(|text| text.parse().ok());
    let records = records.unwrap_or(RECORDS);
    let parent = std::env::args_os().nth(1).map_or_else(std::env::temp_dir, PathBuf::from);
    let dir = tempfile::tempdir_in(parent)?;
    let first = dir.path().join("first.db");
    let store: SharedStore = Arc::new(SqliteStore::open(&first)?);
    store.commit(UnitOfWork { changes: samples::first_run().into() }).await?;
    let numbers: Vec<usize> = (0..records).collect();
    for part in numbers.chunks(BATCH) {
        let lines = part.iter().map(|number| samples::audit(&format!("appr_{number}")));
        let changes = lines.map(|line| Change::AddAudit(Box::new(line))).collect();
        store.commit(UnitOfWork { changes }).await?;
    }
    store.close().await;
    let server = ThrowAway::start("-c fsync=on");
    let places = [
        Place::Sqlite(first),
        Place::Postgres(Box::new(server.fresh().await)),
        Place::Sqlite(dir.path().join("back.db")),
    ];
    for (from, to) in places.iter().zip(places.iter().skip(1)) {
        let begun = Instant::now();
        let copied = copy(from, to, None, |_| {}).await?;
        let took = begun.elapsed().as_secs_f64();
        let (count, hash) = (copied.audit.records, copied.audit.hash.short());
        println!(
            "{count} audit records ({hash}) in {took:.1} s, verified before and after: to {to}"
        );
    }
    Ok(())
}
