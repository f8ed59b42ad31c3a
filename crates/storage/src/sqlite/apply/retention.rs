//! Removing what is old.

use countersign_domain::ids::{RunId, SessionId};
use rusqlite::Connection;

use super::{SqlError, conflict, is_there, missing};
use crate::catalogue::{chats, retention as sql, runs};

pub(super) fn remove_events(tx: &Connection, id: RunId) -> Result<(), SqlError> {
    let id = finished(tx, id)?;
    remove(tx, &[sql::REMOVE_EVENTS], &id)
}

pub(super) fn remove_run(tx: &Connection, id: RunId) -> Result<(), SqlError> {
    let id = finished(tx, id)?;
    let parts_first = [
        sql::REMOVE_EVENTS,
        sql::REMOVE_CALLS,
        sql::REMOVE_ENTRIES,
        chats::REMOVE_CARDS,
        chats::REMOVE_OWED_CARDS,
        chats::REMOVE_CHAT_RUN,
        sql::REMOVE_APPROVALS,
        sql::REMOVE_RUN,
    ];
    remove(tx, &parts_first, &id)
}

pub(super) fn remove_session(tx: &Connection, id: SessionId) -> Result<(), SqlError> {
    let id = id.to_string();
    match tx.prepare_cached(sql::REMOVE_SESSION)?.execute([&id])? {
        0 if is_there(tx, sql::SESSION_IS_THERE, [&id])? => Err(conflict(&id)),
        0 => Err(missing(&id)),
        _ => Ok(()),
    }
}

fn remove(tx: &Connection, statements: &[&str], run: &str) -> Result<(), SqlError> {
    for statement in statements {
        tx.prepare_cached(statement)?.execute([run])?;
    }
    Ok(())
}

fn finished(tx: &Connection, id: RunId) -> Result<String, SqlError> {
    let id = id.to_string();
    if is_there(tx, sql::IS_FINISHED, [&id])? {
        Ok(id)
    } else if is_there(tx, runs::RUN_VERSION, [&id])? {
        Err(conflict(&id))
    } else {
        Err(missing(&id))
    }
}
