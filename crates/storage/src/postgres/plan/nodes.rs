//! Nodes and what they hold.

use countersign_domain::ids::NodeId;
use countersign_domain::nodes::{LeaseName, Node};
use countersign_ports::store::{Conflicting, StoreError};

use super::{Step, add, any, change_or, conflict, missing};
use crate::catalogue::nodes as sql;
use crate::document::{FORMAT, encode};
use crate::postgres::session::query;

/// Nobody else writes meanwhile, so who is among the living stays so until the commit.
pub(super) fn expect(id: NodeId) -> Step {
    change_or(query!(sql::NODE_IS_THERE, id.to_string()), StoreError::Expelled)
}

pub(super) fn add_node(node: &Node) -> Result<Step, StoreError> {
    let id = node.id.to_string();
    Ok(add(query!(sql::ADD_NODE, &id, FORMAT, encode(node)?), id.clone(), id))
}

pub(super) fn update(node: &Node) -> Result<Step, StoreError> {
    let query = query!(sql::UPDATE_NODE, node.id.to_string(), FORMAT, encode(node)?);
    Ok(change_or(query, StoreError::Expelled))
}

pub(super) fn beat(id: NodeId) -> Step {
    change_or(query!(sql::BEAT, id.to_string()), StoreError::Expelled)
}

pub(super) fn remove(id: NodeId) -> Vec<Step> {
    let id = id.to_string();
    let leases = any(query!(sql::REMOVE_LEASES, &id));
    vec![leases, change_or(query!(sql::REMOVE_NODE, &id), missing(&id))]
}

pub(super) fn bury(id: NodeId, beat: u64) -> Vec<Step> {
    let text = id.to_string();
    // A beat that the database cannot count was never made.
    let beat = i64::try_from(beat).unwrap_or(-1);
    let silent = change_or(query!(sql::NODE_WITH_BEAT, &text, beat), conflict(&text));
    std::iter::once(silent).chain(remove(id)).collect()
}

pub(super) fn take_lease(name: &LeaseName, holder: NodeId) -> Vec<Step> {
    let taken = StoreError::Conflict(Conflicting::Lease(name.clone()));
    let query = query!(sql::TAKE_LEASE, name.to_string(), holder.to_string());
    vec![expect(holder), change_or(query, taken)]
}

pub(super) fn drop_lease(name: &LeaseName, holder: NodeId) -> Step {
    any(query!(sql::DROP_LEASE, name.to_string(), holder.to_string()))
}
