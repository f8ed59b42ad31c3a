//! What goes wrong while the store is in use.

use std::sync::Arc;

use countersign_domain::audit::verify::Verifier;
use countersign_ports::store::{Change, Store, StoreError, UnitOfWork};

use super::super::LogServer;
use super::super::session::query;
use super::super::transaction::LOCK;
use super::{PostgresStore, attempt, beside, fresh, open};
use crate::conformance::samples::{approval, audit, first_run, id};
use crate::throw_away::ThrowAway;

/// Ends every other connection.
const CUT: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
     WHERE pid <> pg_backend_pid() AND usename = 'postgres' AND backend_type = 'client backend'";

fn line(subject: &str) -> Change {
    Change::AddAudit(Box::new(audit(subject)))
}

/// Writers go on through connections that are cut at any moment, also while they commit. What was
/// confirmed is there once, and what was not is there at most once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cut_connections_lose_nothing_and_do_nothing_twice() {
    let own = ThrowAway::start("");
    let server = own.fresh().await;
    let store = Arc::new(open(&server).await);
    let confirmed = tokio::sync::watch::Sender::new(0);
    let writers: Vec<_> = (0..8)
        .map(|writer| {
            let (store, confirmed) = (store.clone(), confirmed.clone());
            tokio::spawn(async move {
                for number in 0..40 {
                    attempt(&store, [line(&format!("{writer}/{number}"))]).await.unwrap();
                    confirmed.send_modify(|count| *count += 1);
                }
            })
        })
        .collect();
    // Whenever some more got through.
    let cutting = tokio::spawn({
        let (server, mut confirmed) = (own.server(), confirmed.subscribe());
        async move {
            let session = beside(&server).await;
            for count in (0..320).step_by(9) {
                confirmed.wait_for(|now| *now >= count).await.unwrap();
                session.rows(&query!(CUT)).await.unwrap();
            }
        }
    });
    for writer in writers {
        writer.await.unwrap();
    }
    cutting.await.unwrap();
    let mut found: Vec<_> = store
        .access()
        .audit(0, 1000)
        .await
        .unwrap()
        .into_iter()
        .map(|line| line.record.subject)
        .collect();
    assert_eq!(found.len(), 320);
    found.sort();
    found.dedup();
    assert_eq!(found.len(), 320);
    let mut verifier = Verifier::new(None);
    LogServer::open(&server).await.unwrap().verify(1, &mut verifier).await.unwrap();
    assert_eq!(verifier.finish(&[]).unwrap().records, 320);
}

/// A server that crashes comes back with everything that it confirmed; until then health says so.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_crashes_is_waited_for() {
    let mut own = ThrowAway::start("-c fsync=on");
    let server = own.fresh().await;
    let store = open(&server).await;
    attempt(&store, first_run()).await.unwrap();
    attempt(&store, [line("before")]).await.unwrap();
    own.kill();
    let refused = store.check().await.unwrap_err();
    assert!(matches!(refused, StoreError::Unavailable(_)), "{refused}");
    assert!(refused.to_string().starts_with("the database is not available: "), "{refused}");
    own.resume();
    attempt(&store, [line("after")]).await.unwrap();
    assert_eq!(store.check().await, Ok(()));
    let subjects: Vec<_> = store.access().audit(0, 9).await.unwrap();
    let subjects: Vec<_> = subjects.iter().map(|line| line.record.subject.as_str()).collect();
    assert_eq!(subjects, ["before", "after"]);
}

/// Whoever asked has gone, and its work is done whole or not at all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn callers_that_go_away_leave_nothing_half_done() {
    let (store, _server) = fresh().await;
    let store = Arc::new(store);
    attempt(&store, first_run()).await.unwrap();
    for number in 1..=200_u32 {
        let changes =
            vec![Change::AddApproval(Box::new(approval(number, 1, 1))), line(&number.to_string())];
        let caller = tokio::spawn({
            let store = store.clone();
            async move { store.commit(UnitOfWork { changes }).await.map(drop) }
        });
        for _ in 0..number % 7 {
            tokio::task::yield_now().await;
        }
        caller.abort();
        drop(caller.await);
    }
    // Everything before this one is written or refused when it is.
    attempt(&store, [line("last")]).await.unwrap();
    let lines = store.access().audit(0, 1000).await.unwrap();
    let (last, others) = lines.split_last().unwrap();
    assert_eq!(last.record.subject, "last");
    for number in 1..=200_u32 {
        let said = others.iter().any(|line| line.record.subject == number.to_string());
        let there = store.approvals().approval(id("appr_", number)).await.unwrap().is_some();
        assert_eq!(said, there, "approval {number}");
    }
}

/// Readers that go away do not use the connections up.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_that_go_away_cost_no_connection() {
    let server = ThrowAway::shared().fresh().await;
    let node = countersign_domain::audit::NodeName::local();
    let store = Arc::new(PostgresStore::open_with(server, node, Some(2)).await.unwrap());
    for number in 0..100 {
        let reader = tokio::spawn({
            let store = store.clone();
            async move { store.approvals().pending().await }
        });
        for _ in 0..number % 5 {
            tokio::task::yield_now().await;
        }
        reader.abort();
        drop(reader.await);
    }
    assert_eq!(store.approvals().pending().await, Ok(0));
}

/// A node that stops in the middle of a transaction, as one that is paused does, holds the others
/// up for no longer than the server's patience with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_node_that_stops_while_it_writes_is_cut_off() {
    let (store, server) = fresh().await;
    let paused = beside(&server).await;
    paused.script("SET idle_in_transaction_session_timeout = '300ms'").await.unwrap();
    paused.script("BEGIN").await.unwrap();
    paused.rows(&query!(LOCK)).await.unwrap();
    let seq = "INSERT INTO audit VALUES (1, '', 0, 'late', 'late', 'late', 1, 'late')";
    paused.script(seq).await.unwrap();
    attempt(&store, [line("in time")]).await.unwrap();
    // It comes back late, and cannot write.
    assert!(paused.script("COMMIT").await.is_err());
    let lines = store.access().audit(0, 9).await.unwrap();
    assert_eq!(lines[0].record.subject, "in time");
    assert_eq!(lines.len(), 1);
}

#[tokio::test]
async fn every_connection_is_set_up() {
    let (_store, server) = fresh().await;
    let session = beside(&server).await;
    for (setting, expected) in [
        ("idle_in_transaction_session_timeout", "5s"),
        ("lock_timeout", "15s"),
        ("statement_timeout", "30s"),
        ("synchronous_commit", "on"),
        ("application_name", "countersign"),
    ] {
        let rows = session.rows(&query!("SELECT current_setting(?1)", setting)).await.unwrap();
        assert_eq!(rows[0].get::<_, String>(0), expected, "{setting}");
    }
}

/// A server that was told to confirm before a commit is durable is told otherwise.
#[tokio::test]
async fn commits_are_durable_whatever_the_server_is_set_to() {
    let own = ThrowAway::start("-c synchronous_commit=off");
    let session = beside(&own.server()).await;
    let rows = session.rows(&query!("SELECT current_setting('synchronous_commit')")).await.unwrap();
    assert_eq!(rows[0].get::<_, String>(0), "on");
}

#[tokio::test]
async fn an_unreadable_record_is_named_and_spoils_no_other() {
    let (store, server) = fresh().await;
    attempt(&store, first_run()).await.unwrap();
    let added = [1, 2, 3].map(|number| Change::AddApproval(Box::new(approval(number, 1, 1))));
    attempt(&store, added).await.unwrap();
    let spoil = "UPDATE approvals SET doc = '{}' WHERE id LIKE '%1'; \
                 UPDATE approvals SET v = 7 WHERE id LIKE '%2'";
    beside(&server).await.script(spoil).await.unwrap();
    for number in [1, 2] {
        let refused = store.approvals().approval(id("appr_", number)).await;
        let Err(StoreError::Unreadable { what, .. }) = refused else {
            panic!("{refused:?}");
        };
        assert_eq!(what, format!("approval `{}`", approval(number, 1, 1).id));
    }
    assert!(store.approvals().approval(id("appr_", 3)).await.unwrap().is_some());
    assert_eq!(store.check().await, Ok(()));
}

/// A character that PostgreSQL cannot hold, where a person may have put it.
#[tokio::test]
async fn a_subject_with_a_zero_character_is_kept_and_found() {
    let (store, server) = fresh().await;
    attempt(&store, [line("a\0b")]).await.unwrap();
    let filter = countersign_ports::store::AuditFilter {
        subject: Some("a\0b".to_owned()),
        ..Default::default()
    };
    let found = store.audit().following(filter, 0, 9).await.unwrap();
    assert_eq!(found[0].record.subject, "a\0b");
    let mut verifier = Verifier::new(None);
    LogServer::open(&server).await.unwrap().verify(1, &mut verifier).await.unwrap();
}
