//! Every statement there is, for tests that hold for all of them.

use super::{access, approvals, chats, grants, log, nodes, outbox, retention, runs, service};

/// A statement and its name.
#[derive(Debug, Clone)]
pub(crate) struct Named {
    pub(crate) name: String,
    pub(crate) sql: String,
}

macro_rules! named {
    ($($area:ident::$name:ident),* $(,)?) => {
        vec![$(Named {
            name: concat!(stringify!($area), "::", stringify!($name)).to_owned(),
            sql: $area::$name.to_owned(),
        }),*]
    };
}

/// All of them: those that are constants, and every shape of those that are composed.
pub(crate) fn every() -> Vec<Named> {
    let mut all = constants();
    all.extend(pages(runs::SESSIONS, &[]));
    all.extend(pages(runs::TABLE, &runs::FILTERS));
    all.extend(pages(approvals::TABLE, &approvals::FILTERS));
    all.extend(parts_of_the_audit_log(log::audit_part));
    all
}

fn constants() -> Vec<Named> {
    let areas = [
        access_statements(),
        approvals_statements(),
        chats_statements(),
        grants_statements(),
        log_statements(),
        nodes_statements(),
        outbox_statements(),
        retention_statements(),
        runs_statements(),
        service_statements(),
    ];
    areas.into_iter().flatten().collect()
}

fn service_statements() -> Vec<Named> {
    named![
        service::ADD_CHAT,
        service::UPDATE_CHAT,
        service::CHAT_VERSION,
        service::CHAT,
        service::CHATS,
        service::STRANGERS,
        service::REMOVE_CHAT,
        service::MOVE_SAID,
        service::MOVE_COUNTED,
        service::LEARN,
        service::FORGET_ALIASES,
        service::NUMBER_OF,
        service::ADD_COUNTED,
        service::COUNTED,
        service::COUNTED_IN_CHAT,
        service::FORGET_COUNTED,
        service::ADD_SAID,
        service::SAID,
        service::FORGET_SAID,
        service::OLDEST_SAID,
    ]
}

fn access_statements() -> Vec<Named> {
    named![
        access::ADD_KEY,
        access::LIVING_KEY_NAMED,
        access::REWRITE_KEY,
        access::KEY,
        access::KEY_BY_SECRET,
        access::KEYS,
        access::ADD_LINK,
        access::USE_LINK,
        access::FORGET_LINKS,
        access::ADD_WEB_SESSION,
        access::REMOVE_WEB_SESSION,
        access::WEB_SESSION,
        access::FORGET_WEB_SESSIONS,
        access::ANSWER_END,
        access::REMEMBER,
        access::ANSWER,
        access::FORGET_ANSWERS,
        access::FORGET_RULES,
    ]
}

fn approvals_statements() -> Vec<Named> {
    named![
        approvals::ADD_APPROVAL,
        approvals::UPDATE_APPROVAL,
        approvals::APPROVAL_VERSION,
        approvals::APPROVAL,
        approvals::OF_RUN,
        approvals::PENDING_LIKE,
        approvals::PENDING_IN,
        approvals::PENDING,
        approvals::DUE,
        approvals::NEXT_DEADLINE,
        approvals::ADD_RULE,
        approvals::REWRITE_RULE,
        approvals::REMOVE_RULE,
        approvals::RULE,
        approvals::RULES_FOR,
        approvals::RULES,
    ]
}

fn chats_statements() -> Vec<Named> {
    named![
        chats::ADD_DELIVERY,
        chats::DELIVERY,
        chats::FORGET_DELIVERIES,
        chats::ADD_CONVERSATION,
        chats::UPDATE_CONVERSATION,
        chats::CONVERSATION_VERSION,
        chats::CONVERSATION,
        chats::ADD_CHAT_RUN,
        chats::REMOVE_CHAT_RUN,
        chats::CHAT_RUNS,
        chats::OWED_SESSIONS,
        chats::REMOVE_CARDS,
        chats::ADD_CARD,
        chats::UPDATE_CARD,
        chats::CARD_VERSION,
        chats::CARD,
        chats::CARDS_OF_RUN,
        chats::OPEN_CARDS_AT,
        chats::ADD_OWED_CARD,
        chats::REMOVE_OWED_CARD,
        chats::OWED_CARDS,
        chats::REMOVE_OWED_CARDS,
        chats::LAST_CARDS_AT,
        chats::PUT_PAIRING,
        chats::REMOVE_PAIRING,
        chats::PAIRING,
        chats::PAIRINGS,
        chats::PUT_NOTE,
        chats::NOTE,
        chats::PUT_UNASKED,
        chats::UNASKED,
    ]
}

fn grants_statements() -> Vec<Named> {
    named![
        grants::ADD_GRANT,
        grants::USE_GRANT,
        grants::REVOKE_GRANT,
        grants::GRANT,
        grants::FORGET_GRANTS,
    ]
}

fn log_statements() -> Vec<Named> {
    named![
        log::ADD_EVENT,
        log::EVENTS_OF_RUN,
        log::EVENTS_OF_APPROVALS,
        log::LAST_OF_RUN,
        log::LAST_OF_APPROVALS,
        log::AUDIT_HEAD,
        log::ADD_AUDIT,
        log::AUDIT,
        log::AUDIT_HASHES,
        log::AUDIT_ROWS,
    ]
}

fn nodes_statements() -> Vec<Named> {
    named![
        nodes::ADD_NODE,
        nodes::UPDATE_NODE,
        nodes::BEAT,
        nodes::NODE_IS_THERE,
        nodes::LIVING,
        nodes::REMOVE_LEASES,
        nodes::REMOVE_NODE,
        nodes::NODE_WITH_BEAT,
        nodes::TAKE_LEASE,
        nodes::DROP_LEASE,
        nodes::HOLDER,
        nodes::LASTING_LEASES,
        nodes::DRIVEN,
        nodes::ADRIFT,
    ]
}

fn outbox_statements() -> Vec<Named> {
    named![
        outbox::ADD_ENTRY,
        outbox::SENT_SINCE,
        outbox::OF_CALL,
        outbox::FORGET_SENDS,
        outbox::OLDEST_SEND,
    ]
}

fn retention_statements() -> Vec<Named> {
    named![
        retention::FINISHED,
        retention::FINISHED_WITH_EVENTS,
        retention::EMPTY_SESSIONS,
        retention::IS_FINISHED,
        retention::REMOVE_EVENTS,
        retention::REMOVE_CALLS,
        retention::REMOVE_ENTRIES,
        retention::REMOVE_APPROVALS,
        retention::REMOVE_RUN,
        retention::REMOVE_SESSION,
        retention::SESSION_IS_THERE,
    ]
}

fn runs_statements() -> Vec<Named> {
    named![
        runs::ADD_SESSION,
        runs::PUT_SESSION,
        runs::SESSION,
        runs::ADD_RUN,
        runs::UPDATE_RUN,
        runs::RUN_VERSION,
        runs::RUN,
        runs::UNFINISHED,
        runs::ACTIVE_IN,
        runs::WORKING,
        runs::ADD_ENTRY,
        runs::LAST_ENTRIES_BEFORE,
        runs::ENTRIES_OF_RUN,
        runs::ADD_CALL,
        runs::UPDATE_CALL,
        runs::CALL_VERSION,
        runs::CALL,
        runs::CALLS,
    ]
}

/// Pages of `table` for every choice of `columns`.
pub(crate) fn pages(table: &str, columns: &[&str]) -> Vec<Named> {
    choices(columns)
        .map(|chosen| Named {
            name: format!("page of {table} by {chosen:?}"),
            sql: super::page(table, &chosen),
        })
        .collect()
}

/// Parts of the audit log for every choice of conditions, both ways.
pub(crate) fn parts_of_the_audit_log(write: fn(&[&str], log::Order) -> String) -> Vec<Named> {
    choices(&log::AUDIT_FILTERS)
        .flat_map(|chosen| {
            [log::Order::Following, log::Order::NewestFirst].map(|order| Named {
                name: format!("part of the audit log by {chosen:?}, {order:?}"),
                sql: write(&chosen, order),
            })
        })
        .collect()
}

fn choices<'a>(of: &'a [&'a str]) -> impl Iterator<Item = Vec<&'a str>> {
    (0..1_usize << of.len()).map(|choice| {
        let chosen = of.iter().enumerate().filter(|(place, _)| choice >> place & 1 == 1);
        chosen.map(|(_, text)| *text).collect()
    })
}

#[test]
fn no_statement_is_left_out() {
    let sources = [
        ("access", include_str!("access.rs")),
        ("approvals", include_str!("approvals.rs")),
        ("chats", include_str!("chats.rs")),
        ("grants", include_str!("grants.rs")),
        ("log", include_str!("log.rs")),
        ("nodes", include_str!("nodes.rs")),
        ("outbox", include_str!("outbox.rs")),
        ("retention", include_str!("retention.rs")),
        ("runs", include_str!("runs.rs")),
        ("service", include_str!("service.rs")),
    ];
    let listed: Vec<_> = constants().into_iter().map(|named| named.name).collect();
    for (area, source) in sources {
        for line in source.lines().filter_map(|line| line.strip_prefix("pub(crate) const ")) {
            let Some((name, kind)) = line.split_once(": ") else {
                continue;
            };
            // Three constants are words that statements are made of.
            if kind.starts_with("&str") && !["TABLE", "SESSIONS", "EVERYWHERE"].contains(&name) {
                let name = format!("{area}::{name}");
                assert!(listed.contains(&name), "{name} is not in the list of statements");
            }
        }
    }
}
