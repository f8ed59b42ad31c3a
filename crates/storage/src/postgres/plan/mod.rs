//! Changes as statements: what is sent, and what each must come to.

pub(super) mod callers;
mod chats;
pub(super) mod nodes;
pub(super) mod sends;
pub(super) mod service;

use std::collections::BTreeMap;

use countersign_domain::approvals::{Approval, Rule, RuleScope};
use countersign_domain::audit::{AuditRecord, Head, NodeName, chain};
use countersign_domain::digest::Digest;
use countersign_domain::ids::{KeyId, RuleId, RunId, SessionId};
use countersign_domain::runs::{Entry, Event, Run, ToolCall};
use countersign_domain::time::Timestamp;
use countersign_ports::store::{ApiKey, Change, Conflicting, IssuedGrant, StoreError, Version};

use super::session::{Query, query};
use crate::catalogue::{
    access, approvals, chats as chat_sql, grants, log, retention, runs, service as service_sql,
};
use crate::document::{FORMAT, encode, unreadable};

/// Finds a row only in the version that is expected.
pub(super) const RUN_IN_VERSION: &str = "SELECT 1 FROM runs WHERE id = ?1 AND version = ?2";
pub(super) const CALL_IN_VERSION: &str = "SELECT 1 FROM calls WHERE id = ?1 AND version = ?2";
pub(super) const APPROVAL_IN_VERSION: &str =
    "SELECT 1 FROM approvals WHERE id = ?1 AND version = ?2";
pub(super) const SERVICE_CHAT_IN_VERSION: &str =
    "SELECT 1 FROM service_chats WHERE id = ?1 AND version = ?2";

/// What a run consists of, parts first.
const ALL_OF_A_RUN: [&str; 8] = [
    chat_sql::REMOVE_CARDS,
    chat_sql::REMOVE_OWED_CARDS,
    chat_sql::REMOVE_CHAT_RUN,
    retention::REMOVE_EVENTS,
    retention::REMOVE_CALLS,
    retention::REMOVE_ENTRIES,
    retention::REMOVE_APPROVALS,
    retention::REMOVE_RUN,
];

/// One statement.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) query: Query,
    pub(super) must: Must,
}

/// What a statement must come to.
#[derive(Debug, Clone)]
pub(super) enum Must {
    /// Whatever it changes is right.
    Anything,
    /// A row is added: it collides with none of its id, and what it belongs to is there.
    Add { id: String, parent: String, name: Option<String> },
    /// A row is there that fits. If not, `look` tells whether one is there at all.
    Fit { id: String, look: &'static str },
    /// A row is added: its grant has sent nothing there before, and there is room.
    Send { grant: String, destination: String },
    /// One row is changed, or this is the answer.
    Else(StoreError),
}

/// What statements are made from beside the changes: where the audit log stands, and the documents
/// that are changed by what they hold. Kept as they will be after the statements so far.
#[derive(Debug, Clone)]
pub(super) struct Ledger<'n> {
    pub(super) node: &'n NodeName,
    pub(super) head: Head,
    pub(super) rules: BTreeMap<RuleId, Rule>,
    pub(super) keys: BTreeMap<KeyId, ApiKey>,
}

/// A document that must be in the ledger before a change is planned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Need {
    Rule(RuleId),
    Key(KeyId),
}

/// The document that `change` is computed from, if any.
pub(super) const fn need(change: &Change) -> Option<Need> {
    if let Change::UseRule(id, _) = change {
        Some(Need::Rule(*id))
    } else if let Change::RevokeKey(id, _) | Change::UseKey(id, _) = change {
        Some(Need::Key(*id))
    } else {
        None
    }
}

/// The statements of `change`.
#[expect(clippy::too_many_lines, reason = "it is one table, a line a change")]
pub(super) fn steps(change: &Change, ledger: &mut Ledger<'_>) -> Result<Vec<Step>, StoreError> {
    let step = match change {
        Change::AddSession(session) => {
            any(query!(runs::ADD_SESSION, session.id.to_string(), FORMAT, encode(session)?))
        }
        Change::PutSession(session) => {
            let id = session.id.to_string();
            let put = query!(runs::PUT_SESSION, id.clone(), FORMAT, encode(session)?);
            change_or(put, missing(&id))
        }
        Change::AddRun(run) => add_run(run)?,
        Change::UpdateRun(run, version) => update_run(run, *version)?,
        Change::AddEntry(entry) => add_entry(entry)?,
        Change::AddCall(call) => add_call(call)?,
        Change::UpdateCall(call, version) => update_call(call, *version)?,
        Change::AddApproval(approval) => add_approval(approval)?,
        Change::UpdateApproval(approval, version) => update_approval(approval, *version)?,
        Change::ExpectRun(id, version) => {
            expect(RUN_IN_VERSION, runs::RUN_VERSION, id.to_string(), *version)
        }
        Change::ExpectCall(id, version) => {
            expect(CALL_IN_VERSION, runs::CALL_VERSION, id.to_string(), *version)
        }
        Change::ExpectApproval(id, version) => {
            expect(APPROVAL_IN_VERSION, approvals::APPROVAL_VERSION, id.to_string(), *version)
        }
        Change::AddGrant(grant) => add_grant(grant),
        Change::UseGrant(used) => end_grant(grants::USE_GRANT, used.grant().to_string(), used.at()),
        Change::RevokeGrant(id, at) => end_grant(grants::REVOKE_GRANT, id.to_string(), *at),
        Change::AddRule(rule) => add_rule(rule, ledger)?,
        Change::UseRule(id, at) => use_rule(*id, *at, ledger)?,
        Change::RemoveRule(id) => {
            ledger.rules.remove(id);
            change_or(query!(approvals::REMOVE_RULE, id.to_string()), missing(&id.to_string()))
        }
        Change::AddEvent { run_id, at, event } => add_event(*run_id, *at, event)?,
        Change::AddAudit(record) => add_audit(record, ledger)?,
        Change::ExpectNode(id) => nodes::expect(*id),
        Change::AddNode(node) => nodes::add_node(node)?,
        Change::UpdateNode(node) => nodes::update(node)?,
        Change::Beat(id) => nodes::beat(*id),
        Change::RemoveNode(id) => return Ok(nodes::remove(*id)),
        Change::BuryNode(id, beat) => return Ok(nodes::bury(*id, *beat)),
        Change::TakeLease(name, holder) => return Ok(nodes::take_lease(name, *holder)),
        Change::DropLease(name, holder) => nodes::drop_lease(name, *holder),
        Change::AddKey(key) => callers::add_key(key, ledger)?,
        Change::RevokeKey(id, at) => return callers::revoke_key(*id, *at, ledger),
        Change::UseKey(id, at) => return callers::use_key(*id, *at, ledger),
        Change::AddSignInLink(link) => callers::add_link(link),
        Change::UseSignInLink(token, now) => callers::use_link(token, *now),
        Change::AddWebSession(session) => callers::add_web_session(session),
        Change::RemoveWebSession(id) => any(query!(access::REMOVE_WEB_SESSION, id.to_string())),
        Change::Remember(answer) => callers::remember(answer),
        Change::Forget(before) => {
            ledger.rules.clear();
            return Ok(callers::forget(*before));
        }
        Change::AddToOutbox(entry) => return Ok(sends::send(entry)),
        Change::ForgetSends(before, most) => sends::forget(*before, *most),
        Change::RemoveEvents(id) => return Ok(remove_of_run(*id, &[retention::REMOVE_EVENTS])),
        Change::RemoveRun(id) => return Ok(remove_of_run(*id, &ALL_OF_A_RUN)),
        Change::RemoveSession(id) => remove_session(*id),
        Change::AddDelivery(delivery) => chats::add_delivery(delivery),
        Change::AddConversation(new) => chats::add_conversation(new)?,
        Change::UpdateConversation(next, version) => chats::update_conversation(next, *version)?,
        Change::AddChatRun(run) => chats::add_chat_run(run)?,
        Change::RemoveChatRun(run) => chats::remove_chat_run(*run),
        Change::AddCard(card) => chats::add_card(card)?,
        Change::UpdateCard(card, version) => chats::update_card(card, *version)?,
        Change::AddOwedCard(owed) => chats::add_owed_card(owed)?,
        Change::RemoveOwedCard(id) => chats::remove_owed_card(*id),
        Change::PutPairing(pairing) => chats::put_pairing(pairing)?,
        Change::RemovePairing(id) => chats::remove_pairing(*id),
        Change::PutUnasked(unasked) => chats::put_unasked(unasked)?,
        Change::PutNote(note) => chats::put_note(note)?,
        Change::AddServiceChat(chat) => service::add_chat(chat)?,
        Change::UpdateServiceChat(chat, version) => service::update(chat, *version)?,
        Change::ExpectServiceChat(id, version) => {
            expect(SERVICE_CHAT_IN_VERSION, service_sql::CHAT_VERSION, id.to_string(), *version)
        }
        Change::MergeServiceChat(gone, version, into) => {
            return Ok(service::merge(gone, *version, into));
        }
        Change::LearnAlias(lid, number) => service::learn(lid, number),
        Change::CountInService(counted) => service::count(counted),
        Change::AddSaid(said) => service::add_said(said)?,
        Change::RemoveStranger(id, version) => {
            return Ok(service::remove_stranger(id, *version));
        }
        Change::ForgetSaid(before, most) => service::forget_said(*before, *most),
    };
    Ok(vec![step])
}

fn add_run(run: &Run) -> Result<Step, StoreError> {
    let (id, session) = (run.id.to_string(), run.session_id.to_string());
    let query = query!(
        runs::ADD_RUN,
        &id,
        &session,
        run.requested_by.to_string(),
        run.status().as_str(),
        run.status().is_final(),
        FORMAT,
        encode(run)?,
    );
    Ok(add(query, id, session))
}

fn update_run(run: &Run, version: Version) -> Result<Step, StoreError> {
    let id = run.id.to_string();
    let query = query!(
        runs::UPDATE_RUN,
        &id,
        stored(version),
        run.status().as_str(),
        run.status().is_final(),
        FORMAT,
        encode(run)?,
    );
    Ok(Step { query, must: Must::Fit { id, look: runs::RUN_VERSION } })
}

fn add_entry(entry: &Entry) -> Result<Step, StoreError> {
    let run = entry.run_id.to_string();
    let session = entry.session_id.to_string();
    let query = query!(runs::ADD_ENTRY, session, &run, entry.position, FORMAT, encode(entry)?);
    Ok(add(query, format!("{run}/{}", entry.position), run))
}

fn add_call(call: &ToolCall) -> Result<Step, StoreError> {
    let (id, run) = (call.call.id.to_string(), call.run_id.to_string());
    let query = query!(runs::ADD_CALL, &id, &run, call.entry, call.index, FORMAT, encode(call)?);
    Ok(add(query, id, run))
}

fn update_call(call: &ToolCall, version: Version) -> Result<Step, StoreError> {
    let id = call.call.id.to_string();
    let query = query!(runs::UPDATE_CALL, &id, stored(version), FORMAT, encode(call)?);
    Ok(Step { query, must: Must::Fit { id, look: runs::CALL_VERSION } })
}

fn add_approval(approval: &Approval) -> Result<Step, StoreError> {
    let (id, run) = (approval.id.to_string(), approval.requester.run_id.to_string());
    let query = query!(
        approvals::ADD_APPROVAL,
        &id,
        &run,
        approval.requester.session_id.to_string(),
        approval.action.kind().as_str(),
        approval.status().as_str(),
        approval.next_deadline().map(Timestamp::as_millis),
        FORMAT,
        encode(approval)?,
        approval.digest.to_string(),
    );
    Ok(add(query, id, run))
}

fn update_approval(approval: &Approval, version: Version) -> Result<Step, StoreError> {
    let id = approval.id.to_string();
    let query = query!(
        approvals::UPDATE_APPROVAL,
        &id,
        stored(version),
        approval.status().as_str(),
        approval.next_deadline().map(Timestamp::as_millis),
        FORMAT,
        encode(approval)?,
        approval.digest.to_string(),
    );
    Ok(Step { query, must: Must::Fit { id, look: approvals::APPROVAL_VERSION } })
}

fn expect(sql: &'static str, look: &'static str, id: String, version: Version) -> Step {
    Step { query: query!(sql, &id, stored(version)), must: Must::Fit { id, look } }
}

fn add_grant(grant: &IssuedGrant) -> Step {
    let id = grant.id.to_string();
    let approval = grant.approval_id.map(|id| id.to_string());
    let query = query!(grants::ADD_GRANT, &id, approval, grant.expires_at.as_millis());
    add(query, id.clone(), id)
}

/// A grant that fits is neither used nor revoked, and to be used it must not have run out.
fn end_grant(how: &'static str, id: String, at: Timestamp) -> Step {
    Step { query: query!(how, &id, at.as_millis()), must: Must::Fit { id, look: grants::GRANT } }
}

fn add_rule(rule: &Rule, ledger: &mut Ledger<'_>) -> Result<Step, StoreError> {
    let id = rule.id.to_string();
    let holds_in = match rule.scope {
        RuleScope::Session { session_id } => session_id.to_string(),
        RuleScope::Always => approvals::EVERYWHERE.to_owned(),
    };
    let end = rule.expires_at.map(Timestamp::as_millis);
    ledger.rules.insert(rule.id, rule.clone());
    let query = query!(approvals::ADD_RULE, &id, holds_in, end, FORMAT, encode(rule)?);
    Ok(add(query, id.clone(), id))
}

/// A rule that was revoked meanwhile is a change by somebody else: whoever relied on it must look
/// again.
fn use_rule(id: RuleId, at: Timestamp, ledger: &mut Ledger<'_>) -> Result<Step, StoreError> {
    let text = id.to_string();
    let rule = ledger.rules.get_mut(&id).ok_or_else(|| conflict(&text))?;
    rule.uses = rule.uses.saturating_add(1);
    rule.last_used_at = Some(at);
    let query = query!(approvals::REWRITE_RULE, &text, FORMAT, encode(rule)?);
    Ok(change_or(query, conflict(&text)))
}

fn add_event(run: RunId, at: Timestamp, event: &Event) -> Result<Step, StoreError> {
    let run = run.to_string();
    let about = event.is_about_approval();
    let query = query!(log::ADD_EVENT, &run, at.as_millis(), about, FORMAT, encode(event)?);
    Ok(add(query, run.clone(), run))
}

fn add_audit(record: &AuditRecord, ledger: &mut Ledger<'_>) -> Result<Step, StoreError> {
    let text = chain::text(record, ledger.node, ledger.head).map_err(|error| {
        unreadable(format!("new audit record about `{}`", record.subject), error.to_string())
    })?;
    let hash = Digest::of(text.as_bytes());
    ledger.head = Head { seq: ledger.head.seq.saturating_add(1), hash };
    let seq = i64::try_from(ledger.head.seq).unwrap_or(i64::MAX);
    let query = query!(
        log::ADD_AUDIT,
        seq,
        &hash,
        record.at.as_millis(),
        record.kind.as_str(),
        record.actor.to_string(),
        &record.subject,
        FORMAT,
        text,
    );
    // Nobody else writes while the lock is held, so this number is free.
    Ok(add(query, format!("audit record {seq}"), "audit".to_owned()))
}

fn remove_of_run(id: RunId, statements: &[&'static str]) -> Vec<Step> {
    let id = id.to_string();
    let finished = Step {
        query: query!(retention::IS_FINISHED, &id),
        must: Must::Fit { id: id.clone(), look: runs::RUN_VERSION },
    };
    let removed = statements.iter().map(|sql| any(query!(*sql, &id)));
    std::iter::once(finished).chain(removed).collect()
}

fn remove_session(id: SessionId) -> Step {
    let id = id.to_string();
    let query = query!(retention::REMOVE_SESSION, &id);
    Step { query, must: Must::Fit { id, look: retention::SESSION_IS_THERE } }
}

const fn any(query: Query) -> Step {
    Step { query, must: Must::Anything }
}

const fn add(query: Query, id: String, parent: String) -> Step {
    Step { query, must: Must::Add { id, parent, name: None } }
}

const fn change_or(query: Query, error: StoreError) -> Step {
    Step { query, must: Must::Else(error) }
}

/// The refusal of a value that was changed or exists.
pub(super) fn conflict(id: &str) -> StoreError {
    StoreError::Conflict(Conflicting::Value(id.to_owned()))
}

/// The refusal of a change of nothing.
pub(super) fn missing(id: &str) -> StoreError {
    StoreError::Missing(id.to_owned())
}

/// A version as the database counts it. One that it cannot hold is the version of nothing.
fn stored(version: Version) -> i64 {
    i64::try_from(version.0).unwrap_or(-1)
}
