//! What was said, until the gateway has it.

use rusqlite::{OptionalExtension as _, Transaction, params};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::chats::{self, ChatKind, ChatSeen};
use super::{Store, StoreError, media, sends};
use crate::hex::hex;

/// So many messages are brought at one time.
const MOST_AT_ONCE: i64 = 100;

/// So much is brought at one time, in bytes; the first message always is.
const LARGEST_AT_ONCE: usize = 4 * 1024 * 1024;

/// So many messages wait at most. `WhatsApp` keeps what is not taken.
const MOST_WAITING: i64 = if cfg!(test) { 3 } else { 50_000 };

/// The longest text that is kept, in characters.
const LONGEST_TEXT: usize = 65_536;

/// The longest word, name or id that is kept, in characters.
const LONGEST_WORD: usize = 255;

/// Something that was said in a chat of the account, as the protocol has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// The platform's id; unique for one sender in one chat.
    pub id: String,
    /// The bare JID of the chat.
    pub chat: String,
    /// What the chat is.
    pub kind: ChatKind,
    /// The bare JID of whoever said it.
    pub sender: String,
    /// The bare JID with the number of the other side.
    pub number: Option<String>,
    /// The bare LID of the other side.
    pub lid: Option<String>,
    /// The name that the other side gives itself.
    pub push_name: Option<String>,
    /// Who said it.
    pub from: From,
    /// The text.
    pub text: String,
    /// What else there is in it, in a word.
    pub media: Option<String>,
    /// The file that is in it.
    pub file: Option<HeardFile>,
    /// The id of the message that it quotes.
    pub reply_to: Option<String>,
    /// When it was said, in milliseconds since 1970.
    pub at: i64,
}

/// A file in something that was said, as its sender describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardFile {
    /// What it is said to be.
    pub media_type: String,
    /// How many bytes it is said to have.
    pub size: u64,
    /// What it is said to be called.
    pub name: Option<String>,
    /// What the account needs to fetch it.
    pub keys: String,
}

/// Who said something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// The other side.
    Provider,
    /// The user, on another device.
    User,
}

/// A message as it is kept, and brought.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Brought {
    #[serde(skip_deserializing)]
    cursor: String,
    id: String,
    chat_id: String,
    kind: ChatKind,
    number_jid: Option<String>,
    lid: Option<String>,
    push_name: Option<String>,
    from: From,
    text: String,
    media: Option<String>,
    file: Option<BroughtFile>,
    reply_to: Option<String>,
    at: String,
}

/// A file, as its sender describes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct BroughtFile {
    id: String,
    #[serde(rename = "type")]
    media_type: String,
    size: u64,
    name: Option<String>,
}

/// Nothing was brought under this cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnknownCursor;

impl Store {
    /// Takes what was said: when this returns it is on stable storage, all of it or nothing. What was
    /// taken before is not taken again. Of groups and lists nothing that was said is kept.
    pub async fn hear(&self, batch: Vec<Heard>) -> Result<(), StoreError> {
        let taken = self.write(move |tx| {
            refuse_if_full(tx)?;
            let mut taken = 0;
            for heard in &batch {
                taken += usize::from(take(tx, heard)?);
            }
            Ok(taken)
        });
        if taken.await? > 0 {
            self.told();
        }
        Ok(())
    }

    /// What was said after the place `after` and is not acknowledged, oldest first.
    pub(crate) async fn waiting(&self, after: i64) -> Result<Vec<Brought>, StoreError> {
        self.with(move |connection| {
            let mut statement = connection.prepare_cached(
                "SELECT seq, doc FROM inbox WHERE doc IS NOT NULL AND seq > ?1 ORDER BY seq LIMIT ?2",
            )?;
            let mut rows = statement.query(params![after, MOST_AT_ONCE])?;
            let (mut brought, mut size) = (Vec::new(), 0);
            while let Some(row) = rows.next()? {
                let (seq, doc): (i64, String) = (row.get(0)?, row.get(1)?);
                size += doc.len();
                if size > LARGEST_AT_ONCE && !brought.is_empty() {
                    break;
                }
                let message: Brought = serde_json::from_str(&doc)?;
                brought.push(Brought { cursor: cursor(seq), ..message });
            }
            Ok(brought)
        })
        .await
    }

    /// The gateway has everything up to the place `until`: what was said in it is forgotten.
    pub(crate) async fn acknowledge(
        &self,
        until: i64,
    ) -> Result<Result<(), UnknownCursor>, StoreError> {
        self.write(move |tx| {
            let last: Option<i64> = tx
                .query_row("SELECT seq FROM sqlite_sequence WHERE name = 'inbox'", [], |row| {
                    row.get(0)
                })
                .optional()?;
            if until > last.unwrap_or(0) {
                return Ok(Err(UnknownCursor));
            }
            tx.execute("UPDATE inbox SET doc = NULL WHERE doc IS NOT NULL AND seq <= ?1", [until])?;
            Ok(Ok(()))
        })
        .await
    }
}

/// The place that a cursor names; `None` if it is no cursor.
pub(crate) fn place(cursor: &str) -> Option<i64> {
    let digits = cursor.strip_prefix('c')?;
    let place = digits.parse().ok().filter(|place| *place >= 0)?;
    // One place has one name.
    (digits == i64::to_string(&place)).then_some(place)
}

fn cursor(seq: i64) -> String {
    format!("c{seq}")
}

/// Forgets that what was acknowledged before `until` was ever said.
pub(super) fn sweep(tx: &Transaction<'_>, until: i64) -> Result<(), StoreError> {
    tx.execute("DELETE FROM inbox WHERE doc IS NULL AND at < ?1", [until])?;
    Ok(())
}

fn refuse_if_full(tx: &Transaction<'_>) -> Result<(), StoreError> {
    let waiting: i64 = tx
        .prepare_cached("SELECT count(*) FROM inbox WHERE doc IS NOT NULL")?
        .query_row([], |row| row.get(0))?;
    if waiting >= MOST_WAITING { Err(StoreError::Full(waiting)) } else { Ok(()) }
}

/// Whether it is new.
fn take(tx: &Transaction<'_>, heard: &Heard) -> Result<bool, StoreError> {
    if let (Some(number), Some(lid)) = (&heard.number, &heard.lid) {
        chats::learn(tx, lid, number)?;
    }
    let ours = heard.from == From::User && sends::is_ours(tx, &heard.id)?;
    let doc = match heard.kind {
        ChatKind::Direct | ChatKind::Own if !ours => {
            Some(serde_json::to_string(&kept(tx, heard)?)?)
        }
        ChatKind::Direct | ChatKind::Own | ChatKind::Group | ChatKind::Broadcast => None,
    };
    let is_new = tx.execute(
        "INSERT INTO inbox (chat, sender, message, at, doc) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO NOTHING",
        params![heard.chat, heard.sender, heard.id, heard.at, doc],
    )? == 1;
    if is_new {
        chats::heard(tx, heard)?;
    }
    Ok(is_new && doc.is_some())
}

fn kept(tx: &Transaction<'_>, heard: &Heard) -> Result<Brought, StoreError> {
    let file = match &heard.file {
        Some(file) => {
            let id = file_id(heard);
            media::keep(tx, (&id, file), heard.at)?;
            let (media_type, name) = (word(&file.media_type), file.name.as_deref().map(word));
            Some(BroughtFile { id, media_type, size: file.size, name })
        }
        None => None,
    };
    let heard = heard.clone();
    Ok(Brought {
        cursor: String::new(),
        id: heard.id,
        chat_id: heard.chat,
        kind: heard.kind,
        number_jid: heard.number,
        lid: heard.lid,
        push_name: heard.push_name.as_deref().map(word),
        from: heard.from,
        text: heard.text.chars().take(LONGEST_TEXT).collect(),
        media: heard.media.as_deref().map(word),
        file,
        reply_to: heard.reply_to.as_deref().map(word),
        at: super::chats::written(heard.at),
    })
}

fn word(text: &str) -> String {
    text.chars().take(LONGEST_WORD).collect()
}

/// The id of a file: that of the message that it came in, which nobody can choose for another one.
fn file_id(heard: &Heard) -> String {
    let whole = format!("{}\u{1f}{}\u{1f}{}", heard.chat, heard.sender, heard.id);
    let digest = Sha256::digest(whole.as_bytes());
    hex(&digest).chars().take(32).collect()
}

impl Heard {
    /// What it says of its chat.
    pub(super) fn seen(&self) -> ChatSeen {
        let direct = self.kind == ChatKind::Direct && self.from == From::Provider;
        ChatSeen {
            id: self.chat.clone(),
            kind: self.kind,
            name: self.push_name.clone().filter(|_| direct),
            last_at: Some(self.at),
            unread: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heard(id: &str, text: &str) -> Heard {
        let jid = "34600111222@s.whatsapp.net".to_owned();
        Heard {
            id: id.to_owned(),
            chat: jid.clone(),
            kind: ChatKind::Direct,
            sender: jid,
            number: None,
            lid: None,
            push_name: Some("n".repeat(1000)),
            from: From::Provider,
            text: text.to_owned(),
            media: None,
            file: None,
            reply_to: None,
            at: 0,
        }
    }

    #[tokio::test]
    async fn what_there_is_no_room_for_is_left_with_whatsapp_and_taken_later() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("bridge.db")).unwrap();
        for id in ["1", "2", "3"] {
            store.hear(vec![heard(id, "x")]).await.unwrap();
        }
        assert!(matches!(store.hear(vec![heard("4", "x")]).await, Err(StoreError::Full(3))));
        assert_eq!(store.waiting(0).await.unwrap().len(), 3);
        store.acknowledge(1).await.unwrap().unwrap();
        store.hear(vec![heard("4", "x")]).await.unwrap();
        assert_eq!(store.waiting(0).await.unwrap().len(), 3);
    }

    #[tokio::test]
    async fn what_is_kept_has_an_end() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("bridge.db")).unwrap();
        store.hear(vec![heard("1", &"é".repeat(LONGEST_TEXT + 1))]).await.unwrap();
        let all = store.waiting(0).await.unwrap();
        assert_eq!(all[0].text.chars().count(), LONGEST_TEXT);
        assert_eq!(all[0].push_name.as_ref().unwrap().len(), LONGEST_WORD);
    }

    #[test]
    fn a_place_has_one_name() {
        assert_eq!((place("c0"), place("c12")), (Some(0), Some(12)));
        for text in ["", "c", "12", "c-1", "c012", "c+1", "c 1", "c1x", "C1"] {
            assert_eq!(place(text), None, "{text}");
        }
    }
}
