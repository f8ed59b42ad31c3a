//! Sessions, runs, entries and calls.

use countersign_domain::runs::{Entry, Run, Session, ToolCall};
use countersign_ports::store::Version;
use rusqlite::{Connection, params};

use super::{SqlError, insert, missing, stored, update};
use crate::catalogue::runs as sql;
use crate::document::{FORMAT, encode};

pub(super) fn add_session(tx: &Connection, session: &Session) -> Result<(), SqlError> {
    let id = session.id.to_string();
    tx.prepare_cached(sql::ADD_SESSION)?.execute(params![id, FORMAT, encode(session)?])?;
    Ok(())
}

pub(super) fn put_session(tx: &Connection, session: &Session) -> Result<(), SqlError> {
    let id = session.id.to_string();
    match tx.prepare_cached(sql::PUT_SESSION)?.execute(params![id, FORMAT, encode(session)?])? {
        0 => Err(missing(&id)),
        _ => Ok(()),
    }
}

pub(super) fn add_run(tx: &Connection, run: &Run) -> Result<(), SqlError> {
    let id = run.id.to_string();
    let session = run.session_id.to_string();
    let params = params![
        id,
        session,
        run.requested_by.to_string(),
        run.status().as_str(),
        run.status().is_final(),
        FORMAT,
        encode(run)?,
    ];
    insert(tx, sql::ADD_RUN, params, &id, &session)
}

pub(super) fn update_run(tx: &Connection, run: &Run, version: Version) -> Result<(), SqlError> {
    let id = run.id.to_string();
    let params = params![
        id,
        stored(version),
        run.status().as_str(),
        run.status().is_final(),
        FORMAT,
        encode(run)?,
    ];
    update(tx, sql::UPDATE_RUN, params, sql::RUN_VERSION, &id)
}

pub(super) fn add_entry(tx: &Connection, entry: &Entry) -> Result<(), SqlError> {
    let run = entry.run_id.to_string();
    let params =
        params![entry.session_id.to_string(), run, entry.position, FORMAT, encode(entry)?,];
    let place = format!("{run}/{}", entry.position);
    insert(tx, sql::ADD_ENTRY, params, &place, &run)
}

pub(super) fn add_call(tx: &Connection, call: &ToolCall) -> Result<(), SqlError> {
    let id = call.call.id.to_string();
    let run = call.run_id.to_string();
    let params = params![id, run, call.entry, call.index, FORMAT, encode(call)?];
    insert(tx, sql::ADD_CALL, params, &id, &run)
}

pub(super) fn update_call(
    tx: &Connection,
    call: &ToolCall,
    version: Version,
) -> Result<(), SqlError> {
    let id = call.call.id.to_string();
    let params = params![id, stored(version), FORMAT, encode(call)?];
    update(tx, sql::UPDATE_CALL, params, sql::CALL_VERSION, &id)
}
