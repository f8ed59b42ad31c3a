//! How SQLite answers the catalogue's statements: through indexes, never by reading whole tables.

use rusqlite::Connection;

use super::super::open as opening;
use super::place;
use crate::catalogue::{self, access, approvals, log, outbox, runs};

/// Tables so small that reading them whole is fine when all of them is asked for.
const SMALL: [&str; 2] = ["rules", "api_keys"];

fn plan(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let parameters = statement.parameter_count();
    let nothing = vec![rusqlite::types::Null; parameters];
    let steps = statement.query_map(rusqlite::params_from_iter(nothing), |row| row.get(3)).unwrap();
    steps.map(Result::unwrap).collect()
}

fn pages(table: &str, columns: &[&str]) -> Vec<String> {
    (0..1_usize << columns.len())
        .map(|subset| {
            let chosen: Vec<_> = columns
                .iter()
                .enumerate()
                .filter_map(|(place, column)| (subset >> place & 1 == 1).then_some(*column))
                .collect();
            catalogue::page(table, &chosen)
        })
        .collect()
}

fn parts_of_the_audit_log() -> Vec<String> {
    let orders = [log::Order::Following, log::Order::NewestFirst];
    let choices = 0..1_usize << log::AUDIT_FILTERS.len();
    choices
        .flat_map(|choice| {
            let conditions = log::AUDIT_FILTERS.iter().enumerate();
            let chosen: Vec<_> = conditions
                .filter_map(|(place, text)| (choice >> place & 1 == 1).then_some(*text))
                .collect();
            orders.map(|order| log::audit_part(&chosen, order))
        })
        .collect()
}

fn statements() -> Vec<String> {
    let fixed = [
        runs::SESSION,
        runs::RUN,
        runs::RUN_VERSION,
        runs::UNFINISHED,
        runs::ACTIVE_IN,
        runs::WORKING,
        runs::LAST_ENTRIES,
        runs::ENTRIES_OF_RUN,
        runs::CALL,
        runs::CALL_VERSION,
        runs::CALLS,
        runs::UPDATE_RUN,
        runs::UPDATE_CALL,
        approvals::APPROVAL,
        approvals::APPROVAL_VERSION,
        approvals::UPDATE_APPROVAL,
        approvals::OF_RUN,
        approvals::PENDING,
        approvals::PENDING_IN,
        approvals::PENDING_LIKE,
        approvals::DUE,
        approvals::NEXT_DEADLINE,
        approvals::REWRITE_RULE,
        approvals::REMOVE_RULE,
        approvals::RULE,
        approvals::RULES_FOR,
        approvals::RULES,
        log::ADD_EVENT,
        log::EVENTS_OF_RUN,
        log::EVENTS_OF_APPROVALS,
        log::LAST_OF_RUN,
        log::LAST_OF_APPROVALS,
        log::ADD_AUDIT,
        log::AUDIT,
        log::AUDIT_HEAD,
        log::AUDIT_HASHES,
        log::AUDIT_ROWS,
        access::LIVING_KEY_NAMED,
        access::REWRITE_KEY,
        access::KEY,
        access::KEY_BY_SECRET,
        access::KEYS,
        access::USE_LINK,
        access::FORGET_LINKS,
        access::REMOVE_WEB_SESSION,
        access::WEB_SESSION,
        access::FORGET_WEB_SESSIONS,
        access::ANSWER_END,
        access::ANSWER,
        access::FORGET_ANSWERS,
        outbox::SENT_SINCE,
        outbox::OF_CALL,
        outbox::FORGET_OUTBOX,
    ];
    let mut all: Vec<_> = fixed.into_iter().map(str::to_owned).collect();
    all.extend(pages(runs::TABLE, &runs::FILTERS));
    all.extend(pages(approvals::TABLE, &approvals::FILTERS));
    all.extend(parts_of_the_audit_log());
    all
}

#[test]
fn no_statement_reads_a_whole_table() {
    let (path, _dir) = place();
    let connection = opening::writer(&path).unwrap();
    for sql in statements() {
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
    let mut pages = pages(approvals::TABLE, &approvals::FILTERS);
    pages.extend([log::EVENTS_OF_APPROVALS, approvals::DUE, runs::LAST_ENTRIES].map(str::to_owned));
    for sql in pages {
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
    for sql in parts_of_the_audit_log().iter().filter(|sql| sql.contains("INDEXED BY")) {
        let plan = plan(&connection, sql);
        assert!(plan.iter().any(|step| step.contains("USING COVERING INDEX")), "{plan:?}: {sql}");
    }
}
