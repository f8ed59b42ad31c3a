//! The people who write to the number.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::content::{Content, Row};
use super::deliver::{self, Brought, Envelope};
use super::media::sha256;
use super::state::{Media, SentMessage, Shared};

/// Somebody with a phone.
#[derive(Clone)]
pub struct Person {
    pub(super) shared: Arc<Shared>,
    pub(super) number: String,
}

/// A file that somebody sends.
#[derive(Debug, Clone, Copy)]
pub struct File<'f> {
    /// What it is: `image`, `document`, `audio`, `video`.
    pub kind: &'f str,
    /// Its media type.
    pub mime: &'f str,
    /// What it is called; only documents are.
    pub name: Option<&'f str>,
    /// The text below it.
    pub caption: Option<&'f str>,
    /// What is in it.
    pub content: &'f [u8],
}

impl Person {
    /// The number, in digits.
    pub fn number(&self) -> &str {
        &self.number
    }

    /// The id that stands for the number.
    pub fn user_id(&self) -> String {
        let world = self.shared.world();
        world.accounts.get(&self.number).map_or_else(String::new, |one| one.user_id.clone())
    }

    /// From now on the business is told the id only.
    pub fn hides_number(&self) {
        self.shared.change(|world| {
            if let Some(account) = world.accounts.get_mut(&self.number) {
                account.hides_number = true;
            }
        });
    }

    /// What the number has sent to them, and has arrived.
    pub fn sees(&self) -> Vec<SentMessage> {
        let world = self.shared.world();
        let mine = |sent: &&SentMessage| {
            sent.arrived
                && world.account(&sent.to).is_some_and(|account| account.number == self.number)
        };
        world.sent.iter().filter(mine).cloned().collect()
    }

    /// Writes a text.
    pub async fn writes(&self, text: &str) -> Brought {
        self.brings(json!({"type": "text", "text": {"body": text}}), None).await
    }

    /// Writes a text that quotes a message of the number.
    pub async fn replies(&self, to: &str, text: &str) -> Brought {
        self.brings(json!({"type": "text", "text": {"body": text}}), Some(to)).await
    }

    /// Taps the row of a list, or the button, of this title. As often as they like: it stays there.
    pub async fn taps(&self, message: &SentMessage, title: &str) -> Brought {
        let rows = message.content.rows();
        let row = rows.iter().find(|row| row.title == title).expect("there is such a row");
        let mine = self.sees().iter().any(|seen| seen.id == message.id);
        assert!(mine, "the message is on this person's phone");
        let is_list = matches!(message.content, Content::List { .. });
        self.brings(tap(row, is_list), Some(&message.id)).await
    }

    /// Taps what is on no phone: the row and the message it says it is of are made up.
    pub async fn pretends_to_tap(&self, row: &Row, message: &str) -> Brought {
        self.brings(tap(row, true), Some(message)).await
    }

    /// Sends a file.
    pub async fn sends(&self, file: File<'_>) -> Brought {
        let media =
            Media { mime: file.mime.to_owned(), content: Bytes::copy_from_slice(file.content) };
        let id = self.shared.change(|world| {
            let id = format!("20{}", world.new_number());
            world.media.insert(id.clone(), media);
            id
        });
        let mut fields = json!({
            "id": id, "mime_type": file.mime, "sha256": sha256(file.content),
        });
        if let Some(fields) = fields.as_object_mut() {
            fields.extend(file.caption.map(|text| ("caption".to_owned(), json!(text))));
            fields.extend(file.name.map(|name| ("filename".to_owned(), json!(name))));
        }
        self.brings(json!({"type": file.kind, file.kind: fields}), None).await
    }

    /// Sends something of any kind, such as a reaction.
    pub async fn brings(&self, what: Value, context: Option<&str>) -> Brought {
        let now = self.shared.now();
        let id = self.shared.change(|world| {
            let id = world.new_message_id(&self.number);
            world.brought.insert(id.clone());
            world.wrote_at.insert(self.number.clone(), now);
            id
        });
        let mut fields = Map::new();
        fields.insert("id".to_owned(), json!(id));
        fields.insert("timestamp".to_owned(), json!((now / 1000).to_string()));
        let mut contact = json!({"profile": {"name": self.name()}, "user_id": self.user_id()});
        fields.insert("from_user_id".to_owned(), json!(self.user_id()));
        if !self.is_hidden() {
            fields.insert("from".to_owned(), json!(self.number));
            if let Some(contact) = contact.as_object_mut() {
                contact.insert("wa_id".to_owned(), json!(self.number));
            }
        }
        if let Some(quoted) = context {
            let from = &self.shared.settings.number;
            fields.insert("context".to_owned(), json!({"from": from, "id": quoted}));
        }
        if let Value::Object(what) = what {
            fields.extend(what);
        }
        let envelope =
            Envelope::Messages { contacts: vec![contact], messages: vec![Value::Object(fields)] };
        let (webhook, status) = deliver::bring(&self.shared, envelope).await;
        Brought { id, status, webhook }
    }

    fn name(&self) -> String {
        let world = self.shared.world();
        world.accounts.get(&self.number).map_or_else(String::new, |one| one.name.clone())
    }

    fn is_hidden(&self) -> bool {
        self.shared.world().accounts.get(&self.number).is_some_and(|one| one.hides_number)
    }
}

fn tap(row: &Row, is_list: bool) -> Value {
    let mut reply = json!({"id": row.id, "title": row.title});
    if let (Some(reply), Some(text)) = (reply.as_object_mut(), &row.description) {
        reply.insert("description".to_owned(), json!(text));
    }
    let kind = if is_list { "list_reply" } else { "button_reply" };
    json!({"type": "interactive", "interactive": {"type": kind, kind: reply}})
}
