//! Copies between stores of both kinds.

use std::collections::BTreeSet;
use std::path::Path;

use countersign_domain::approvals::{Choice, RuleScope};
use countersign_domain::runs::Stream;
use countersign_domain::service_conversations::CountedKind;
use countersign_ports::store::{
    ApprovalFilter, AuditFilter, Change, PageRequest, SharedStore, Store, UnitOfWork, Version,
};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use super::tables::TABLES;
use super::{Copied, CopyError, Place, Progress, copy, copy_after};
use crate::conformance::samples::{
    approval, at, audit, call, decided, delta, entry, first_run, id, key, node, reminded, rule,
};
use crate::conformance::{chats, service};
use crate::throw_away::ThrowAway;
use crate::{PostgresStore, SqliteStore};

async fn open(place: &Place) -> SharedStore {
    let node = "node-1".parse().unwrap();
    match place {
        Place::Sqlite(path) => Arc::new(SqliteStore::open_as(path, node).unwrap()),
        Place::Postgres(server) => {
            Arc::new(PostgresStore::open((**server).clone(), node).await.unwrap())
        }
    }
}

fn file(dir: &TempDir, name: &str) -> Place {
    Place::Sqlite(dir.path().join(name))
}

async fn database() -> Place {
    Place::Postgres(Box::new(ThrowAway::shared().fresh().await))
}

async fn commit(store: &dyn Store, changes: impl IntoIterator<Item = Change>) {
    store.commit(UnitOfWork { changes: changes.into_iter().collect() }).await.unwrap();
}

/// Something in every table, with characters that formats stumble over.
#[expect(clippy::too_many_lines, reason = "it is one list, a line a table")]
async fn fill(store: &dyn Store) {
    commit(store, first_run()).await;
    let one = approval(1, 1, 1);
    let awkward = "tab\t line\n\r back\\slash \\N \\. \u{0} „quotes“ \u{1f600}";
    let changes = [
        Change::AddEntry(Box::new(entry(1, 1, 0))),
        Change::AddCall(Box::new(call(1, 1, 0, 0))),
        Change::AddApproval(Box::new(one.clone())),
        Change::AddApproval(Box::new(approval(2, 1, 1))),
        Change::UpdateApproval(Box::new(decided(&one, Choice::Once, "operator")), Version(1)),
        Change::AddRule(Box::new(rule(1, RuleScope::Always, None))),
        Change::AddGrant(countersign_ports::store::IssuedGrant {
            id: id("grant_", 1),
            approval_id: Some(id("appr_", 1)),
            expires_at: at(900),
            used_at: None,
            revoked_at: None,
        }),
        Change::AddToOutbox(Box::new(countersign_ports::store::OutboxEntry {
            grant: id("grant_", 1),
            call: Some(id("call_", 1)),
            destinations: ["webhook:a".to_owned(), "webhook:b".to_owned()].into(),
            at: at(5),
            limit: countersign_ports::store::RateLimit { since: at(0), most: 9 },
        })),
        Change::AddKey(key(1, "laptop")),
        Change::AddSignInLink(countersign_ports::store::SignInLink {
            token: one.digest,
            expires_at: at(900),
        }),
        Change::AddWebSession(countersign_ports::store::WebSession {
            id: id("web_", 1),
            token: one.digest,
            expires_at: at(900),
        }),
        Change::Remember(countersign_ports::store::IdempotentAnswer {
            caller: "api:ci".parse().unwrap(),
            key: "k\\1".to_owned(),
            request: one.digest,
            status: 201,
            body: "{\"a\":\"b\\n\\\\\"}".to_owned(),
            expires_at: at(900),
        }),
        delta(1, awkward),
        reminded(1),
        chats::delivery("bot", "m1"),
        Change::AddConversation(Box::new(chats::conversation("town"))),
        Change::AddChatRun(Box::new(chats::chat_run(1, 1))),
        Change::AddCard(Box::new(chats::card(1, "town"))),
        Change::AddOwedCard(Box::new(chats::owed_card(1, 1))),
        Change::PutPairing(Box::new(chats::pairing(1, "ann"))),
        Change::PutUnasked(Box::new(chats::unasked(5))),
        Change::PutNote(Box::new(chats::note(awkward))),
        Change::AddServiceChat(Box::new(service::service_chat(1))),
        Change::LearnAlias("77@lid".parse().unwrap(), service::service_chat(1).id),
        Change::AddSaid(Box::new(service::said(1, 1, service::provider()))),
        service::counted(1, 1, CountedKind::AutoSend, at(1), 1),
    ];
    commit(store, changes).await;
    for number in 0..1200 {
        commit(store, [Change::AddAudit(Box::new(audit(&format!("{number} {awkward}"))))]).await;
    }
}

/// Everything that can be asked for, as text.
async fn everything(store: &dyn Store) -> Vec<String> {
    let page = || PageRequest { before: None, limit: 100 };
    let run = id("run_", 1);
    vec![
        format!("{:?}", store.runs().run(run).await.unwrap()),
        format!("{:?}", store.runs().session(id("sess_", 1)).await.unwrap()),
        format!("{:?}", store.runs().entries_of_run(run).await.unwrap()),
        format!("{:?}", store.runs().calls(run).await.unwrap()),
        format!(
            "{:?}",
            store
                .approvals()
                .approvals(ApprovalFilter::default(), PageRequest { before: None, limit: 9 })
                .await
                .unwrap()
        ),
        format!("{:?}", store.approvals().approval(id("appr_", 1)).await.unwrap()),
        format!("{:?}", store.approvals().pending().await.unwrap()),
        format!("{:?}", store.approvals().rules(at(0)).await.unwrap()),
        format!("{:?}", store.approvals().grant(id("grant_", 1)).await.unwrap()),
        format!("{:?}", store.events().after(Stream::Run(run), 0, 100).await.unwrap()),
        format!("{:?}", store.events().after(Stream::Approvals, 0, 100).await.unwrap()),
        format!("{:?}", store.approvals().send_of(id("call_", 1)).await.unwrap()),
        format!("{:?}", store.access().keys().await.unwrap()),
        format!("{:?}", store.access().web_session(approval(1, 1, 1).digest).await.unwrap()),
        format!(
            "{:?}",
            store.access().remembered(&"api:ci".parse().unwrap(), "k\\1").await.unwrap()
        ),
        format!("{:?}", store.access().audit(0, 5000).await.unwrap()),
        format!("{:?}", store.audit().page(AuditFilter::default(), page()).await.unwrap()),
    ]
}

async fn copied(from: &Place, to: &Place) -> Result<Copied, CopyError> {
    copy(from, to, None, |_| {}).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_goes_there_and_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let places = [file(&dir, "a.db"), database().await, database().await, file(&dir, "b.db")];
    let store = open(&places[0]).await;
    fill(&*store).await;
    let before = everything(&*store).await;
    store.close().await;
    let mut seen = Vec::new();
    for way in places.windows(2) {
        let report = copy(&way[0], &way[1], None, |step| seen.push(step)).await.unwrap();
        assert_eq!(report.audit.records, 1200);
        assert!(report.rows.iter().all(|(_, rows)| *rows > 0), "{:?}", report.rows);
        let store = open(&way[1]).await;
        assert_eq!(everything(&*store).await, before);
        store.close().await;
    }
    assert_eq!(seen[0], Progress::CheckingSource);
    assert!(seen.contains(&Progress::Copying { table: "audit", done: 1200, of: 1200 }));
    assert_eq!(seen.last(), Some(&Progress::CheckingCopy));
}

/// The copy is a store to work with: the chain goes on, and so do the numbers of events, also above
/// those that were removed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_goes_on_in_the_copy() {
    let dir = tempfile::tempdir().unwrap();
    let (one, two, three) = (file(&dir, "a.db"), database().await, file(&dir, "b.db"));
    let store = open(&one).await;
    fill(&*store).await;
    store.close().await;
    let connection = rusqlite::Connection::open(dir.path().join("a.db")).unwrap();
    connection.execute_batch("DELETE FROM events").unwrap();
    drop(connection);
    for (from, to, lines) in [(&one, &two, 1201), (&two, &three, 1202)] {
        copied(from, to).await.unwrap();
        let store = open(to).await;
        let line = Change::AddAudit(Box::new(audit("later")));
        commit(&*store, [line, delta(1, "later"), reminded(1)]).await;
        let last = store.events().last(Stream::Approvals).await.unwrap().unwrap();
        assert!(last.global_seq > 3, "{last:?}");
        assert_eq!(store.audit().head().await.unwrap().seq, lines);
        commit(&*store, [Change::UseRule(id("rule_", 1), at(1000))]).await;
        store.close().await;
    }
    copied(&three, &database().await).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_place_with_something_in_it_is_refused_and_stays() {
    let dir = tempfile::tempdir().unwrap();
    let from = file(&dir, "a.db");
    fill(&*open(&from).await).await;
    for to in [database().await, file(&dir, "b.db")] {
        let store = open(&to).await;
        commit(&*store, [Change::AddKey(key(1, "mine"))]).await;
        store.close().await;
        let refused = copied(&from, &to).await.unwrap_err();
        assert!(matches!(refused, CopyError::NotEmpty { table: "api_keys", .. }), "{refused}");
        let store = open(&to).await;
        assert_eq!(store.access().keys().await.unwrap().len(), 1);
        assert_eq!(store.access().audit(0, 9).await, Ok(vec![]));
        store.close().await;
    }
}

/// A log that was tampered with is not carried on as if it were whole, and what was begun can be
/// begun again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_log_is_not_copied() {
    let dir = tempfile::tempdir().unwrap();
    let (from, to) = (file(&dir, "a.db"), database().await);
    let store = open(&from).await;
    fill(&*store).await;
    store.close().await;
    let edit = |sql: &str| {
        let connection = rusqlite::Connection::open(dir.path().join("a.db")).unwrap();
        connection.execute_batch(sql).unwrap();
    };
    edit("UPDATE audit SET kind = 'run.started' WHERE seq = 40");
    let refused = copied(&from, &to).await.unwrap_err();
    assert!(matches!(&refused, CopyError::Broken(_, broken) if broken.seq == 40), "{refused}");
    edit("UPDATE audit SET kind = 'approval.decided' WHERE seq = 40");
    copied(&from, &to).await.unwrap();
}

/// Broken off in the middle, by whatever: the next try finds an empty place.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_copy_that_is_broken_off_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let from = file(&dir, "a.db");
    let store = open(&from).await;
    fill(&*store).await;
    store.close().await;
    for to in [database().await, file(&dir, "b.db")] {
        let task = tokio::spawn({
            let (from, to) = (from.clone(), to.clone());
            async move {
                copy(&from, &to, None, |step| {
                    assert!(step != Progress::CheckingCopy, "broken off");
                })
                .await
            }
        });
        assert!(task.await.unwrap_err().is_panic());
        copied(&from, &to).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_cannot_be_copied() {
    let dir = tempfile::tempdir().unwrap();
    let (file, database) = (file(&dir, "a.db"), database().await);
    for (from, to) in [(&file, &database), (&database, &file)] {
        let refused = copied(from, to).await.unwrap_err();
        assert!(matches!(refused, CopyError::Store(..)), "{refused}");
        assert!(refused.to_string().starts_with(&from.to_string()), "{refused}");
    }
    assert!(!Path::new(&dir.path().join("a.db")).exists());
}

/// A table or a column that is added to one store must be added to the other, and is copied.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_table_and_column_of_both_stores_is_copied() {
    let listed: BTreeSet<_> = TABLES
        .iter()
        .flat_map(|table| {
            table.columns.iter().map(|(column, _)| format!("{}.{column}", table.name))
        })
        .collect();
    // What counts by itself, how the tables came to be, and who is at work now and writes.
    let own = ["tallies.", "countersign_schema.", "nodes.", "leases.", "commits."];
    let ours = |name: &String| !own.iter().any(|table| name.starts_with(table));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.db");
    SqliteStore::open(&path).unwrap().close().await;
    let connection = rusqlite::Connection::open(&path).unwrap();
    let sql = "SELECT t.name || '.' || c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c \
               WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite_%'";
    let mut statement = connection.prepare(sql).unwrap();
    let found: BTreeSet<String> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .filter(ours)
        .collect();
    assert_eq!(found, listed);
    let Place::Postgres(server) = database().await else {
        return;
    };
    PostgresStore::open((*server).clone(), "node-1".parse().unwrap()).await.unwrap();
    let (client, connection) = server.config.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let sql = "SELECT table_name || '.' || column_name FROM information_schema.columns \
               WHERE table_schema = current_schema()";
    let rows = client.query(sql, &[]).await.unwrap();
    let found: BTreeSet<String> = rows.iter().map(|row| row.get(0)).filter(ours).collect();
    assert_eq!(found, listed);
}

/// A node that says that it lives would go on writing into what was left. One that was cut off is only
/// listed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_nodes_work_on_is_not_copied() {
    let dir = tempfile::tempdir().unwrap();
    for (from, number) in [(file(&dir, "a.db"), 1), (database().await, 2)] {
        let store = open(&from).await;
        fill(&*store).await;
        let node = node(number);
        commit(&*store, [Change::AddNode(Box::new(node.clone()))]).await;
        let to = file(&dir, &format!("copy-{number}.db"));
        let beating = async {
            loop {
                commit(&*store, [Change::Beat(node.id)]).await;
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        let mut listened = Vec::new();
        let hour = Duration::from_hours(1);
        let refused = tokio::select! {
            refused = copy_after(hour, (&from, &to), None, |step| listened.push(step)) => refused,
            () = beating => unreachable!(),
        };
        let told = refused.unwrap_err().to_string();
        assert!(told.starts_with(&format!("the node `{}` (", node.name)), "{told}");
        assert!(told.contains("stop every gateway that uses it"), "{told}");
        assert_eq!(listened, [Progress::ListeningForNodes(1)]);
        let short = Duration::from_millis(1);
        let report = copy_after(short, (&from, &to), None, |_| {}).await.unwrap();
        assert_eq!(report.audit.records, 1200);
        store.close().await;
    }
}
