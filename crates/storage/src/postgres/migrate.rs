//! The schema and its history: numbered files, applied once and only forwards.

use countersign_ports::store::{Fault, StoreError};

use super::fault::PgError;
use super::session::{Session, query};
use crate::history::{Written, refuse_another, steps};

/// The steps, oldest first. The first is schema version 1.
const MIGRATIONS: [&str; 9] = [
    include_str!("../../migrations/postgres/0001_initial.sql"),
    include_str!("../../migrations/postgres/0002_outbox.sql"),
    include_str!("../../migrations/postgres/0003_chats.sql"),
    include_str!("../../migrations/postgres/0004_nodes.sql"),
    include_str!("../../migrations/postgres/0005_commits.sql"),
    include_str!("../../migrations/postgres/0006_notes.sql"),
    include_str!("../../migrations/postgres/0007_service_chats.sql"),
    include_str!("../../migrations/postgres/0008_owed_cards.sql"),
    include_str!("../../migrations/postgres/0009_service_aliases_by_chat.sql"),
];

/// Of nodes that start at once, one brings the schema up to date and the others wait.
const LOCK: &str = "SELECT pg_advisory_xact_lock(4851018441046360065)";

/// Others may be at it for long: there is no limit to waiting for them, nor to the work itself.
const PATIENTLY: &str = "SET LOCAL lock_timeout = 0; SET LOCAL statement_timeout = 0";

const HISTORY: &str = "CREATE TABLE countersign_schema (
    version    BIGINT PRIMARY KEY,
    hash       TEXT NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
)";
const IS_OURS: &str = "SELECT to_regclass('countersign_schema') IS NOT NULL";
const APPLIED: &str = "SELECT version, hash FROM countersign_schema ORDER BY version";
const APPLY: &str = "INSERT INTO countersign_schema (version, hash) VALUES (?1, ?2)";
const SURROUNDINGS: &str = "SELECT current_schema()::text, current_setting('server_encoding'), current_setting('fsync'), \
     current_setting('server_version_num')::bigint";
const STRANGERS: &str = "SELECT relname::text FROM pg_class \
     WHERE relnamespace = current_schema()::regnamespace AND relkind IN ('r', 'p', 'v') \
     AND relname IN ('sessions', 'runs', 'entries', 'calls', 'approvals', 'tallies', 'rules', \
     'grants', 'outbox', 'events', 'audit', 'api_keys', 'sign_in_links', 'web_sessions', 'answers', \
     'deliveries', 'conversations', 'chat_runs', 'cards', 'pairings', 'unasked', 'notes', \
     'nodes', 'leases', 'commits', \
     'service_chats', 'service_aliases', 'service_counts', 'service_said', 'owed_cards')";

/// The oldest server that is supported.
const OLDEST_SERVER: i64 = 130_000;

/// What may be done about an old schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Older {
    /// It is brought up to date.
    Renew,
    /// It is refused.
    Refuse,
}

/// The steps of this program.
pub(super) fn known() -> Vec<Written> {
    steps(&MIGRATIONS)
}

/// Brings the schema to the newest version: all the steps, or none.
pub(super) async fn migrate(session: &Session, place: &str, older: Older) -> Result<(), PgError> {
    migrate_to(session, place, older, &known()).await
}

/// The same for a program that knows these steps.
pub(super) async fn migrate_to(
    session: &Session,
    place: &str,
    older: Older,
    known: &[Written],
) -> Result<(), PgError> {
    refuse_surroundings(session, place).await?;
    session.script("BEGIN").await?;
    let done = under_lock(session, place, older, known).await;
    let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
    let ended = session.script(end).await;
    done.and(ended)
}

async fn under_lock(
    session: &Session,
    place: &str,
    older: Older,
    known: &[Written],
) -> Result<(), PgError> {
    session.script(PATIENTLY).await?;
    session.rows(&query!(LOCK)).await?;
    if !is_ours(session).await? {
        refuse_strangers(session, place).await?;
        if older == Older::Refuse {
            return Err(StoreError::Missing(format!(
                "there are no tables of Countersign in {place}"
            ))
            .into());
        }
        session.script(HISTORY).await?;
    }
    let mut applied = Vec::new();
    for row in session.rows(&query!(APPLIED)).await? {
        applied.push((row.try_get(0)?, row.try_get(1)?));
    }
    refuse_another(known, &applied, place)?;
    let version = applied.last().map_or(0, |(version, _)| *version);
    for step in known.iter().filter(|step| step.version > version) {
        if older == Older::Refuse {
            let message = format!(
                "{place} was last used by an older version: start the gateway once, which brings it \
                 up to date"
            );
            return Err(StoreError::Broken { fault: Fault::TooNew, message }.into());
        }
        session.script(step.sql).await?;
        session.run(&query!(APPLY, step.version, step.hash())).await?;
        tracing::info!(version = step.version, "the schema of the database was brought up to date");
    }
    Ok(())
}

async fn is_ours(session: &Session) -> Result<bool, PgError> {
    let rows = session.rows(&query!(IS_OURS)).await?;
    Ok(rows.first().map(|row| row.try_get(0)).transpose()?.unwrap_or(false))
}

async fn refuse_surroundings(session: &Session, place: &str) -> Result<(), PgError> {
    let rows = session.rows(&query!(SURROUNDINGS)).await?;
    let Some(row) = rows.first() else {
        return Ok(());
    };
    let (schema, encoding): (Option<String>, String) = (row.try_get(0)?, row.try_get(1)?);
    let (fsync, version): (String, i64) = (row.try_get(2)?, row.try_get(3)?);
    let problem = if schema.is_none() {
        "the schema that `search_path` names does not exist; create it first".to_owned()
    } else if encoding != "UTF8" {
        format!("its encoding is {encoding}; create a database with ENCODING 'UTF8'")
    } else if version < OLDEST_SERVER {
        "the server is older than PostgreSQL 13".to_owned()
    } else {
        if fsync != "on" {
            tracing::warn!(
                "the database server runs with fsync = off: what it confirms is lost when its \
                 machine stops"
            );
        }
        return Ok(());
    };
    Err(StoreError::Unavailable(format!("{place}: {problem}")).into())
}

async fn refuse_strangers(session: &Session, place: &str) -> Result<(), PgError> {
    let rows = session.rows(&query!(STRANGERS)).await?;
    let Some(row) = rows.first() else {
        return Ok(());
    };
    let table: String = row.try_get(0)?;
    let message = format!(
        "{place} has a table `{table}` of another program; use a database of its own, or a schema: \
         `?options=-c%20search_path%3Dcountersign`"
    );
    Err(StoreError::Broken { fault: Fault::Foreign, message }.into())
}
