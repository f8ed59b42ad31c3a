//! The people in the chats.

use serde_json::json;

use super::fake::FakeBridge;

/// Somebody at the other end of a chat.
pub struct Provider<'b> {
    pub(super) bridge: &'b FakeBridge,
    pub(super) number: String,
    pub(super) lid: Option<String>,
    pub(super) name: String,
}

/// Something that somebody says.
#[derive(Debug, Clone, Copy, Default)]
pub struct Said<'s> {
    /// The text.
    pub text: &'s str,
    /// What else there is in it.
    pub media: Option<&'s str>,
    /// The chat's id as the protocol has it this time; by default the JID of the number.
    pub chat_id: Option<&'s str>,
    /// The platform's id of the message; by default a new one.
    pub id: Option<&'s str>,
    /// The message that it quotes.
    pub reply_to: Option<&'s str>,
}

impl Provider<'_> {
    /// The same person, with a LID that the protocol names beside the number.
    #[must_use]
    pub fn with_lid(mut self, lid: &str) -> Self {
        self.lid = Some(format!("{lid}@lid"));
        self
    }

    /// Says a text.
    pub fn says(&self, text: &str) {
        self.say(Said { text, ..Said::default() });
    }

    /// Says something.
    pub fn say(&self, said: Said<'_>) {
        self.bring("provider", said);
    }

    /// The user writes to them on another device.
    pub fn is_written_to_by_hand(&self, text: &str) {
        self.bring("user", Said { text, ..Said::default() });
    }

    fn bring(&self, from: &str, said: Said<'_>) {
        let number = format!("{}@s.whatsapp.net", self.number);
        self.bridge.shared.change(|account| {
            let id = said.id.map_or_else(|| format!("3EB0{:04}", account.last + 1), str::to_owned);
            account.bring(json!({
                "id": id,
                "chat_id": said.chat_id.unwrap_or(&number),
                "kind": "direct",
                "number_jid": number,
                "lid": self.lid,
                "push_name": self.name,
                "from": from,
                "text": said.text,
                "media": said.media,
                "reply_to": said.reply_to,
                "at": "2026-11-18T11:00:00.000Z",
            }));
        });
    }
}

impl FakeBridge {
    /// The user, whose number this is, says something in the chat with themselves.
    pub fn is_told_by_user(&self, number: &str, said: Said<'_>) {
        let number = format!("{number}@s.whatsapp.net");
        self.shared.change(|account| {
            let id = said.id.map_or_else(|| format!("3EB0{:04}", account.last + 1), str::to_owned);
            account.bring(json!({
                "id": id,
                "chat_id": said.chat_id.unwrap_or(&number),
                "kind": "self",
                "number_jid": number,
                "push_name": "Me",
                "from": "user",
                "text": said.text,
                "media": said.media,
                "reply_to": said.reply_to,
                "at": "2026-11-18T11:00:00.000Z",
            }));
        });
    }

    /// Somebody says something in a group.
    pub fn group_says(&self, group: &str, text: &str) {
        self.shared.change(|account| {
            let id = format!("3EB0{:04}", account.last + 1);
            account.bring(json!({
                "id": id,
                "chat_id": group,
                "kind": "group",
                "number_jid": "34600999999@s.whatsapp.net",
                "push_name": "Somebody",
                "from": "provider",
                "text": text,
                "at": "2026-11-18T11:00:00.000Z",
            }));
        });
    }
}
