//! Approvals and rules.

use countersign_domain::approvals::{Approval, Rule, RuleScope};
use countersign_domain::ids::RuleId;
use countersign_domain::time::Timestamp;
use countersign_ports::store::Version;
use rusqlite::{Connection, params};

use super::{SqlError, conflict, insert, missing, stored};
use crate::catalogue::approvals as sql;
use crate::document::{FORMAT, encode};
use crate::sqlite::reads::document;

pub(super) fn add(tx: &Connection, approval: &Approval) -> Result<(), SqlError> {
    let id = approval.id.to_string();
    let run = approval.requester.run_id.to_string();
    let params = params![
        id,
        run,
        approval.requester.session_id.to_string(),
        approval.action.kind().as_str(),
        approval.status().as_str(),
        approval.next_deadline().map(Timestamp::as_millis),
        FORMAT,
        encode(approval)?,
        approval.digest.to_string(),
    ];
    insert(tx, sql::ADD_APPROVAL, params, &id, &run)
}

pub(super) fn update(
    tx: &Connection,
    approval: &Approval,
    version: Version,
) -> Result<(), SqlError> {
    let id = approval.id.to_string();
    let params = params![
        id,
        stored(version),
        approval.status().as_str(),
        approval.next_deadline().map(Timestamp::as_millis),
        FORMAT,
        encode(approval)?,
        approval.digest.to_string(),
    ];
    super::update(tx, sql::UPDATE_APPROVAL, params, sql::APPROVAL_VERSION, &id)
}

pub(super) fn add_rule(tx: &Connection, rule: &Rule) -> Result<(), SqlError> {
    let id = rule.id.to_string();
    let holds_in = match rule.scope {
        RuleScope::Session { session_id } => session_id.to_string(),
        RuleScope::Always => sql::EVERYWHERE.to_owned(),
    };
    let end = rule.expires_at.map(Timestamp::as_millis);
    let params = params![id, holds_in, end, FORMAT, encode(rule)?];
    insert(tx, sql::ADD_RULE, params, &id, &id)
}

pub(super) fn use_rule(tx: &Connection, id: RuleId, at: Timestamp) -> Result<(), SqlError> {
    let id = id.to_string();
    // A rule that was revoked meanwhile is a change by somebody else: whoever relied on it must
    // look again.
    let mut rule: Rule = document(tx, sql::RULE, [&id])?.ok_or_else(|| conflict(&id))?;
    rule.uses = rule.uses.saturating_add(1);
    rule.last_used_at = Some(at);
    tx.prepare_cached(sql::REWRITE_RULE)?.execute(params![id, FORMAT, encode(&rule)?])?;
    Ok(())
}

pub(super) fn remove_rule(tx: &Connection, id: RuleId) -> Result<(), SqlError> {
    let id = id.to_string();
    match tx.prepare_cached(sql::REMOVE_RULE)?.execute([&id])? {
        0 => Err(missing(&id)),
        _ => Ok(()),
    }
}
