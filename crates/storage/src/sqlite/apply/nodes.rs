//! Nodes and what they hold.

use countersign_domain::ids::NodeId;
use countersign_domain::nodes::{LeaseName, Node};
use countersign_ports::store::{Conflicting, StoreError};
use rusqlite::{Connection, Params, params};

use super::{SqlError, conflict, insert, is_there, missing};
use crate::catalogue::nodes as sql;
use crate::document::{FORMAT, encode};

pub(super) fn expect(tx: &Connection, id: NodeId) -> Result<(), SqlError> {
    if is_there(tx, sql::NODE_IS_THERE, [id.to_string()])? {
        Ok(())
    } else {
        Err(StoreError::Expelled.into())
    }
}

pub(super) fn add(tx: &Connection, node: &Node) -> Result<(), SqlError> {
    let id = node.id.to_string();
    insert(tx, sql::ADD_NODE, params![id, FORMAT, encode(node)?], &id, &id)
}

pub(super) fn update(tx: &Connection, node: &Node) -> Result<(), SqlError> {
    living(tx, sql::UPDATE_NODE, params![node.id.to_string(), FORMAT, encode(node)?])
}

pub(super) fn beat(tx: &Connection, id: NodeId) -> Result<(), SqlError> {
    living(tx, sql::BEAT, [id.to_string()])
}

pub(super) fn remove(tx: &Connection, id: NodeId) -> Result<(), SqlError> {
    let text = id.to_string();
    tx.prepare_cached(sql::REMOVE_LEASES)?.execute([&text])?;
    match tx.prepare_cached(sql::REMOVE_NODE)?.execute([&text])? {
        0 => Err(missing(&text)),
        _ => Ok(()),
    }
}

pub(super) fn bury(tx: &Connection, id: NodeId, beat: u64) -> Result<(), SqlError> {
    let text = id.to_string();
    // A beat that SQLite cannot count was never made.
    let beat = i64::try_from(beat).unwrap_or(-1);
    if is_there(tx, sql::NODE_WITH_BEAT, params![text, beat])? {
        remove(tx, id)
    } else {
        Err(conflict(&text))
    }
}

pub(super) fn take_lease(
    tx: &Connection,
    name: &LeaseName,
    holder: NodeId,
) -> Result<(), SqlError> {
    expect(tx, holder)?;
    let values = params![name.to_string(), holder.to_string()];
    match tx.prepare_cached(sql::TAKE_LEASE)?.execute(values)? {
        0 => Err(StoreError::Conflict(Conflicting::Lease(name.clone())).into()),
        _ => Ok(()),
    }
}

pub(super) fn drop_lease(
    tx: &Connection,
    name: &LeaseName,
    holder: NodeId,
) -> Result<(), SqlError> {
    tx.prepare_cached(sql::DROP_LEASE)?.execute([name.to_string(), holder.to_string()])?;
    Ok(())
}

/// Changes the row of a node that must be among the living.
fn living(tx: &Connection, sql: &str, params: impl Params) -> Result<(), SqlError> {
    match tx.prepare_cached(sql)?.execute(params)? {
        0 => Err(StoreError::Expelled.into()),
        _ => Ok(()),
    }
}
