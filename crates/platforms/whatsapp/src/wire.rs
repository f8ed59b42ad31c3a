//! What goes over the wire. Fields that are not known are those of a newer bridge, and are passed
//! over.

use countersign_domain::service_conversations::{ChatKind, RecentChat};
use countersign_domain::time::Timestamp;
use countersign_ports::platform::BroughtFile;
use countersign_ports::service_bridge::{BridgeMessage, BridgeSender};
use serde::{Deserialize, Serialize};

use crate::files::name_for;

/// `GET /chats`.
#[derive(Debug, Deserialize)]
pub(crate) struct Chats {
    pub(crate) chats: Vec<Chat>,
}

/// A chat.
#[derive(Debug, Deserialize)]
pub(crate) struct Chat {
    id: String,
    #[serde(default)]
    name: Option<String>,
    kind: String,
    #[serde(default)]
    last_message_at: Option<Timestamp>,
    #[serde(default)]
    unread: u32,
}

/// `GET /messages`.
#[derive(Debug, Deserialize)]
pub(crate) struct Messages {
    pub(crate) messages: Vec<Message>,
}

/// A message.
#[derive(Debug, Deserialize)]
pub(crate) struct Message {
    cursor: String,
    id: String,
    chat_id: String,
    kind: String,
    #[serde(default)]
    number_jid: Option<String>,
    #[serde(default)]
    lid: Option<String>,
    #[serde(default)]
    push_name: Option<String>,
    from: From,
    #[serde(default)]
    text: String,
    #[serde(default)]
    media: Option<String>,
    #[serde(default)]
    file: Option<File>,
    #[serde(default)]
    reply_to: Option<String>,
    at: Timestamp,
}

/// A file that somebody sent, in their own words.
#[derive(Debug, Deserialize)]
struct File {
    id: String,
    #[serde(rename = "type")]
    media_type: String,
    size: u64,
    #[serde(default)]
    name: Option<String>,
}

/// Who wrote a message.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum From {
    Provider,
    User,
}

/// `POST /messages/ack`.
#[derive(Debug, Serialize)]
pub(crate) struct Ack<'a> {
    pub(crate) cursor: &'a str,
}

/// `POST /send`.
#[derive(Debug, Serialize)]
pub(crate) struct Send<'a> {
    pub(crate) chat_id: &'a str,
    pub(crate) text: &'a str,
    pub(crate) idempotency_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reply_to: Option<&'a str>,
}

/// `POST /send-media`.
#[derive(Debug, Serialize)]
pub(crate) struct SendMedia<'a> {
    pub(crate) chat_id: &'a str,
    pub(crate) file: Upload<'a>,
    pub(crate) idempotency_key: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) caption: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reply_to: Option<&'a str>,
}

/// A file with all that is in it.
#[derive(Debug, Serialize)]
pub(crate) struct Upload<'a> {
    #[serde(rename = "type")]
    pub(crate) media_type: &'a str,
    pub(crate) name: &'a str,
    pub(crate) base64: String,
}

/// `POST /typing`.
#[derive(Debug, Serialize)]
pub(crate) struct Typing<'a> {
    pub(crate) chat_id: &'a str,
}

/// What it answers.
#[derive(Debug, Deserialize)]
pub(crate) struct Sent {
    pub(crate) message_id: String,
}

/// What a refusal says.
#[derive(Debug, Deserialize)]
pub(crate) struct Refused {
    pub(crate) error: Error,
}

/// A refusal.
#[derive(Debug, Deserialize)]
pub(crate) struct Error {
    pub(crate) code: String,
    #[serde(default)]
    pub(crate) message: String,
}

/// What is no person's chat is some list, whatever a newer bridge calls it.
fn kind(word: &str) -> ChatKind {
    match word {
        "direct" => ChatKind::Direct,
        "group" => ChatKind::Group,
        "self" => ChatKind::Own,
        _ => ChatKind::Broadcast,
    }
}

impl Chat {
    pub(crate) fn read(self) -> RecentChat {
        RecentChat {
            kind: kind(&self.kind),
            id: self.id,
            name: self.name,
            last_message_at: self.last_message_at,
            unread: self.unread,
        }
    }
}

impl File {
    fn read(self, what: &str) -> BroughtFile {
        let name = self.name.filter(|name| !name.trim().is_empty());
        BroughtFile {
            name: name.unwrap_or_else(|| name_for(what, &self.media_type)),
            id: self.id,
            media_type: Some(self.media_type),
            size: Some(self.size),
        }
    }
}

impl Message {
    pub(crate) fn read(self) -> BridgeMessage {
        let what = self.media.clone().unwrap_or_default();
        BridgeMessage {
            kind: kind(&self.kind),
            file: self.file.map(|file| file.read(&what)),
            cursor: self.cursor,
            id: self.id,
            chat: self.chat_id,
            number: self.number_jid,
            lid: self.lid,
            push_name: self.push_name,
            from: match self.from {
                From::Provider => BridgeSender::Provider,
                From::User => BridgeSender::User,
            },
            text: self.text,
            media: self.media,
            // What names no message is an answer to none.
            reply_to: self.reply_to.and_then(|id| id.parse().ok()),
            tapped: None,
            at: self.at,
        }
    }
}
