//! Changes that are about callers: keys, sign-ins, and the answers that are remembered for them.

use countersign_domain::digest::Digest;
use countersign_domain::ids::KeyId;
use countersign_domain::time::Timestamp;
use countersign_ports::store::{
    ApiKey, Conflicting, IdempotentAnswer, SignInLink, StoreError, WebSession,
};

use super::{Ledger, Must, Step, add, any, change_or, conflict, missing};
use crate::catalogue::{access, chats, grants, service};
use crate::document::{FORMAT, encode};
use crate::postgres::session::query;

/// How long answers are remembered: from an answer's end this gives its beginning.
const REMEMBERED_MS: i64 = 24 * 60 * 60 * 1000;

/// Remembers an answer, unless an earlier one is still remembered.
pub(in crate::postgres) const REMEMBER: &str = "INSERT INTO answers (caller, key, request, status, body, expires_at) \
     VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
     ON CONFLICT (caller, key) DO UPDATE SET request = excluded.request, \
     status = excluded.status, body = excluded.body, expires_at = excluded.expires_at \
     WHERE answers.expires_at <= ?7";

/// The constraint that keeps the names of living keys apart.
const LIVING_NAMES: &str = "api_keys_by_living_name";

pub(super) fn add_key(key: &ApiKey, ledger: &mut Ledger<'_>) -> Result<Step, StoreError> {
    let (id, name) = (key.id.to_string(), key.name.as_str());
    let revoked = key.revoked_at.is_some();
    ledger.keys.insert(key.id, key.clone());
    let secret = key.secret.to_string();
    let query = query!(access::ADD_KEY, &id, name, secret, revoked, FORMAT, encode(key)?);
    let name = Some(name.to_owned());
    Ok(Step { query, must: Must::Add { parent: id.clone(), id, name } })
}

/// A key that was taken back before keeps the earlier time.
pub(super) fn revoke_key(
    id: KeyId,
    at: Timestamp,
    ledger: &mut Ledger<'_>,
) -> Result<Vec<Step>, StoreError> {
    let text = id.to_string();
    let key = ledger.keys.get_mut(&id).ok_or_else(|| missing(&text))?;
    if key.revoked_at.is_some() {
        return Ok(Vec::new());
    }
    key.revoked_at = Some(at);
    let query = query!(access::REWRITE_KEY, &text, true, FORMAT, encode(key)?);
    Ok(vec![change_or(query, missing(&text))])
}

/// What was used earlier, or was taken back, stays as it is.
pub(super) fn use_key(
    id: KeyId,
    at: Timestamp,
    ledger: &mut Ledger<'_>,
) -> Result<Vec<Step>, StoreError> {
    let text = id.to_string();
    let key = ledger.keys.get_mut(&id).ok_or_else(|| missing(&text))?;
    if key.revoked_at.is_some() || key.last_used_at >= Some(at) {
        return Ok(Vec::new());
    }
    key.last_used_at = Some(at);
    let query = query!(access::REWRITE_KEY, &text, false, FORMAT, encode(key)?);
    Ok(vec![change_or(query, missing(&text))])
}

pub(super) fn add_link(link: &SignInLink) -> Step {
    let query = query!(access::ADD_LINK, link.token.to_string(), link.expires_at.as_millis());
    add(query, "sign-in link".to_owned(), "sign-in link".to_owned())
}

pub(super) fn add_web_session(session: &WebSession) -> Step {
    let id = session.id.to_string();
    let end = session.expires_at.as_millis();
    add(query!(access::ADD_WEB_SESSION, &id, session.token.to_string(), end), id.clone(), id)
}

pub(super) fn use_link(token: &Digest, now: Timestamp) -> Step {
    let query = query!(access::USE_LINK, token.to_string(), now.as_millis());
    change_or(query, StoreError::Conflict(Conflicting::SignInLink))
}

pub(super) fn remember(answer: &IdempotentAnswer) -> Step {
    let end = answer.expires_at.as_millis();
    let query = query!(
        REMEMBER,
        answer.caller.to_string(),
        &answer.key,
        answer.request.to_string(),
        answer.status,
        &answer.body,
        end,
        end.saturating_sub(REMEMBERED_MS),
    );
    change_or(query, StoreError::Conflict(Conflicting::IdempotencyKey(answer.key.clone())))
}

pub(super) fn forget(before: Timestamp) -> Vec<Step> {
    let statements = [
        access::FORGET_LINKS,
        access::FORGET_WEB_SESSIONS,
        access::FORGET_ANSWERS,
        access::FORGET_RULES,
        grants::FORGET_GRANTS,
        chats::FORGET_DELIVERIES,
        service::FORGET_COUNTED,
    ];
    statements.map(|sql| any(query!(sql, before.as_millis()))).into()
}

/// The refusal of an addition because of `constraint`.
pub(in crate::postgres) fn taken(id: &str, name: Option<&String>, constraint: &str) -> StoreError {
    match name {
        Some(name) if constraint == LIVING_NAMES => {
            StoreError::Conflict(Conflicting::KeyName(name.clone()))
        }
        Some(_) | None => conflict(id),
    }
}
