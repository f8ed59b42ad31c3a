//! How PostgreSQL answers the catalogue's statements: through indexes, never by reading whole
//! tables.

use super::super::dialect::dialect;
use super::super::reads::audit::part_sql;
use super::super::{marks, plan, transaction};
use super::{beside, fresh};
use crate::catalogue::every::{Named, every, parts_of_the_audit_log};

/// Tables so small that reading them whole is what the planner should do.
const SMALL: [&str; 9] = [
    "rules",
    "api_keys",
    "tallies",
    "pairings",
    "chat_runs",
    "owed_cards",
    "nodes",
    "leases",
    "commits",
];

/// What a busy gateway has after a while: 10,000 runs, of which a hundred are not over.
const FILL: &str = "
    INSERT INTO sessions
        SELECT 'sess_' || lpad(n::text, 32, '0'), 1, repeat('x', 100)
        FROM generate_series(1, 1000) AS n;
    INSERT INTO runs
        SELECT 'run_' || lpad(n::text, 32, '0'), 1, 'sess_' || lpad((n % 1000 + 1)::text, 32, '0'),
            'api:key' || n % 50, CASE WHEN n % 100 = 0 THEN 'running' ELSE 'completed' END,
            (n % 100 <> 0)::int, 1, repeat('x', 500)
        FROM generate_series(1, 10000) AS n;
    INSERT INTO entries
        SELECT session_id, id, place, 1, repeat('x', 300) FROM runs, generate_series(0, 1) AS place;
    INSERT INTO calls
        SELECT replace(id, 'run_', 'call_'), 1, id, 1, 0, 1, repeat('x', 300) FROM runs;
    INSERT INTO approvals
        SELECT replace(id, 'run_', 'appr_'), 1, id, session_id,
            CASE WHEN n % 3 = 0 THEN 'http_request' ELSE 'exec' END,
            CASE WHEN n % 50 = 0 THEN 'pending' ELSE 'executed' END,
            CASE WHEN n % 50 = 0 THEN n ELSE NULL END, 1, repeat('x', 1000), 'sha256:' || n
        FROM (SELECT *, row_number() OVER (ORDER BY id) AS n FROM runs) AS numbered;
    INSERT INTO events (run_id, seq, at, is_approval, v, doc)
        SELECT id, seq, 0, (seq = 3)::int, 1, repeat('x', 200)
        FROM generate_series(1, 4) AS seq, runs;
    INSERT INTO audit
        SELECT n, decode(lpad(to_hex(n), 64, '0'), 'hex'), n * 1000, 'kind.' || n % 20,
            'api:key' || n % 50, 'appr_' || n % 5000, 1, repeat('x', 400)
        FROM generate_series(1, 20000) AS n;
    INSERT INTO rules
        SELECT 'rule_' || n, 'sess_' || n, n, 1, repeat('x', 300) FROM generate_series(1, 50) AS n;
    INSERT INTO api_keys
        SELECT 'key_' || n, 'key' || n, 'secret' || n, 0, 1, repeat('x', 200)
        FROM generate_series(1, 50) AS n;
    INSERT INTO grants SELECT 'grant_' || n, NULL, n FROM generate_series(1, 10000) AS n;
    INSERT INTO outbox
        SELECT 'grant_' || n, 'webhook:' || n % 50, 'call_' || n, n
        FROM generate_series(1, 10000) AS n;
    INSERT INTO deliveries
        SELECT 'mattermost', 'bot', 'd' || n, n * 100000 FROM generate_series(1, 10000) AS n;
    INSERT INTO conversations
        SELECT 'key' || n, 1, 1, repeat('x', 300) FROM generate_series(1, 10000) AS n;
    INSERT INTO chat_runs
        SELECT id, session_id, 1, repeat('x', 200) FROM runs WHERE finished = 0;
    INSERT INTO cards
        SELECT replace(id, 'appr_', 'card_'), 1, id, run_id, 'chat' || length(id), 1,
            repeat('x', 300)
        FROM approvals;
    UPDATE cards SET address = 'chat' || right(id, 3);
    INSERT INTO owed_cards SELECT id, run_id, 1, repeat('x', 200) FROM approvals LIMIT 50;
    INSERT INTO pairings
        SELECT 'pair_' || n, 'mattermost', 'person' || n, 1, 1, repeat('x', 200)
        FROM generate_series(1, 50) AS n;
    INSERT INTO unasked
        SELECT id, 1, repeat('x', 100) FROM sessions;
    INSERT INTO notes
        SELECT 'note' || n, 1, repeat('x', 200) FROM generate_series(1, 10000) AS n;
    INSERT INTO nodes SELECT 'node_' || n, n, 1, repeat('x', 200) FROM generate_series(1, 5) AS n;
    INSERT INTO leases SELECT 'timers', 'node_1' UNION ALL
        SELECT 'run:' || id, 'node_' || row_number() OVER () % 5 + 1 FROM runs
        WHERE status = 'running';
    INSERT INTO service_chats
        SELECT '+' || (34600000000 + n), 1, (n % 100 = 0)::int, 1, repeat('x', 300)
        FROM generate_series(1, 10000) AS n;
    INSERT INTO service_aliases
        SELECT n || '@lid', '+' || (34600000000 + n) FROM generate_series(1, 10000) AS n;
    INSERT INTO service_counts
        SELECT 'call_' || n, '+' || (34600000000 + n % 100),
            CASE WHEN n % 10 = 0 THEN 'new_chat' ELSE 'auto_send' END, n
        FROM generate_series(1, 10000) AS n;
    INSERT INTO service_said
        SELECT 'said_' || lpad(n::text, 32, '0'), '+' || (34600000000 + n % 100), 1,
            repeat('x', 200)
        FROM generate_series(1, 10000) AS n;
    INSERT INTO sign_in_links SELECT 'token' || n, n FROM generate_series(1, 10000) AS n;
    INSERT INTO web_sessions
        SELECT 'web_' || n, 'token' || n, n FROM generate_series(1, 10000) AS n;
    INSERT INTO answers
        SELECT 'api:key' || n % 50, 'key' || n, 'sha256:' || n, 200, repeat('x', 200), n
        FROM generate_series(1, 10000) AS n;
    ANALYZE;
";

/// What the parameters of a statement stand for, so that the planner meets what it will meet.
fn samples(sql: &str, kinds: &[&str]) -> Vec<String> {
    // A cursor, and how many; then the filters in their order.
    let paged = sql.contains("id < ?1") && sql.contains("LIMIT ?2");
    let filters = if paged { columns_of(sql) } else { Vec::new() };
    kinds
        .iter()
        .enumerate()
        .map(|(place, kind)| match (*kind, place) {
            ("text", 0) if paged => "'~'".to_owned(),
            ("text", place) if paged => sample(filters.get(place - 2).map_or("", String::as_str)),
            ("text", _) => sample(column_of(sql, place + 1)),
            ("bytea", _) => "decode('00', 'hex')".to_owned(),
            _ if sql.contains(&format!("LIMIT ?{}", place + 1)) => "100".to_owned(),
            // What has run out is swept every hour, so it is never much.
            _ if sql.starts_with("DELETE") => "200".to_owned(),
            // Readers follow the end; who begins at the start reads on from there.
            _ if sql.contains("global_seq >") => "39000".to_owned(),
            _ => "9000".to_owned(),
        })
        .collect()
}

fn columns_of(sql: &str) -> Vec<String> {
    let conditions = sql.split(" AND ").skip(1);
    conditions.map(|text| text.split(" = ").next().unwrap_or("").to_owned()).collect()
}

/// The column that parameter `number` is compared with.
fn column_of(sql: &str, number: usize) -> &str {
    let marker = format!("?{number}");
    let before = sql.split(&marker).next().unwrap_or("");
    let mut words = before.split_whitespace().rev();
    let operator = words.next().unwrap_or("");
    if operator.contains('(') { "holds_in" } else { words.next().unwrap_or("") }
}

fn sample(column: &str) -> String {
    let number = "00000000000000000000000000005000";
    let column = column.rsplit('.').next().unwrap_or(column);
    let text = match column.trim_matches('(') {
        "status" => "pending".to_owned(),
        "session_id" | "holds_in" => "sess_00000000000000000000000000000500".to_owned(),
        "kind" => "exec".to_owned(),
        "requested_by" | "caller" | "actor" => "api:key7".to_owned(),
        "destination" => "webhook:7".to_owned(),
        "subject" => "appr_77".to_owned(),
        "chat" => "+34600000007".to_owned(),
        _ => format!("run_{number}"),
    };
    format!("'{text}'")
}

/// The kinds of the parameters, as the driver will name them.
async fn kinds(session: &super::Session, sql: &str) -> Vec<&'static str> {
    let statement = session.client().prepare(&dialect(sql)).await.unwrap();
    let of = |kind: &tokio_postgres::types::Type| match kind.name() {
        "text" | "varchar" => "text",
        "bytea" => "bytea",
        _ => "bigint",
    };
    statement.params().iter().map(of).collect()
}

async fn explained(session: &super::Session, sql: &str, how: &str) -> String {
    let kinds = kinds(session, sql).await;
    let names = if kinds.is_empty() { String::new() } else { format!("({})", kinds.join(", ")) };
    let values = samples(sql, &kinds);
    let values = if kinds.is_empty() { String::new() } else { format!("({})", values.join(", ")) };
    session
        .script(&format!("SET plan_cache_mode = {how}; PREPARE asked{names} AS {}", dialect(sql)))
        .await
        .unwrap();
    let explain = format!("EXPLAIN (COSTS OFF) EXECUTE asked{values}");
    let answer = session.client().simple_query(&explain).await;
    let answer = answer.unwrap_or_else(|error| panic!("{explain}: {error:?}"));
    session.script("DEALLOCATE asked").await.unwrap();
    let lines = answer.iter().filter_map(|message| {
        let tokio_postgres::SimpleQueryMessage::Row(row) = message else {
            return None;
        };
        row.get(0)
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// With the values of a call, and as a plan that is made once for all calls: the server takes
/// either.
#[tokio::test]
async fn no_statement_reads_a_whole_table() {
    let (_store, server) = fresh().await;
    let session = beside(&server).await;
    session.script(FILL).await.unwrap();
    let own = [
        plan::sends::SEND,
        plan::service::COUNT,
        plan::service::COUNT_IN_CHAT,
        plan::sends::FORGET,
        plan::RUN_IN_VERSION,
        plan::CALL_IN_VERSION,
        plan::APPROVAL_IN_VERSION,
        transaction::STAND,
        marks::PUT,
        marks::FIND,
        marks::REMOVE,
        super::super::log::ROWS,
    ];
    let own = own.map(|sql| Named { name: sql.to_owned(), sql: sql.to_owned() });
    // The embedded store asks and forgets in another way.
    let theirs = every().into_iter().filter(|named| {
        named.name != "outbox::FORGET_SENDS" && !named.sql.contains("FROM audit WHERE seq IN")
    });
    let mut scans = Vec::new();
    for Named { name, sql } in theirs.chain(parts_of_the_audit_log(part_sql)).chain(own) {
        for how in ["force_custom_plan", "force_generic_plan"] {
            let plan = explained(&session, &sql, how).await;
            for line in plan.lines().filter(|line| line.contains("Seq Scan on ")) {
                let table = line.split("Seq Scan on ").nth(1).unwrap_or("");
                let table = table.split_whitespace().next().unwrap_or("");
                if !SMALL.contains(&table) {
                    scans.push(format!("{name} ({how}):\n{plan}"));
                }
            }
        }
    }
    assert!(scans.is_empty(), "{} scans:\n{}", scans.len(), scans.join("\n\n"));
}
