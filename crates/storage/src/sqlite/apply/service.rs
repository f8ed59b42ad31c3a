//! Service chats.

use countersign_domain::ids::SaidId;
use countersign_domain::service_conversations::{
    ChatStatus, Counted, CountedKind, Said, ServiceChat, ServiceChatId,
};
use countersign_ports::store::Version;
use rusqlite::{Connection, params};

use super::{SqlError, conflict, insert, stored};
use crate::catalogue::service as sql;
use crate::document::{FORMAT, encode};

pub(super) fn add(tx: &Connection, chat: &ServiceChat) -> Result<(), SqlError> {
    let id = chat.id.as_str();
    insert(tx, sql::ADD_CHAT, params![id, is_listed(chat), FORMAT, encode(chat)?], id, id)
}

pub(super) fn update(
    tx: &Connection,
    chat: &ServiceChat,
    version: Version,
) -> Result<(), SqlError> {
    let id = chat.id.as_str();
    let params = params![id, stored(version), is_listed(chat), FORMAT, encode(chat)?];
    super::update(tx, sql::UPDATE_CHAT, params, sql::CHAT_VERSION, id)
}

pub(super) fn merge(
    tx: &Connection,
    gone: &ServiceChatId,
    version: Version,
    into: &ServiceChatId,
) -> Result<(), SqlError> {
    let (gone, into) = (gone.as_str(), into.as_str());
    let params = params![gone, stored(version)];
    super::update(tx, sql::REMOVE_CHAT, params, sql::CHAT_VERSION, gone)?;
    for moving in [sql::MOVE_SAID, sql::MOVE_COUNTED] {
        tx.prepare_cached(moving)?.execute([gone, into])?;
    }
    Ok(())
}

pub(super) fn learn(
    tx: &Connection,
    lid: &ServiceChatId,
    number: &ServiceChatId,
) -> Result<(), SqlError> {
    tx.prepare_cached(sql::LEARN)?.execute([lid.as_str(), number.as_str()])?;
    Ok(())
}

/// Counts and adds in one transaction, so that of two for the last place one is refused.
pub(super) fn count(tx: &Connection, counted: &Counted) -> Result<(), SqlError> {
    let (chat, kind) = (counted.chat.as_str(), counted.kind.as_str());
    let since = counted.window.since.as_millis();
    let there: i64 = match counted.kind {
        CountedKind::NewChat | CountedKind::Stranger => {
            tx.prepare_cached(sql::COUNTED)?.query_row(params![kind, since], |row| row.get(0))?
        }
        CountedKind::AutoSend => tx
            .prepare_cached(sql::COUNTED_IN_CHAT)?
            .query_row(params![kind, chat, since], |row| row.get(0))?,
    };
    if there >= i64::from(counted.window.most) {
        return Err(conflict(chat));
    }
    let params = params![counted.id, chat, kind, counted.at.as_millis()];
    insert(tx, sql::ADD_COUNTED, params, &counted.id, chat)
}

pub(super) fn add_said(tx: &Connection, said: &Said) -> Result<(), SqlError> {
    let id = said.id.to_string();
    let chat = said.chat.as_str();
    insert(tx, sql::ADD_SAID, params![id, chat, FORMAT, encode(said)?], &id, chat)
}

pub(super) fn remove_stranger(
    tx: &Connection,
    id: &ServiceChatId,
    version: Version,
) -> Result<(), SqlError> {
    let params = params![id.as_str(), stored(version)];
    super::update(tx, sql::REMOVE_CHAT, params, sql::CHAT_VERSION, id.as_str())?;
    tx.prepare_cached(sql::FORGET_ALIASES)?.execute([id.as_str()])?;
    Ok(())
}

pub(super) fn forget_said(tx: &Connection, before: SaidId, most: u32) -> Result<(), SqlError> {
    tx.prepare_cached(sql::FORGET_SAID)?.execute(params![before.to_string(), most])?;
    Ok(())
}

fn is_listed(chat: &ServiceChat) -> bool {
    chat.state.status() != ChatStatus::Unknown || chat.place.is_some()
}
