//! Conversations on platforms.

use countersign_domain::chat::{
    ChatRun, Conversation, Delivery, Note, OwedCard, Pairing, PostedCard, Unasked,
};
use countersign_domain::ids::{ApprovalId, PairingId, RunId};
use countersign_ports::store::{StoreError, Version};

use super::{Must, Step, add, any, change_or, conflict, missing, stored};
use crate::catalogue::chats as sql;
use crate::document::{FORMAT, encode};
use crate::postgres::session::query;

pub(super) fn add_delivery(delivery: &Delivery) -> Step {
    let (platform, account) = (delivery.platform.as_str(), delivery.account.as_str());
    let at = delivery.at.as_millis();
    let query = query!(sql::ADD_DELIVERY, platform, account, &delivery.id, at);
    add(query, delivery.id.clone(), platform.to_owned())
}

pub(super) fn add_conversation(new: &Conversation) -> Result<Step, StoreError> {
    let key = new.key.to_string();
    Ok(add(query!(sql::ADD_CONVERSATION, &key, FORMAT, encode(new)?), key.clone(), key))
}

pub(super) fn update_conversation(
    next: &Conversation,
    version: Version,
) -> Result<Step, StoreError> {
    let id = next.key.to_string();
    let query = query!(sql::UPDATE_CONVERSATION, &id, stored(version), FORMAT, encode(next)?);
    Ok(Step { query, must: Must::Fit { id, look: sql::CONVERSATION_VERSION } })
}

pub(super) fn add_chat_run(run: &ChatRun) -> Result<Step, StoreError> {
    let (id, session) = (run.run_id.to_string(), run.session_id.to_string());
    let query = query!(sql::ADD_CHAT_RUN, &id, session, FORMAT, encode(run)?);
    Ok(add(query, id.clone(), id))
}

pub(super) fn add_card(card: &PostedCard) -> Result<Step, StoreError> {
    let (id, approval) = (card.id.to_string(), card.approval_id.to_string());
    let (run, address) = (card.run_id.to_string(), card.address.key());
    let query = query!(sql::ADD_CARD, &id, &approval, run, address, FORMAT, encode(card)?);
    Ok(add(query, id, approval))
}

pub(super) fn update_card(card: &PostedCard, version: Version) -> Result<Step, StoreError> {
    let id = card.id.to_string();
    let query = query!(sql::UPDATE_CARD, &id, stored(version), FORMAT, encode(card)?);
    Ok(Step { query, must: Must::Fit { id, look: sql::CARD_VERSION } })
}

pub(super) fn add_owed_card(owed: &OwedCard) -> Result<Step, StoreError> {
    let (id, run) = (owed.approval_id.to_string(), owed.run_id.to_string());
    let query = query!(sql::ADD_OWED_CARD, &id, run, FORMAT, encode(owed)?);
    Ok(add(query, id.clone(), id))
}

/// What is owed no more may have been given before.
pub(super) fn remove_owed_card(id: ApprovalId) -> Step {
    any(query!(sql::REMOVE_OWED_CARD, id.to_string()))
}

pub(super) fn put_pairing(pairing: &Pairing) -> Result<Step, StoreError> {
    let id = pairing.id.to_string();
    let query = query!(
        sql::PUT_PAIRING,
        &id,
        pairing.platform.as_str(),
        pairing.person.as_str(),
        pairing.paired.is_some(),
        FORMAT,
        encode(pairing)?,
    );
    Ok(change_or(query, conflict(&id)))
}

/// Telling an end twice is no mistake.
pub(super) fn remove_chat_run(run: RunId) -> Step {
    any(query!(sql::REMOVE_CHAT_RUN, run.to_string()))
}

pub(super) fn remove_pairing(id: PairingId) -> Step {
    let id = id.to_string();
    change_or(query!(sql::REMOVE_PAIRING, &id), missing(&id))
}

pub(super) fn put_unasked(unasked: &Unasked) -> Result<Step, StoreError> {
    let id = unasked.session_id.to_string();
    Ok(any(query!(sql::PUT_UNASKED, id, FORMAT, encode(unasked)?)))
}

pub(super) fn put_note(note: &Note) -> Result<Step, StoreError> {
    let id = Note::key(&note.platform, &note.account, &note.name);
    Ok(any(query!(sql::PUT_NOTE, id, FORMAT, encode(note)?)))
}
