//! Makes a log of a million records and measures checking and searching it.
//!
//! `cargo run --release -p countersign-storage --example audit_log --features conformance [DIRECTORY] [RECORDS]`

#![expect(clippy::print_stdout, reason = "figures on the terminal are its purpose")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use countersign_domain::audit::checkpoint::{Checkpoint, Statement};
use countersign_domain::audit::verify::Verifier;
use countersign_domain::audit::{AuditKind, AuditRecord};
use countersign_domain::identity::Actor;
use countersign_domain::signing::{Purpose, SigningKey, VerifyingKeys};
use countersign_ports::store::{AuditFilter, Change, PageRequest, Store, UnitOfWork};
use countersign_storage::conformance::samples;
use countersign_storage::{LogFile, SqliteStore};

type Fallible<T> = Result<T, Box<dyn std::error::Error>>;

/// How many records lie between checkpoints.
const EVERY: u64 = 256;

#[tokio::main]
async fn main() -> Fallible<()> {
    let mut arguments = std::env::args_os().skip(1);
    let parent = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let records = arguments.next().and_then(|text| text.to_str()?.parse().ok());
    let records: u64 = records.unwrap_or(1_000_000);
    let dir = tempfile::tempdir_in(parent)?;
    let path = dir.path().join("audit-log.db");
    let key = SigningKey::from_seed([1; 32]).ok_or("the curve refuses the seed")?;
    let keys: VerifyingKeys = [key.verifying_key().clone()].into_iter().collect();

    let store = SqliteStore::open(&path)?;
    let begun = Begun::now();
    fill(&store, records, &key).await?;
    println!("made {records} records in {:.2?}", begun.0.elapsed());
    search(&store).await?;
    store.close().await;

    let log = LogFile::open(&path)?;
    for keys in [None, Some(&keys)] {
        let begun = Begun::now();
        let mut verifier = Verifier::new(keys);
        log.verify(1, &mut verifier)?;
        let report = verifier.finish(&[])?;
        say(
            if keys.is_some() { "verified with signatures" } else { "verified" },
            report.records,
            &begun,
        );
    }
    let mut export = Vec::new();
    let begun = Begun::now();
    log.lines(1, |line| {
        export.push(line.to_owned());
        Ok(())
    })?;
    say("exported", records, &begun);
    let begun = Begun::now();
    let mut verifier = Verifier::new(Some(&keys));
    export.iter().try_for_each(|line| verifier.line(line))?;
    say("verified as an export", verifier.finish(&[])?.records, &begun);
    Ok(())
}

async fn fill(store: &SqliteStore, records: u64, key: &SigningKey) -> Fallible<()> {
    let mut head = 0;
    let mut signed = 0;
    while head < records {
        let lines: Vec<_> = (head..records.min(head + EVERY - 1)).map(record).collect();
        let changes = lines.into_iter().map(|line| Change::AddAudit(Box::new(line))).collect();
        store.commit(UnitOfWork { changes }).await?;
        let hashes = store.audit().hashes(signed, EVERY * 2).await?;
        let statement = Statement::about(signed + 1, &hashes, samples::at(0));
        let statement = statement.ok_or("nothing to sign")?;
        let token = key.sign(Purpose::Checkpoint, &statement.claims()).ok_or("not signed")?;
        signed = statement.seq;
        let checkpoint = Checkpoint { statement, token };
        let line = Change::AddAudit(Box::new(checkpoint.record()));
        store.commit(UnitOfWork { changes: vec![line] }).await?;
        head = signed + 1;
    }
    Ok(())
}

/// A record as a decision leaves it.
fn record(number: u64) -> AuditRecord {
    let number32 = u32::try_from(number).unwrap_or(u32::MAX);
    let mut record = samples::audit(&format!("appr_{:032x}", number / 4));
    record.at = samples::at(number32 / 100);
    let digest = countersign_domain::digest::Digest::of(&number.to_be_bytes());
    record.detail = serde_json::Map::from_iter([
        ("action".to_owned(), "exec".into()),
        ("card".to_owned(), digest.to_string().into()),
        ("choice".to_owned(), "once".into()),
        ("digest".to_owned(), digest.to_string().into()),
        ("reason".to_owned(), serde_json::Value::Null),
        ("rule".to_owned(), serde_json::Value::Null),
    ]);
    match number % 4 {
        0 => record.kind = AuditKind::ApprovalRequested,
        2 => (record.kind, record.actor) = (AuditKind::ApprovalClaimed, Actor::System),
        3 => (record.kind, record.actor) = (AuditKind::ApprovalExecuted, Actor::System),
        _ => {}
    }
    if number % 100_000 == 7 {
        record.kind = AuditKind::AuthFailed;
    }
    record
}

async fn search(store: &SqliteStore) -> Fallible<()> {
    let kind = |kind| AuditFilter { kind: Some(kind), ..AuditFilter::default() };
    let operator: Actor = "operator".parse()?;
    let filters = [
        ("all", AuditFilter::default()),
        ("a common kind", kind(AuditKind::ApprovalDecided)),
        ("a rare kind", kind(AuditKind::AuthFailed)),
        ("a kind that is not there", kind(AuditKind::RuleRevoked)),
        (
            "one subject",
            AuditFilter {
                subject: Some(format!("appr_{:032x}", 70_000)),
                ..AuditFilter::default()
            },
        ),
        (
            "the oldest of a common kind",
            AuditFilter { until: Some(samples::at(10)), ..kind(AuditKind::ApprovalDecided) },
        ),
        (
            "a common kind by somebody who never does it",
            AuditFilter { actor: Some(Actor::System), ..kind(AuditKind::ApprovalDecided) },
        ),
        ("the oldest", AuditFilter { until: Some(samples::at(10)), ..AuditFilter::default() }),
        (
            "almost all times",
            AuditFilter { since: Some(samples::at(10)), ..AuditFilter::default() },
        ),
        ("one actor", AuditFilter { actor: Some(operator), ..AuditFilter::default() }),
    ];
    for (name, filter) in filters {
        let clock = Instant::now();
        let request = PageRequest { before: None, limit: 50 };
        let found = store.audit().page(filter, request).await?.items.len();
        println!("a page of {name}: {found} in {:.1?}", clock.elapsed());
    }
    Ok(())
}

/// When something began: by the clock, and by what this thread had worked until then.
struct Begun(Instant, Duration);

impl Begun {
    fn now() -> Self {
        Self(Instant::now(), worked())
    }
}

/// How long this thread was on a core. Other programs on a busy machine do not count.
fn worked() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = text.split(' ').next().and_then(|word| word.parse().ok());
    Duration::from_nanos(nanos.unwrap_or_default())
}

fn say(what: &str, records: u64, Begun(clock, before): &Begun) {
    let count = f64::from(u32::try_from(records).unwrap_or(u32::MAX));
    let (took, worked) = (clock.elapsed(), worked().saturating_sub(*before));
    println!(
        "{what}: {records} records in {took:.2?}, {:.0}/s; {worked:.2?} on one core, {:.0}/s",
        count / took.as_secs_f64(),
        count / worked.as_secs_f64(),
    );
}
