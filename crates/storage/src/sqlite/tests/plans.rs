//! How SQLite answers the catalogue's statements: through indexes, never by reading whole tables.

use rusqlite::Connection;

use super::super::open as opening;
use super::place;
use crate::catalogue::every::{every, pages, parts_of_the_audit_log};
use crate::catalogue::{approvals, log, runs};

/// Tables so small that reading them whole is fine when all of them is asked for.
const SMALL: [&str; 6] = ["rules", "api_keys", "pairings", "chat_runs", "owed_cards", "nodes"];

fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let parameters = statement.parameter_count();
    let nothing = vec![rusqlite::types::Null; parameters];
    let steps = statement.query_map(rusqlite::params_from_iter(nothing), |row| row.get(3)).unwrap();
    steps.map(Result::unwrap).collect()
}

#[test]
fn no_statement_reads_a_whole_table() {
    let (path, _dir) = place();
    let connection = opening::writer(&path).unwrap();
    for named in every() {
        let sql = named.sql;
        for step in plan(&connection, &sql) {
            let small = SMALL.iter().any(|table| step.starts_with(&format!("SCAN {table}")));
            // Read through, but no line is.
            let index = step == "SCAN audit USING COVERING INDEX audit_by_kind";
            assert!(small || index || !step.starts_with("SCAN"), "{step}: {sql}");
        }
    }
}

#[test]
fn pages_are_not_sorted() {
    let (path, _dir) = place();
    let connection = opening::writer(&path).unwrap();
    let pages = pages(approvals::TABLE, &approvals::FILTERS).into_iter().map(|named| named.sql);
    let others = [log::EVENTS_OF_APPROVALS, approvals::DUE, runs::LAST_ENTRIES_BEFORE];
    let others = others.map(str::to_owned);
    for sql in pages.chain(others) {
        for step in plan(&connection, &sql) {
            assert!(!step.contains("TEMP B-TREE"), "{step}: {sql}");
        }
    }
}

/// Events of runs are many times those of approvals: the stream must not walk over them.
#[test]
fn the_approvals_stream_has_its_own_index() {
    let (path, _dir) = place();
    let connection = opening::writer(&path).unwrap();
    for sql in [log::EVENTS_OF_APPROVALS, log::LAST_OF_APPROVALS] {
        let plan = plan(&connection, sql).join("; ");
        assert!(plan.contains("events_of_approvals"), "{plan}");
    }
}

/// A line that a filter leaves out is never read: the index alone tells.
#[test]
fn filters_of_the_audit_log_are_answered_by_an_index_alone() {
    let (path, _dir) = place();
    let connection = opening::writer(&path).unwrap();
    let parts = parts_of_the_audit_log(log::audit_part).into_iter().map(|named| named.sql);
    for sql in parts.filter(|sql| sql.contains("INDEXED BY")) {
        let plan = plan(&connection, &sql);
        assert!(plan.iter().any(|step| step.contains("USING COVERING INDEX")), "{plan:?}: {sql}");
    }
}
