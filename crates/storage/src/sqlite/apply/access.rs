//! Keys, sign-ins and remembered answers.

use countersign_domain::digest::Digest;
use countersign_domain::ids::{KeyId, WebSessionId};
use countersign_domain::time::Timestamp;
use countersign_ports::store::{
    ApiKey, Conflicting, IdempotentAnswer, SignInLink, StoreError, WebSession,
};
use rusqlite::{Connection, OptionalExtension, params};

use super::{SqlError, insert, is_there, missing};
use crate::catalogue::access as sql;
use crate::catalogue::chats::FORGET_DELIVERIES;
use crate::catalogue::grants::FORGET_GRANTS;
use crate::catalogue::service::FORGET_COUNTED;
use crate::document::{FORMAT, encode};
use crate::sqlite::reads::document;

/// How long answers are remembered: from an answer's end this gives its beginning.
const REMEMBERED_MS: i64 = 24 * 60 * 60 * 1000;

pub(super) fn add_key(tx: &Connection, key: &ApiKey) -> Result<(), SqlError> {
    let id = key.id.to_string();
    let name = key.name.as_str();
    if key.revoked_at.is_none() && is_there(tx, sql::LIVING_KEY_NAMED, [name])? {
        let taken = Conflicting::KeyName(name.to_owned());
        return Err(StoreError::Conflict(taken).into());
    }
    let params =
        params![id, name, key.secret.to_string(), key.revoked_at.is_some(), FORMAT, encode(key)?,];
    insert(tx, sql::ADD_KEY, params, &id, &id)
}

/// A key that was taken back before keeps the earlier time.
pub(super) fn revoke_key(tx: &Connection, id: KeyId, at: Timestamp) -> Result<(), SqlError> {
    let id = id.to_string();
    let mut key: ApiKey = document(tx, sql::KEY, [&id])?.ok_or_else(|| missing(&id))?;
    if key.revoked_at.is_some() {
        return Ok(());
    }
    key.revoked_at = Some(at);
    tx.prepare_cached(sql::REWRITE_KEY)?.execute(params![id, true, FORMAT, encode(&key)?])?;
    Ok(())
}

/// What was used earlier, or was taken back, stays as it is.
pub(super) fn use_key(tx: &Connection, id: KeyId, at: Timestamp) -> Result<(), SqlError> {
    let id = id.to_string();
    let mut key: ApiKey = document(tx, sql::KEY, [&id])?.ok_or_else(|| missing(&id))?;
    if key.revoked_at.is_some() || key.last_used_at >= Some(at) {
        return Ok(());
    }
    key.last_used_at = Some(at);
    tx.prepare_cached(sql::REWRITE_KEY)?.execute(params![id, false, FORMAT, encode(&key)?])?;
    Ok(())
}

pub(super) fn add_link(tx: &Connection, link: &SignInLink) -> Result<(), SqlError> {
    let token = link.token.to_string();
    let params = params![token, link.expires_at.as_millis()];
    insert(tx, sql::ADD_LINK, params, "sign-in link", "sign-in link")
}

pub(super) fn use_link(tx: &Connection, token: &Digest, now: Timestamp) -> Result<(), SqlError> {
    let params = params![token.to_string(), now.as_millis()];
    match tx.prepare_cached(sql::USE_LINK)?.execute(params)? {
        0 => Err(StoreError::Conflict(Conflicting::SignInLink).into()),
        _ => Ok(()),
    }
}

pub(super) fn add_web_session(tx: &Connection, session: &WebSession) -> Result<(), SqlError> {
    let id = session.id.to_string();
    let params = params![id, session.token.to_string(), session.expires_at.as_millis()];
    insert(tx, sql::ADD_WEB_SESSION, params, &id, &id)
}

/// Signing out twice is no mistake.
pub(super) fn remove_web_session(tx: &Connection, id: WebSessionId) -> Result<(), SqlError> {
    tx.prepare_cached(sql::REMOVE_WEB_SESSION)?.execute([id.to_string()])?;
    Ok(())
}

pub(super) fn remember(tx: &Connection, answer: &IdempotentAnswer) -> Result<(), SqlError> {
    let caller = answer.caller.to_string();
    let end = answer.expires_at.as_millis();
    let earlier_end: Option<i64> = tx
        .prepare_cached(sql::ANSWER_END)?
        .query_row(params![caller, answer.key], |row| row.get(0))
        .optional()?;
    if earlier_end.is_some_and(|earlier| earlier > end.saturating_sub(REMEMBERED_MS)) {
        let taken = Conflicting::IdempotencyKey(answer.key.clone());
        return Err(StoreError::Conflict(taken).into());
    }
    tx.prepare_cached(sql::REMEMBER)?.execute(params![
        caller,
        answer.key,
        answer.request.to_string(),
        answer.status,
        answer.body,
        end,
    ])?;
    Ok(())
}

pub(super) fn forget(tx: &Connection, before: Timestamp) -> Result<(), SqlError> {
    for statement in [
        sql::FORGET_LINKS,
        sql::FORGET_WEB_SESSIONS,
        sql::FORGET_ANSWERS,
        sql::FORGET_RULES,
        FORGET_GRANTS,
        FORGET_DELIVERIES,
        FORGET_COUNTED,
    ] {
        tx.prepare_cached(statement)?.execute([before.as_millis()])?;
    }
    Ok(())
}
