//! What the server sends, as far as it is read here. Fields that are not known are passed over.

use countersign_domain::chat::ChatScope;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::id::{ChannelId, CommandId, FileId, PostId, TeamId, UserId, or_nothing};

/// Somebody.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct User {
    pub(crate) id: UserId,
    pub(crate) username: String,
    #[serde(default)]
    pub(crate) is_bot: bool,
    #[serde(default)]
    pub(crate) roles: String,
}

/// A team.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Team {
    pub(crate) id: TeamId,
    pub(crate) name: String,
}

/// A channel.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Channel {
    pub(crate) id: ChannelId,
    #[serde(rename = "type", default)]
    pub(crate) kind: ChannelKind,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) display_name: String,
    #[serde(default)]
    pub(crate) last_post_at: i64,
}

/// What kind of channel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
pub(crate) enum ChannelKind {
    /// Open to the team.
    #[default]
    #[serde(rename = "O")]
    Open,
    /// By invitation.
    #[serde(rename = "P")]
    Private,
    /// Between two.
    #[serde(rename = "D")]
    Direct,
    /// Among a few, without a name.
    #[serde(rename = "G")]
    Group,
    /// Of a kind that is not known here: as among many.
    #[serde(other)]
    Other,
}

impl ChannelKind {
    /// The word by which the gateway tells the scope. A private channel has others in it, so it is
    /// none of the words that mean two people.
    pub(crate) const fn chat_type(self) -> &'static str {
        match self {
            Self::Direct => "direct",
            Self::Group => "group",
            Self::Open | Self::Private | Self::Other => "channel",
        }
    }

    /// What the server calls it.
    pub(crate) fn from_letter(letter: &str) -> Self {
        match letter {
            "O" => Self::Open,
            "P" => Self::Private,
            "D" => Self::Direct,
            "G" => Self::Group,
            _ => Self::Other,
        }
    }

    pub(crate) fn scope(self) -> ChatScope {
        ChatScope::of(Some(self.chat_type()))
    }
}

/// A post.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Post {
    pub(crate) id: PostId,
    pub(crate) user_id: UserId,
    pub(crate) channel_id: ChannelId,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(crate) root_id: Option<PostId>,
    #[serde(default)]
    pub(crate) create_at: i64,
    #[serde(default)]
    pub(crate) delete_at: i64,
    #[serde(default)]
    pub(crate) message: String,
    #[serde(rename = "type", default)]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) props: Option<Map<String, Value>>,
    #[serde(default)]
    pub(crate) file_ids: Option<Vec<FileId>>,
}

/// Posts, by their ids.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct PostList {
    #[serde(default)]
    pub(crate) posts: std::collections::BTreeMap<String, Post>,
}

/// What is known of an uploaded file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct FileInfo {
    pub(crate) id: FileId,
    #[serde(default)]
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) size: u64,
    #[serde(default)]
    pub(crate) mime_type: String,
}

/// A slash command that is registered.
#[derive(Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Command {
    pub(crate) id: CommandId,
    #[serde(default)]
    pub(crate) token: String,
    #[serde(default, deserialize_with = "or_nothing")]
    pub(crate) creator_id: Option<UserId>,
    #[serde(default)]
    pub(crate) trigger: String,
    #[serde(default)]
    pub(crate) method: String,
    #[serde(default)]
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) auto_complete: bool,
    #[serde(default)]
    pub(crate) auto_complete_desc: String,
    #[serde(default)]
    pub(crate) auto_complete_hint: String,
    #[serde(default)]
    pub(crate) display_name: String,
    #[serde(default)]
    pub(crate) delete_at: i64,
}

/// What the server says when it refuses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(crate) struct AppError {
    #[serde(default)]
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) message: String,
}

/// What comes through the socket.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub(crate) enum Frame {
    /// Something happened.
    Event(Event),
    /// An answer to a request.
    Answer(Answer),
}

/// Something happened.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Event {
    #[serde(rename = "event")]
    pub(crate) kind: String,
    #[serde(default)]
    pub(crate) data: Map<String, Value>,
    #[serde(default)]
    pub(crate) seq: u64,
}

/// An answer to a request.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(crate) struct Answer {
    #[serde(default)]
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) seq_reply: u64,
    #[serde(default)]
    pub(crate) error: Option<AppError>,
}

impl Event {
    /// A text of the event's data.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.data.get(name).and_then(Value::as_str)
    }

    /// The post of a `posted` event, which is JSON in a text.
    pub(crate) fn post(&self) -> Option<Post> {
        serde_json::from_str(self.text("post")?).ok()
    }
}

impl std::fmt::Debug for Command {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Command({} /{})", self.id, self.trigger)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_and_answers_are_told_apart_and_unknown_fields_passed_over() {
        let text = r#"{"event":"hello","data":{"connection_id":"c1","new":[1]},
            "broadcast":{"user_id":""},"seq":0,"later":true}"#;
        let Frame::Event(event) = serde_json::from_str(text).unwrap() else { panic!("no event") };
        assert_eq!((event.kind.as_str(), event.text("connection_id")), ("hello", Some("c1")));
        let text = r#"{"status":"OK","seq_reply":2,"data":{"text":"pong"}}"#;
        let Frame::Answer(answer) = serde_json::from_str(text).unwrap() else {
            panic!("no answer")
        };
        assert_eq!((answer.status.as_str(), answer.seq_reply), ("OK", 2));
    }

    #[test]
    fn a_post_is_a_text_within_the_event() {
        let post = r#"{"id":"p1","user_id":"u1","channel_id":"c1","root_id":"","message":"hi",
            "props":null,"file_ids":null,"metadata":{"x":1}}"#;
        let event = Event {
            kind: "posted".to_owned(),
            data: Map::from_iter([("post".to_owned(), Value::from(post))]),
            seq: 1,
        };
        let post = event.post().unwrap();
        assert_eq!((post.root_id, post.message.as_str()), (None, "hi"));
    }

    #[test]
    fn a_private_channel_is_a_group() {
        for (letter, scope) in [
            ("D", ChatScope::Dm),
            ("G", ChatScope::Group),
            ("P", ChatScope::Group),
            ("O", ChatScope::Group),
            ("X", ChatScope::Group),
        ] {
            assert_eq!(ChannelKind::from_letter(letter).scope(), scope, "{letter}");
            let read: ChannelKind = serde_json::from_value(letter.into()).unwrap();
            assert_eq!(read, ChannelKind::from_letter(letter));
        }
    }
}
