//! Opening databases.

use countersign_domain::audit::NodeName;
use countersign_ports::store::{Change, Fault, Store, StoreError};

use super::super::migrate::{Older, known, migrate, migrate_to};
use super::super::session::query;
use super::super::{LogServer, PostgresStore, Server};
use super::{attempt, beside, fresh, open};
use crate::conformance::samples::{approval, audit, first_run, id, run};
use crate::history::Written;
use crate::throw_away::ThrowAway;

async fn refusal(server: &Server) -> Option<(Fault, String)> {
    match PostgresStore::open(server.clone(), NodeName::local()).await {
        Err(StoreError::Broken { fault, message }) => Some((fault, message)),
        Ok(_) | Err(_) => None,
    }
}

#[tokio::test]
async fn a_store_that_is_opened_again_has_everything() {
    let (store, server) = fresh().await;
    attempt(&store, first_run()).await.unwrap();
    attempt(&store, [Change::AddApproval(Box::new(approval(1, 1, 1)))]).await.unwrap();
    store.close().await;
    let store = open(&server).await;
    let found = store.runs().run(id("run_", 1)).await.unwrap();
    assert_eq!(found.map(|run| run.value), Some(run(1, 1)));
    assert_eq!(store.approvals().pending().await, Ok(1));
}

#[tokio::test]
async fn nodes_that_start_at_once_make_the_tables_once() {
    let server = ThrowAway::shared().fresh().await;
    let nodes = (0..6).map(|_| PostgresStore::open(server.clone(), NodeName::local()));
    for node in futures::future::join_all(nodes).await {
        assert_eq!(node.unwrap().check().await, Ok(()));
    }
}

#[tokio::test]
async fn a_schema_of_a_newer_version_is_refused() {
    let (store, server) = fresh().await;
    store.close().await;
    let newer = known().len() + 1;
    beside(&server)
        .await
        .script(&format!("INSERT INTO countersign_schema VALUES ({newer}, 'later')"))
        .await
        .unwrap();
    let (fault, message) = refusal(&server).await.unwrap();
    assert_eq!(fault, Fault::TooNew);
    assert!(message.contains("start a newer version of the program"), "{message}");
}

/// An old node is still at work when a new one brings the schema up to date; it cannot start again.
#[tokio::test]
async fn a_new_version_goes_forward_and_an_old_one_cannot_follow() {
    let (store, server) = fresh().await;
    let session = beside(&server).await;
    let mut later = known();
    let sql = "CREATE TABLE later (id BIGINT)";
    later.push(Written { version: i64::try_from(later.len()).unwrap() + 1, sql });
    for _ in 0..2 {
        migrate_to(&session, "here", Older::Renew, &later).await.unwrap();
    }
    attempt(&store, first_run()).await.unwrap();
    assert_eq!(refusal(&server).await.map(|refused| refused.0), Some(Fault::TooNew));
}

/// All of it or nothing.
#[tokio::test]
async fn a_step_that_fails_leaves_the_schema_as_it_was() {
    let (_store, server) = fresh().await;
    let session = beside(&server).await;
    let mut later = known();
    let next = i64::try_from(later.len()).unwrap() + 1;
    let good = Written { version: next, sql: "CREATE TABLE later (id BIGINT)" };
    let bad = Written { version: next + 1, sql: "CREATE TABLE runs (id BIGINT)" };
    later.extend([good, bad]);
    migrate_to(&session, "here", Older::Renew, &later).await.unwrap_err();
    migrate(&session, "here", Older::Refuse).await.unwrap();
}

#[tokio::test]
async fn a_step_with_another_text_is_refused() {
    let (store, server) = fresh().await;
    store.close().await;
    let edit = "UPDATE countersign_schema SET hash = 'sha256:00' WHERE version = 1";
    beside(&server).await.script(edit).await.unwrap();
    assert_eq!(refusal(&server).await.map(|refused| refused.0), Some(Fault::Altered));
}

#[tokio::test]
async fn tables_of_another_program_are_refused_and_not_touched() {
    let server = ThrowAway::shared().fresh().await;
    let other = beside(&server).await;
    other.script("CREATE TABLE runs (id INTEGER); INSERT INTO runs VALUES (7)").await.unwrap();
    let (fault, message) = refusal(&server).await.unwrap();
    assert_eq!(fault, Fault::Foreign);
    assert!(message.contains("`runs`"), "{message}");
    let kept = other.rows(&query!("SELECT id::bigint FROM runs")).await.unwrap();
    assert_eq!(kept[0].get::<_, i64>(0), 7);
    let found = other.rows(&query!("SELECT to_regclass('sessions') IS NULL")).await.unwrap();
    assert!(found[0].get::<_, bool>(0));
}

#[tokio::test]
async fn what_is_wrong_with_a_database_is_said() {
    let shared = ThrowAway::shared();
    let missing = format!("{}?options=-c%20search_path%3Dnowhere", shared.address());
    for (address, expected) in [
        (missing, "does not exist; create it first"),
        (shared.address_of("nothing"), "database \"nothing\" does not exist"),
        ("postgres://cs@127.0.0.1:1/cs".to_owned(), "refused"),
        (shared.address().replace("postgres@", "nobody-here@"), "nobody-here"),
    ] {
        let server = Server::parse(&address, None).unwrap();
        let refused = PostgresStore::open(server, NodeName::local()).await.unwrap_err();
        assert!(refused.to_string().contains(expected), "{address}: {refused}");
    }
}

#[tokio::test]
async fn a_database_in_another_encoding_is_refused() {
    let shared = ThrowAway::shared();
    shared.script("CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'").await;
    let address = shared.address_of("latin");
    let server = Server::parse(&address, None).unwrap();
    let refused = PostgresStore::open(server, NodeName::local()).await.unwrap_err();
    assert!(refused.to_string().contains("ENCODING 'UTF8'"), "{refused}");
}

#[tokio::test]
async fn two_gateways_in_two_schemas_do_not_meet() {
    let ((one, _), (two, _)) = (fresh().await, fresh().await);
    attempt(&one, [Change::AddAudit(Box::new(audit("a")))]).await.unwrap();
    assert_eq!(two.access().audit(0, 9).await, Ok(vec![]));
}

#[tokio::test]
async fn a_log_is_read_beside_a_running_gateway() {
    let (store, server) = fresh().await;
    attempt(&store, ["a", "b"].map(|subject| Change::AddAudit(Box::new(audit(subject)))))
        .await
        .unwrap();
    let log = LogServer::open(&server).await.unwrap();
    assert_eq!(log.last().await.unwrap(), 2);
    let latest = log.latest(countersign_ports::store::AuditFilter::default(), 1).await.unwrap();
    assert_eq!(latest[0].record, audit("b"));
    let mut verifier = countersign_domain::audit::verify::Verifier::new(None);
    log.verify(1, &mut verifier).await.unwrap();
    assert_eq!(verifier.finish(&[]).unwrap().records, 2);
    let mut exported = Vec::new();
    log.lines(1, |line| {
        exported.push(line.to_owned());
        Ok(())
    })
    .await
    .unwrap();
    assert_eq!(exported.len(), 2);
    let empty = LogServer::open(&ThrowAway::shared().fresh().await).await.unwrap_err();
    assert!(matches!(empty, StoreError::Missing(_)), "{empty}");
}

/// What was changed behind the store's back is found.
#[tokio::test]
async fn a_changed_log_is_found() {
    let (store, server) = fresh().await;
    let lines = (0..9).map(|number| Change::AddAudit(Box::new(audit(&number.to_string()))));
    attempt(&store, lines).await.unwrap();
    let edit = "UPDATE audit SET doc = replace(doc, 'once', 'deny') WHERE seq = 4";
    beside(&server).await.script(edit).await.unwrap();
    let mut verifier = countersign_domain::audit::verify::Verifier::new(None);
    let found = LogServer::open(&server).await.unwrap().verify(1, &mut verifier).await;
    assert!(found.unwrap_err().to_string().contains('4'));
}
