//! Homes from before the chain, and logs that somebody changed behind the store's back.

use countersign_domain::audit::verify::{Broken, Flaw, Report, Verifier};
use countersign_domain::audit::{AuditKind, NodeName};
use countersign_ports::store::{AuditFilter, Change, Store as _};
use rusqlite::Connection;

use super::{SqliteStore, attempt, open, place};
use crate::conformance::samples::audit;
use crate::document::encode;
use crate::{LogFile, LogFileError};

/// A database as version 1 of the schema left it.
fn old_home(path: &std::path::Path, lines: u32) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(include_str!("../../../migrations/sqlite/0001_initial.sql")).unwrap();
    for number in 1..=lines {
        let doc = encode(&audit(&number.to_string())).unwrap();
        let add = "INSERT INTO audit (seq, v, doc) VALUES (?1, 1, ?2)";
        connection.execute(add, (number, doc)).unwrap();
    }
    connection.pragma_update(None, "user_version", 1).unwrap();
    let id = super::super::migrate::APPLICATION_ID;
    connection.pragma_update(None, "application_id", id).unwrap();
}

/// A change, the record that is then bad, and what is wrong with it.
type Case = (&'static str, u64, fn(&Flaw) -> bool);

fn verify(path: &std::path::Path) -> Result<Report, Broken> {
    let mut verifier = Verifier::new(None);
    match LogFile::open(path).unwrap().verify(1, &mut verifier) {
        Ok(()) => verifier.finish(&[]),
        Err(LogFileError::Broken(broken)) => Err(broken),
        Err(error) => panic!("{error}"),
    }
}

#[tokio::test]
async fn lines_from_before_the_chain_are_chained_and_that_is_said() {
    let (path, _dir) = place();
    old_home(&path, 3);
    let store = SqliteStore::open_as(&path, "build-7".parse().unwrap()).unwrap();
    attempt(&store, [Change::AddAudit(Box::new(audit("new")))]).await.unwrap();
    let lines = store.access().audit(0, 100).await.unwrap();
    let kinds: Vec<_> = lines.iter().map(|line| (line.record.kind, line.node.as_str())).collect();
    let old = (AuditKind::ApprovalDecided, "unknown");
    let said = (AuditKind::ChainStarted, "unknown");
    assert_eq!(kinds, [old, old, old, said, (AuditKind::ApprovalDecided, "build-7")]);
    assert_eq!(lines[1].record, audit("2"));
    assert_eq!(lines[3].record.detail["adopted"], 3);
    assert_eq!(verify(&path).unwrap().records, 5);
}

#[tokio::test]
async fn an_empty_home_starts_with_an_empty_chain() {
    let (path, _dir) = place();
    old_home(&path, 0);
    let store = open(&path);
    assert_eq!(store.access().audit(0, 9).await, Ok(vec![]));
}

#[tokio::test]
async fn whatever_is_changed_behind_the_store_is_found() {
    let (path, _dir) = place();
    let store = open(&path);
    let lines = (0..9).map(|number| Change::AddAudit(Box::new(audit(&number.to_string()))));
    attempt(&store, lines).await.unwrap();
    store.close().await;
    assert_eq!(verify(&path).unwrap().records, 9);
    let swap = "UPDATE audit SET seq = 100 WHERE seq = 4; UPDATE audit SET seq = 4 WHERE seq = 5; \
                UPDATE audit SET seq = 5 WHERE seq = 100";
    let cases: [Case; 8] = [
        ("UPDATE audit SET doc = replace(doc, 'once', 'deny') WHERE seq = 4", 4, |flaw| {
            matches!(flaw, Flaw::Hash)
        }),
        ("UPDATE audit SET hash = zeroblob(32) WHERE seq = 4", 4, |flaw| {
            matches!(flaw, Flaw::Hash)
        }),
        ("DELETE FROM audit WHERE seq = 4", 4, |flaw| matches!(flaw, Flaw::Gap { next: 5 })),
        ("DELETE FROM audit WHERE seq = 1", 1, |flaw| matches!(flaw, Flaw::Gap { next: 2 })),
        (swap, 4, |flaw| matches!(flaw, Flaw::Order { found: 5 })),
        (
            "DELETE FROM audit WHERE seq = 4; UPDATE audit SET seq = seq - 1 WHERE seq > 4",
            4,
            |flaw| matches!(flaw, Flaw::Order { found: 5 }),
        ),
        ("UPDATE audit SET kind = 'run.started' WHERE seq = 4", 4, |flaw| {
            matches!(flaw, Flaw::Column("kind"))
        }),
        ("UPDATE audit SET at = at + 1 WHERE seq = 4", 4, |flaw| {
            matches!(flaw, Flaw::Column("at"))
        }),
    ];
    let whole = std::fs::read(&path).unwrap();
    for (change, seq, expected) in cases {
        std::fs::write(&path, &whole).unwrap();
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(change).unwrap();
        drop(connection);
        let broken = verify(&path).unwrap_err();
        assert!(broken.seq == seq && expected(&broken.flaw), "{change}: {broken}");
    }
}

/// Beside the gateway that writes, and when there is none; nothing is changed by it.
#[tokio::test]
async fn a_log_is_read_beside_a_running_gateway_and_without_one() {
    let (path, _dir) = place();
    let store = open(&path);
    attempt(&store, [Change::AddAudit(Box::new(audit("a")))]).await.unwrap();
    let log = LogFile::open(&path).unwrap();
    assert_eq!(log.last().unwrap(), 1);
    attempt(&store, [Change::AddAudit(Box::new(audit("b")))]).await.unwrap();
    assert_eq!(log.last().unwrap(), 2);
    assert_eq!(verify(&path).unwrap().records, 2);
    drop(log);
    store.close().await;
    let before = std::fs::read(&path).unwrap();
    let log = LogFile::open(&path).unwrap();
    let found = log.latest(AuditFilter::default(), 1).unwrap();
    assert_eq!(found[0].record, audit("b"));
    assert_eq!(found[0].node, NodeName::local().as_str());
    let mut lines = Vec::new();
    log.lines(1, |line| {
        lines.push(line.to_owned());
        Ok(())
    })
    .unwrap();
    let mut verifier = Verifier::new(None);
    lines.iter().try_for_each(|line| verifier.line(line)).unwrap();
    assert_eq!(verifier.finish(&[]).unwrap().records, 2);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}
