//! Conversations on platforms.

use countersign_domain::chat::{
    ChatRun, Conversation, Delivery, Note, OwedCard, Pairing, PostedCard, Unasked,
};
use countersign_domain::ids::{ApprovalId, PairingId, RunId};
use countersign_ports::store::Version;
use rusqlite::{Connection, params};

use super::{SqlError, conflict, insert, missing, stored};
use crate::catalogue::chats as sql;
use crate::document::{FORMAT, encode};

pub(super) fn add_delivery(tx: &Connection, delivery: &Delivery) -> Result<(), SqlError> {
    let (platform, account) = (delivery.platform.as_str(), delivery.account.as_str());
    let params = params![platform, account, delivery.id, delivery.at.as_millis()];
    insert(tx, sql::ADD_DELIVERY, params, &delivery.id, platform)
}

pub(super) fn add_conversation(tx: &Connection, new: &Conversation) -> Result<(), SqlError> {
    let key = new.key.as_str();
    insert(tx, sql::ADD_CONVERSATION, params![key, FORMAT, encode(new)?], key, key)
}

pub(super) fn update_conversation(
    tx: &Connection,
    next: &Conversation,
    version: Version,
) -> Result<(), SqlError> {
    let key = next.key.as_str();
    let params = params![key, stored(version), FORMAT, encode(next)?];
    super::update(tx, sql::UPDATE_CONVERSATION, params, sql::CONVERSATION_VERSION, key)
}

pub(super) fn add_chat_run(tx: &Connection, run: &ChatRun) -> Result<(), SqlError> {
    let (id, session) = (run.run_id.to_string(), run.session_id.to_string());
    insert(tx, sql::ADD_CHAT_RUN, params![id, session, FORMAT, encode(run)?], &id, &id)
}

/// Telling an end twice is no mistake.
pub(super) fn remove_chat_run(tx: &Connection, run: RunId) -> Result<(), SqlError> {
    tx.prepare_cached(sql::REMOVE_CHAT_RUN)?.execute([run.to_string()])?;
    Ok(())
}

pub(super) fn add_card(tx: &Connection, card: &PostedCard) -> Result<(), SqlError> {
    let (id, approval) = (card.id.to_string(), card.approval_id.to_string());
    let run = card.run_id.to_string();
    let params = params![id, approval, run, card.address.key(), FORMAT, encode(card)?];
    insert(tx, sql::ADD_CARD, params, &id, &approval)
}

pub(super) fn update_card(
    tx: &Connection,
    card: &PostedCard,
    version: Version,
) -> Result<(), SqlError> {
    let id = card.id.to_string();
    let params = params![id, stored(version), FORMAT, encode(card)?];
    super::update(tx, sql::UPDATE_CARD, params, sql::CARD_VERSION, &id)
}

pub(super) fn add_owed_card(tx: &Connection, owed: &OwedCard) -> Result<(), SqlError> {
    let (id, run) = (owed.approval_id.to_string(), owed.run_id.to_string());
    insert(tx, sql::ADD_OWED_CARD, params![id, run, FORMAT, encode(owed)?], &id, &id)
}

/// What is owed no more may have been given before.
pub(super) fn remove_owed_card(tx: &Connection, id: ApprovalId) -> Result<(), SqlError> {
    tx.prepare_cached(sql::REMOVE_OWED_CARD)?.execute([id.to_string()])?;
    Ok(())
}

pub(super) fn put_pairing(tx: &Connection, pairing: &Pairing) -> Result<(), SqlError> {
    let (id, platform) = (pairing.id.to_string(), pairing.platform.as_str());
    let (person, paired) = (pairing.person.as_str(), pairing.paired.is_some());
    let params = params![id, platform, person, paired, FORMAT, encode(pairing)?];
    match tx.prepare_cached(sql::PUT_PAIRING)?.execute(params)? {
        1 => Ok(()),
        _ => Err(conflict(&id)),
    }
}

pub(super) fn remove_pairing(tx: &Connection, id: PairingId) -> Result<(), SqlError> {
    let id = id.to_string();
    match tx.prepare_cached(sql::REMOVE_PAIRING)?.execute([&id])? {
        1 => Ok(()),
        _ => Err(missing(&id)),
    }
}

pub(super) fn put_unasked(tx: &Connection, unasked: &Unasked) -> Result<(), SqlError> {
    let params = params![unasked.session_id.to_string(), FORMAT, encode(unasked)?];
    tx.prepare_cached(sql::PUT_UNASKED)?.execute(params)?;
    Ok(())
}

pub(super) fn put_note(tx: &Connection, note: &Note) -> Result<(), SqlError> {
    let id = Note::key(&note.platform, &note.account, &note.name);
    tx.prepare_cached(sql::PUT_NOTE)?.execute(params![id, FORMAT, encode(note)?])?;
    Ok(())
}
