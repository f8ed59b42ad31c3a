//! Service chats.

use countersign_domain::ids::SaidId;
use countersign_domain::service_conversations::{
    ChatStatus, Counted, CountedKind, Said, ServiceChat, ServiceChatId,
};
use countersign_ports::store::{StoreError, Version};

use super::{Must, Step, add, any, stored};
use crate::catalogue::service as sql;
use crate::document::{FORMAT, encode};
use crate::postgres::session::query;

/// Counts and adds in one statement: nobody else writes meanwhile.
pub(in crate::postgres) const COUNT: &str = "INSERT INTO service_counts (id, chat, kind, at) \
     SELECT ?1, ?2, ?3, ?4 \
     WHERE (SELECT COUNT(*) FROM service_counts WHERE kind = ?3 AND at > ?5) < ?6";
pub(in crate::postgres) const COUNT_IN_CHAT: &str = "INSERT INTO service_counts (id, chat, kind, at) \
     SELECT ?1, ?2, ?3, ?4 WHERE \
     (SELECT COUNT(*) FROM service_counts WHERE kind = ?3 AND chat = ?2 AND at > ?5) < ?6";

pub(super) fn add_chat(chat: &ServiceChat) -> Result<Step, StoreError> {
    let id = chat.id.to_string();
    let query = query!(sql::ADD_CHAT, &id, is_listed(chat), FORMAT, encode(chat)?);
    Ok(add(query, id.clone(), id))
}

pub(super) fn update(chat: &ServiceChat, version: Version) -> Result<Step, StoreError> {
    let id = chat.id.to_string();
    let query =
        query!(sql::UPDATE_CHAT, &id, stored(version), is_listed(chat), FORMAT, encode(chat)?);
    Ok(Step { query, must: Must::Fit { id, look: sql::CHAT_VERSION } })
}

pub(super) fn merge(gone: &ServiceChatId, version: Version, into: &ServiceChatId) -> Vec<Step> {
    let (id, into) = (gone.to_string(), into.as_str());
    let removed = query!(sql::REMOVE_CHAT, &id, stored(version));
    let moved = |how| any(query!(how, gone.as_str(), into));
    vec![
        Step { query: removed, must: Must::Fit { id, look: sql::CHAT_VERSION } },
        moved(sql::MOVE_SAID),
        moved(sql::MOVE_COUNTED),
    ]
}

pub(super) fn learn(lid: &ServiceChatId, number: &ServiceChatId) -> Step {
    any(query!(sql::LEARN, lid.as_str(), number.as_str()))
}

/// Of two for the last place one adds nothing, and is refused.
pub(super) fn count(counted: &Counted) -> Step {
    let how = match counted.kind {
        CountedKind::NewChat | CountedKind::Stranger => COUNT,
        CountedKind::AutoSend => COUNT_IN_CHAT,
    };
    let (chat, kind) = (counted.chat.as_str(), counted.kind.as_str());
    let (at, since) = (counted.at.as_millis(), counted.window.since.as_millis());
    let query = query!(how, &counted.id, chat, kind, at, since, counted.window.most);
    let must = Must::Send { grant: counted.id.clone(), destination: chat.to_owned() };
    Step { query, must }
}

pub(super) fn add_said(said: &Said) -> Result<Step, StoreError> {
    let (id, chat) = (said.id.to_string(), said.chat.to_string());
    let query = query!(sql::ADD_SAID, &id, &chat, FORMAT, encode(said)?);
    Ok(add(query, id, chat))
}

pub(super) fn remove_stranger(id: &ServiceChatId, version: Version) -> Vec<Step> {
    let removed = query!(sql::REMOVE_CHAT, id.as_str(), stored(version));
    let must = Must::Fit { id: id.to_string(), look: sql::CHAT_VERSION };
    vec![Step { query: removed, must }, any(query!(sql::FORGET_ALIASES, id.as_str()))]
}

pub(super) fn forget_said(before: SaidId, most: u32) -> Step {
    any(query!(sql::FORGET_SAID, before.to_string(), i64::from(most)))
}

fn is_listed(chat: &ServiceChat) -> bool {
    chat.state.status() != ChatStatus::Unknown || chat.place.is_some()
}
