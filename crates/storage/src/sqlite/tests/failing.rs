//! What goes wrong while the store is in use.

use std::os::unix::fs::FileExt;
use std::sync::Arc;

use countersign_domain::audit::NodeName;
use countersign_ports::store::{Change, Fault, Store, StoreError};
use rusqlite::Connection;

use super::super::open as opening;
use super::{SqliteStore, attempt, open, place};
use crate::conformance::samples::{approval, audit, first_run, id};

fn fault<T>(outcome: &Result<T, StoreError>) -> Option<Fault> {
    match outcome {
        Err(StoreError::Broken { fault, .. }) => Some(*fault),
        Ok(_) | Err(_) => None,
    }
}

/// A store whose writing connection was told something more.
fn open_with(path: &std::path::Path, pragma: &str) -> SqliteStore {
    let connection = opening::writer(path).unwrap();
    connection.execute_batch(pragma).unwrap();
    SqliteStore::over(path, connection, NodeName::local()).unwrap()
}

fn line() -> Change {
    Change::AddAudit(Box::new(audit(&"x".repeat(2000))))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_ends_the_store_and_leaves_nothing_half_written() {
    let (path, _dir) = place();
    let store = Arc::new(open_with(&path, "PRAGMA max_page_count = 400"));
    attempt(&store, first_run()).await.unwrap();
    let waiting = tokio::spawn({
        let store = Arc::clone(&store);
        async move { store.broken().await }
    });
    let writers: Vec<_> = (0..16)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let mut written = 0;
                loop {
                    match attempt(&store, [line(), line(), line()]).await {
                        Ok(()) => written += 3,
                        Err(error) => return (written, error),
                    }
                }
            })
        })
        .collect();
    let mut written = 0;
    for writer in writers {
        let (lines, error) = writer.await.unwrap();
        assert_eq!(fault::<()>(&Err(error)), Some(Fault::DiskFull));
        written += lines;
    }
    assert_eq!(fault::<()>(&Err(waiting.await.unwrap())), Some(Fault::DiskFull));
    assert_eq!(fault(&attempt(&store, []).await), Some(Fault::DiskFull));
    assert_eq!(fault(&store.check().await), Some(Fault::DiskFull));
    store.close().await;
    let store = open(&path);
    assert_eq!(store.access().audit(0, 10_000).await.unwrap().len(), written);
    assert!(written > 0);
}

#[tokio::test]
async fn a_file_that_becomes_read_only_ends_the_store() {
    let (path, _dir) = place();
    let store = open_with(&path, "PRAGMA query_only = ON");
    let refused = attempt(&store, first_run()).await;
    assert_eq!(fault(&refused), Some(Fault::ReadOnly));
    assert_eq!(Err(store.broken().await), refused);
}

#[tokio::test]
async fn damage_that_a_reader_finds_ends_the_store() {
    let (path, _dir) = place();
    let store = open(&path);
    attempt(&store, first_run()).await.unwrap();
    let other = Connection::open(&path).unwrap();
    other.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())).unwrap();
    let length = std::fs::metadata(&path).unwrap().len();
    let noise = vec![0xa5; usize::try_from(length).unwrap() - 4096];
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.write_all_at(&noise, 4096).unwrap();
    let refused = store.runs().run(id("run_", 1)).await;
    assert_eq!(fault(&refused), Some(Fault::Corrupt));
    assert_eq!(fault::<()>(&Err(store.broken().await)), Some(Fault::Corrupt));
    assert_eq!(fault(&attempt(&store, first_run()).await), Some(Fault::Corrupt));
}

#[tokio::test]
async fn a_busy_file_is_no_end() {
    let (path, _dir) = place();
    let store = open_with(&path, "PRAGMA busy_timeout = 0");
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = attempt(&store, first_run()).await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
    assert!(store.check().await.is_err());
    other.execute_batch("ROLLBACK").unwrap();
    attempt(&store, first_run()).await.unwrap();
    assert_eq!(store.check().await, Ok(()));
}

#[tokio::test]
async fn an_unreadable_record_is_named_and_spoils_no_other() {
    let (path, _dir) = place();
    let store = open(&path);
    attempt(&store, first_run()).await.unwrap();
    let added = [1, 2, 3].map(|number| Change::AddApproval(Box::new(approval(number, 1, 1))));
    attempt(&store, added).await.unwrap();
    let other = Connection::open(&path).unwrap();
    other
        .execute_batch(
            "UPDATE approvals SET doc = '{}' WHERE id LIKE '%1';
             UPDATE approvals SET v = 7 WHERE id LIKE '%2';",
        )
        .unwrap();
    for number in [1, 2] {
        let refused = store.approvals().approval(id("appr_", number)).await;
        let expected = format!("approval `{}`", approval(number, 1, 1).id);
        let Err(StoreError::Unreadable { what, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(what, expected);
    }
    assert!(store.approvals().approval(id("appr_", 3)).await.unwrap().is_some());
    assert_eq!(store.check().await, Ok(()));
}
