//! Opening files.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use countersign_ports::store::{Change, Fault, Store, StoreError};
use rusqlite::Connection;

use super::super::open as opening;
use super::{SqliteStore, attempt, open, place};
use crate::conformance::samples::{approval, audit, first_run, id, rule, run, session};
use crate::document::encode;
use countersign_domain::approvals::RuleScope;

fn fault(path: &std::path::Path) -> Option<Fault> {
    match SqliteStore::open(path) {
        Err(StoreError::Broken { fault, .. }) => Some(fault),
        Ok(_) | Err(_) => None,
    }
}

#[tokio::test]
async fn a_store_that_is_opened_again_has_everything() {
    let (path, _dir) = place();
    let store = open(&path);
    attempt(&store, first_run()).await.unwrap();
    let rule = rule(1, RuleScope::Always, None);
    let changes =
        [Change::AddApproval(Box::new(approval(1, 1, 1))), Change::AddRule(Box::new(rule.clone()))];
    attempt(&store, changes).await.unwrap();
    store.close().await;
    let store = open(&path);
    let found = store.runs().run(id("run_", 1)).await.unwrap();
    assert_eq!(found.map(|run| run.value), Some(run(1, 1)));
    let found = store.runs().session(id("sess_", 1)).await;
    assert_eq!(found, Ok(Some(session(1))));
    let found = store.approvals().approval(id("appr_", 1)).await.unwrap();
    assert_eq!(found.map(|asked| asked.value), Some(approval(1, 1, 1)));
    assert_eq!(store.approvals().rule(rule.id).await, Ok(Some(rule)));
    assert_eq!(store.approvals().pending().await, Ok(1));
}

/// What a killed process leaves behind: a log that was never written back.
#[tokio::test]
async fn what_is_only_in_the_write_ahead_log_is_kept() {
    let (path, dir) = place();
    let store = open(&path);
    attempt(&store, first_run()).await.unwrap();
    let copy = dir.path().join("copy.db");
    fs::copy(&path, &copy).unwrap();
    fs::copy(dir.path().join("countersign.db-wal"), dir.path().join("copy.db-wal")).unwrap();
    let copy = open(&copy);
    assert!(copy.runs().run(id("run_", 1)).await.unwrap().is_some());
}

/// Two processes on one file are a mistake, but one that loses nothing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_on_one_file_take_turns() {
    let (path, _dir) = place();
    let stores = [open(&path), open(&path)];
    let writers = stores.map(|store| {
        tokio::spawn(async move {
            for _ in 0..50 {
                let line = Change::AddAudit(Box::new(audit("x")));
                attempt(&store, [line]).await.unwrap();
            }
            store.access().audit(0, 1000).await.unwrap().len()
        })
    });
    let mut seen = Vec::new();
    for writer in writers {
        seen.push(writer.await.unwrap());
    }
    assert_eq!(seen.into_iter().max(), Some(100));
}

#[tokio::test]
async fn closing_leaves_one_file() {
    let (path, dir) = place();
    let store = open(&path);
    attempt(&store, first_run()).await.unwrap();
    assert!(store.runs().run(id("run_", 1)).await.unwrap().is_some());
    store.close().await;
    let names: Vec<_> =
        fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["countersign.db"]);
}

#[tokio::test]
async fn only_the_owner_can_read_the_files() {
    let (path, dir) = place();
    fs::write(&path, "").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let store = open(&path);
    attempt(&store, first_run()).await.unwrap();
    let files: Vec<_> = fs::read_dir(dir.path()).unwrap().map(Result::unwrap).collect();
    assert_eq!(files.len(), 3);
    for file in files {
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{:?}", file.file_name());
    }
}

#[test]
fn commits_are_flushed_and_the_log_is_kept_apart() {
    let (path, _dir) = place();
    let writer = opening::writer(&path).unwrap();
    let reader = opening::reader(&path).unwrap();
    let text = |connection: &Connection, pragma: &str| {
        let sql = format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}");
        connection.query_row(&sql, [], |row| row.get::<_, String>(0)).unwrap()
    };
    assert_eq!(text(&writer, "journal_mode"), "wal");
    // 2 is FULL.
    assert_eq!(text(&writer, "synchronous"), "2");
    for connection in [writer, reader] {
        assert_eq!(text(&connection, "foreign_keys"), "1");
        assert_eq!(text(&connection, "trusted_schema"), "0");
    }
}

#[test]
fn readers_cannot_write() {
    let (path, _dir) = place();
    let _writer = opening::writer(&path).unwrap();
    let reader = opening::reader(&path).unwrap();
    assert!(reader.execute("DELETE FROM tallies", []).is_err());
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let (path, _dir) = place();
    for content in ["x", "this is a letter, and not a short one either"] {
        fs::write(&path, content).unwrap();
        assert_eq!(fault(&path), Some(Fault::Corrupt));
        assert_eq!(fs::read_to_string(&path).unwrap(), content);
    }
}

#[tokio::test]
async fn a_damaged_database_is_refused() {
    let (path, _dir) = place();
    let store = open(&path);
    attempt(&store, first_run()).await.unwrap();
    store.close().await;
    let mut bytes = fs::read(&path).unwrap();
    bytes.iter_mut().skip(4096).for_each(|byte| *byte ^= 0x5a);
    fs::write(&path, bytes).unwrap();
    assert_eq!(fault(&path), Some(Fault::Corrupt));
}

#[test]
fn the_database_of_another_program_is_refused_and_not_touched() {
    let (path, _dir) = place();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("CREATE TABLE runs (id INTEGER)").unwrap();
    drop(other);
    let before = fs::read(&path).unwrap();
    assert_eq!(fault(&path), Some(Fault::Foreign));
    assert_eq!(fs::read(&path).unwrap(), before);
    let other = Connection::open(&path).unwrap();
    other.pragma_update(None, "application_id", 7).unwrap();
    drop(other);
    assert_eq!(fault(&path), Some(Fault::Foreign));
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let (path, _dir) = place();
    let writer = opening::writer(&path).unwrap();
    writer.pragma_update(None, "user_version", 99).unwrap();
    drop(writer);
    assert_eq!(fault(&path), Some(Fault::TooNew));
}

#[test]
fn a_missing_directory_may_appear_later() {
    let (path, dir) = place();
    drop(dir);
    let refused = SqliteStore::open(&path);
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "{refused:?}");
}

/// The superuser writes wherever it likes, so for it the store opens; anybody else is refused.
#[test]
fn a_read_only_directory_is_refused() {
    let (path, dir) = place();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let superuser = fs::write(dir.path().join("probe"), "").is_ok();
    let expected = (!superuser).then_some(Fault::ReadOnly);
    assert_eq!(fault(&path), expected);
}

/// What waited in a home of the first schema is found by what it asks for.
#[tokio::test]
async fn what_an_older_schema_left_pending_is_found_by_its_digest() {
    let (path, _dir) = place();
    let asked = approval(1, 1, 1);
    let connection = Connection::open(&path).unwrap();
    connection.execute_batch(include_str!("../../../migrations/sqlite/0001_initial.sql")).unwrap();
    connection.pragma_update(None, "application_id", 0x4353_676e).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
    let (one, first) = (session(1), run(1, 1));
    let params = rusqlite::params![one.id.to_string(), encode(&one).unwrap()];
    connection.execute("INSERT INTO sessions VALUES (?1, 1, ?2)", params).unwrap();
    let params =
        rusqlite::params![first.id.to_string(), one.id.to_string(), encode(&first).unwrap()];
    connection
        .execute("INSERT INTO runs VALUES (?1, 1, ?2, 'api:ci', 'queued', 0, 1, ?3)", params)
        .unwrap();
    let params = rusqlite::params![
        asked.id.to_string(),
        first.id.to_string(),
        one.id.to_string(),
        encode(&asked).unwrap()
    ];
    connection
        .execute(
            "INSERT INTO approvals VALUES (?1, 1, ?2, ?3, 'exec', 'pending', NULL, 1, ?4)",
            params,
        )
        .unwrap();
    drop(connection);
    let store = open(&path);
    let found = store.approvals().pending_like(id("sess_", 1), asked.digest).await.unwrap();
    assert_eq!(found.map(|found| found.value), Some(asked));
}
