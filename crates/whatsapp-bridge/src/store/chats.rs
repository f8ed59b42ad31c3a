//! The recent chats: who, and when. Nothing that was said.

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row, ToSql, Transaction, params};
use serde::{Deserialize, Serialize};

use super::inbox::{From, Heard};
use super::{Store, StoreError};

/// The longest name that is kept, in characters.
const LONGEST_NAME: usize = 200;

/// What a chat is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChatKind {
    /// With one person.
    Direct,
    /// With several.
    Group,
    /// A list, the status, a newsletter.
    Broadcast,
    /// The one with oneself.
    #[serde(rename = "self")]
    Own,
}

/// What is learned of a chat otherwise than by what is said in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChatSeen {
    /// Its bare JID.
    pub id: String,
    /// What it is.
    pub kind: ChatKind,
    /// What it is called, if that is known now.
    pub name: Option<String>,
    /// When something was last said in it, if that is known now.
    pub last_at: Option<i64>,
    /// How much in it is unread, if that is known now.
    pub unread: Option<u32>,
}

/// A chat as it is listed.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct ListedChat {
    id: String,
    name: Option<String>,
    kind: ChatKind,
    last_message_at: Option<String>,
    unread: u32,
}

impl ChatKind {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Group => "group",
            Self::Broadcast => "broadcast",
            Self::Own => "self",
        }
    }
}

impl ToSql for ChatKind {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(self.as_str().into())
    }
}

impl FromSql for ChatKind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        match value.as_str()? {
            "direct" => Ok(Self::Direct),
            "group" => Ok(Self::Group),
            "broadcast" => Ok(Self::Broadcast),
            "self" => Ok(Self::Own),
            _ => Err(FromSqlError::InvalidType),
        }
    }
}

impl Store {
    /// Learns of chats: what is newer holds, and what is not known stays.
    pub async fn see(&self, chats: Vec<ChatSeen>) -> Result<(), StoreError> {
        self.write(move |tx| chats.iter().try_for_each(|chat| see(tx, chat))).await
    }

    /// Learns that the protocol says that a LID is the number's. What was one chat under two ids is
    /// listed once.
    pub async fn learn(&self, pairs: Vec<(String, String)>) -> Result<(), StoreError> {
        self.write(move |tx| pairs.iter().try_for_each(|(lid, number)| learn(tx, lid, number)))
            .await
    }

    /// The recent chats, newest first, and nobody of whom only the name is known; those alone in which something was said after `since`.
    pub(crate) async fn recent(
        &self,
        limit: i64,
        since: Option<i64>,
    ) -> Result<Vec<ListedChat>, StoreError> {
        self.with(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, name, kind, last_at, unread FROM chats
                 WHERE last_at > coalesce(?2, -1) ORDER BY last_at DESC, id LIMIT ?1",
            )?;
            let rows = statement.query_map(params![limit, since], listed)?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
        .await
    }

    /// One chat, by whichever of its ids.
    pub(crate) async fn chat(&self, id: String) -> Result<Option<ListedChat>, StoreError> {
        self.with(move |connection| {
            let id = listed_as(connection, &id)?;
            let mut statement = connection.prepare_cached(
                "SELECT id, name, kind, last_at, unread FROM chats WHERE id = ?1",
            )?;
            Ok(statement.query_row([id], listed).optional()?)
        })
        .await
    }
}

fn listed(row: &Row<'_>) -> rusqlite::Result<ListedChat> {
    let last_at: Option<i64> = row.get(3)?;
    Ok(ListedChat {
        id: row.get(0)?,
        name: row.get(1)?,
        kind: row.get(2)?,
        last_message_at: last_at.map(written),
        unread: row.get(4)?,
    })
}

/// A moment as the contract writes it.
pub(super) fn written(millis: i64) -> String {
    let at = Timestamp::from_millisecond(millis).unwrap_or(Timestamp::UNIX_EPOCH);
    format!("{at:.3}")
}

/// The id under which a chat is listed: by the number, where it is known.
fn listed_as(connection: &Connection, id: &str) -> Result<String, StoreError> {
    let number = connection
        .prepare_cached("SELECT number FROM lids WHERE lid = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(number.unwrap_or_else(|| id.to_owned()))
}

pub(super) fn see(tx: &Transaction<'_>, chat: &ChatSeen) -> Result<(), StoreError> {
    let id = listed_as(tx, &chat.id)?;
    let name = chat.name.as_deref().map(str::trim).filter(|name| !name.is_empty());
    let name: Option<String> = name.map(|name| name.chars().take(LONGEST_NAME).collect());
    tx.prepare_cached(
        "INSERT INTO chats (id, kind, name, last_at, unread) VALUES (?1, ?2, ?3, ?4, coalesce(?5, 0))
         ON CONFLICT (id) DO UPDATE SET
             kind = excluded.kind,
             name = coalesce(excluded.name, name),
             last_at = max(coalesce(excluded.last_at, last_at), coalesce(last_at, excluded.last_at)),
             unread = coalesce(?5, unread)",
    )?
    .execute(params![id, chat.kind, name, chat.last_at, chat.unread])?;
    Ok(())
}

/// Something was said in a chat. The name that the other side gives itself is no better than one that
/// is known.
pub(super) fn heard(tx: &Transaction<'_>, heard: &Heard) -> Result<(), StoreError> {
    let id = listed_as(tx, &heard.chat)?;
    let known: Option<Option<String>> = tx
        .prepare_cached("SELECT name FROM chats WHERE id = ?1")?
        .query_row([&id], |row| row.get(0))
        .optional()?;
    let seen = heard.seen();
    let name = seen.name.clone().filter(|_| known.flatten().is_none());
    see(tx, &ChatSeen { name, ..seen })?;
    let unread = match heard.from {
        From::Provider => "UPDATE chats SET unread = unread + 1 WHERE id = ?1",
        // Whoever answers has read.
        From::User => "UPDATE chats SET unread = 0 WHERE id = ?1",
    };
    tx.prepare_cached(unread)?.execute([id])?;
    Ok(())
}

pub(super) fn learn(tx: &Transaction<'_>, lid: &str, number: &str) -> Result<(), StoreError> {
    if !lid.ends_with("@lid") || !number.ends_with("@s.whatsapp.net") {
        return Ok(());
    }
    tx.prepare_cached(
        "INSERT INTO lids (lid, number) VALUES (?1, ?2)
         ON CONFLICT (lid) DO UPDATE SET number = excluded.number",
    )?
    .execute([lid, number])?;
    let under_lid = tx
        .prepare_cached("SELECT id, name, kind, last_at, unread FROM chats WHERE id = ?1")?
        .query_row([lid], |row| {
            Ok(ChatSeen {
                id: number.to_owned(),
                name: row.get(1)?,
                kind: row.get(2)?,
                last_at: row.get(3)?,
                unread: Some(row.get(4)?),
            })
        })
        .optional()?;
    if let Some(chat) = under_lid {
        tx.execute("DELETE FROM chats WHERE id = ?1", [lid])?;
        see(tx, &chat)?;
    }
    Ok(())
}
