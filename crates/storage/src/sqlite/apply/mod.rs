//! Carrying out changes inside the writer's transaction.

mod access;
mod approvals;
mod chats;
mod grants;
mod log;
mod nodes;
mod outbox;
mod retention;
mod runs;
mod service;

use countersign_domain::audit::NodeName;
use countersign_ports::store::{Change, Conflicting, StoreError, Version};
use rusqlite::{Connection, OptionalExtension, Params};

use super::chaining;
use super::fault::{SqlError, Violation, violation};
use crate::catalogue as sql;

/// Carries out one change, as `node`. What it did before failing is undone by the caller.
#[expect(clippy::too_many_lines, reason = "it is one table, a line a change")]
pub(super) fn apply(tx: &Connection, change: &Change, node: &NodeName) -> Result<(), SqlError> {
    match change {
        Change::AddSession(session) => runs::add_session(tx, session),
        Change::PutSession(session) => runs::put_session(tx, session),
        Change::AddRun(run) => runs::add_run(tx, run),
        Change::UpdateRun(run, version) => runs::update_run(tx, run, *version),
        Change::AddEntry(entry) => runs::add_entry(tx, entry),
        Change::AddCall(call) => runs::add_call(tx, call),
        Change::UpdateCall(call, version) => runs::update_call(tx, call, *version),
        Change::AddApproval(approval) => approvals::add(tx, approval),
        Change::UpdateApproval(approval, version) => approvals::update(tx, approval, *version),
        Change::ExpectRun(id, version) => {
            expect(tx, sql::runs::RUN_VERSION, &id.to_string(), *version)
        }
        Change::ExpectCall(id, version) => {
            expect(tx, sql::runs::CALL_VERSION, &id.to_string(), *version)
        }
        Change::ExpectApproval(id, version) => {
            expect(tx, sql::approvals::APPROVAL_VERSION, &id.to_string(), *version)
        }
        Change::AddGrant(grant) => grants::add(tx, grant),
        Change::UseGrant(used) => grants::redeem(tx, used),
        Change::RevokeGrant(id, at) => grants::revoke(tx, *id, *at),
        Change::AddToOutbox(entry) => outbox::add(tx, entry),
        Change::AddRule(rule) => approvals::add_rule(tx, rule),
        Change::UseRule(id, at) => approvals::use_rule(tx, *id, *at),
        Change::RemoveRule(id) => approvals::remove_rule(tx, *id),
        Change::AddEvent { run_id, at, event } => log::add_event(tx, *run_id, *at, event),
        Change::AddAudit(record) => chaining::append(tx, record, node),
        Change::ExpectNode(id) => nodes::expect(tx, *id),
        Change::AddNode(node) => nodes::add(tx, node),
        Change::UpdateNode(node) => nodes::update(tx, node),
        Change::Beat(id) => nodes::beat(tx, *id),
        Change::RemoveNode(id) => nodes::remove(tx, *id),
        Change::BuryNode(id, beat) => nodes::bury(tx, *id, *beat),
        Change::TakeLease(name, holder) => nodes::take_lease(tx, name, *holder),
        Change::DropLease(name, holder) => nodes::drop_lease(tx, name, *holder),
        Change::AddKey(key) => access::add_key(tx, key),
        Change::RevokeKey(id, at) => access::revoke_key(tx, *id, *at),
        Change::UseKey(id, at) => access::use_key(tx, *id, *at),
        Change::AddSignInLink(link) => access::add_link(tx, link),
        Change::UseSignInLink(token, now) => access::use_link(tx, token, *now),
        Change::AddWebSession(session) => access::add_web_session(tx, session),
        Change::RemoveWebSession(id) => access::remove_web_session(tx, *id),
        Change::Remember(answer) => access::remember(tx, answer),
        Change::AddDelivery(delivery) => chats::add_delivery(tx, delivery),
        Change::AddConversation(new) => chats::add_conversation(tx, new),
        Change::UpdateConversation(next, version) => chats::update_conversation(tx, next, *version),
        Change::AddChatRun(run) => chats::add_chat_run(tx, run),
        Change::RemoveChatRun(run) => chats::remove_chat_run(tx, *run),
        Change::AddCard(card) => chats::add_card(tx, card),
        Change::UpdateCard(card, version) => chats::update_card(tx, card, *version),
        Change::AddOwedCard(owed) => chats::add_owed_card(tx, owed),
        Change::RemoveOwedCard(id) => chats::remove_owed_card(tx, *id),
        Change::PutPairing(pairing) => chats::put_pairing(tx, pairing),
        Change::RemovePairing(id) => chats::remove_pairing(tx, *id),
        Change::PutUnasked(unasked) => chats::put_unasked(tx, unasked),
        Change::PutNote(kept) => chats::put_note(tx, kept),
        Change::AddServiceChat(chat) => service::add(tx, chat),
        Change::UpdateServiceChat(chat, version) => service::update(tx, chat, *version),
        Change::ExpectServiceChat(id, version) => {
            expect(tx, sql::service::CHAT_VERSION, id.as_str(), *version)
        }
        Change::MergeServiceChat(gone, version, into) => service::merge(tx, gone, *version, into),
        Change::LearnAlias(lid, number) => service::learn(tx, lid, number),
        Change::CountInService(counted) => service::count(tx, counted),
        Change::AddSaid(said) => service::add_said(tx, said),
        Change::RemoveStranger(id, version) => service::remove_stranger(tx, id, *version),
        Change::ForgetSaid(before, most) => service::forget_said(tx, *before, *most),
        Change::Forget(before) => access::forget(tx, *before),
        Change::ForgetSends(before, most) => outbox::forget(tx, *before, *most),
        Change::RemoveEvents(id) => retention::remove_events(tx, *id),
        Change::RemoveRun(id) => retention::remove_run(tx, *id),
        Change::RemoveSession(id) => retention::remove_session(tx, *id),
    }
}

/// Adds a row with the key `id`. `parent` names the row that it belongs to.
fn insert(
    tx: &Connection,
    sql: &str,
    params: impl Params,
    id: &str,
    parent: &str,
) -> Result<(), SqlError> {
    let Err(error) = tx.prepare_cached(sql)?.execute(params) else {
        return Ok(());
    };
    match violation(&error) {
        Some(Violation::Taken) => Err(conflict(id)),
        Some(Violation::NoParent) => Err(missing(parent)),
        None => Err(error.into()),
    }
}

/// Changes the row with the key `id`. `sql` changes it only in the version that was asked for, so
/// when it changes nothing, `current` tells a stale version from a missing row.
fn update(
    tx: &Connection,
    sql: &str,
    params: impl Params,
    current: &str,
    id: &str,
) -> Result<(), SqlError> {
    if tx.prepare_cached(sql)?.execute(params)? == 1 {
        return Ok(());
    }
    match version(tx, current, id)? {
        Some(_) => Err(conflict(id)),
        None => Err(missing(id)),
    }
}

/// Fails unless the row with the key `id` has the version `expected`.
fn expect(tx: &Connection, current: &str, id: &str, expected: Version) -> Result<(), SqlError> {
    match version(tx, current, id)? {
        Some(found) if found == stored(expected) => Ok(()),
        Some(_) => Err(conflict(id)),
        None => Err(missing(id)),
    }
}

fn version(tx: &Connection, current: &str, id: &str) -> Result<Option<i64>, SqlError> {
    let mut statement = tx.prepare_cached(current)?;
    Ok(statement.query_row([id], |row| row.get(0)).optional()?)
}

fn is_there(tx: &Connection, sql: &str, params: impl Params) -> Result<bool, SqlError> {
    let mut statement = tx.prepare_cached(sql)?;
    let row = statement.query_row(params, |_| Ok(())).optional()?;
    Ok(row.is_some())
}

fn conflict(id: &str) -> SqlError {
    StoreError::Conflict(Conflicting::Value(id.to_owned())).into()
}

fn missing(id: &str) -> SqlError {
    StoreError::Missing(id.to_owned()).into()
}

/// A version as SQLite counts it. One that it cannot hold is the version of nothing.
fn stored(version: Version) -> i64 {
    i64::try_from(version.0).unwrap_or(-1)
}
