//! Posts, and how they look on the wire.

use serde_json::{Map, Value, json};

use super::attachments;
use super::ids::{ChannelId, PostId, UserId};

/// A post as the server stores it, with everything that clients never see.
#[derive(Debug, Clone, PartialEq)]
pub struct Post {
    /// Its id.
    pub id: PostId,
    /// When it was made, in milliseconds.
    pub create_at: i64,
    /// When anything about it changed last.
    pub update_at: i64,
    /// When its text or its attachments changed last, or 0.
    pub edit_at: i64,
    /// When it was deleted, or 0.
    pub delete_at: i64,
    /// Whether it is pinned.
    pub is_pinned: bool,
    /// Who wrote it.
    pub user_id: UserId,
    /// Where.
    pub channel_id: ChannelId,
    /// The root of its thread, or empty.
    pub root_id: String,
    /// The text.
    pub message: String,
    /// `system_…` for what the server says itself, `custom_…`, or empty.
    pub kind: String,
    /// Everything else, attachments included.
    pub props: Map<String, Value>,
    /// Files that belong to it.
    pub file_ids: Vec<String>,
    /// What the client called it before it had an id.
    pub pending_post_id: String,
}

/// What a thread adds to its posts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct ThreadFigures {
    pub(crate) reply_count: usize,
    pub(crate) last_reply_at: i64,
}

/// The longest JSON text of all props, in runes.
const MAX_PROPS_RUNES: usize = 800_000;

/// The longest JSON text of all file ids, in runes: ten files.
const MAX_FILE_IDS_RUNES: usize = 300;

/// Why a post cannot be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    Message,
    Props,
    FileIds,
    Kind,
}

impl Post {
    /// The title, text and button names of all its attachments, for looking something up.
    pub fn card(&self) -> Option<&Value> {
        self.props.get(attachments::PROP)?.get(0)
    }

    /// The names on its buttons, in order.
    pub fn buttons(&self) -> Vec<String> {
        attachments::actions(&self.props)
            .filter_map(|action| action.get("name")?.as_str().map(ToOwned::to_owned))
            .collect()
    }

    /// The ids of its buttons, in order.
    pub fn action_ids(&self) -> Vec<String> {
        attachments::actions(&self.props)
            .filter_map(|action| action.get("id")?.as_str().map(ToOwned::to_owned))
            .collect()
    }

    /// The action with this id, with where a click on it goes.
    pub fn action(&self, id: &str) -> Option<&Value> {
        attachments::actions(&self.props)
            .find(|action| action.get("id").and_then(Value::as_str) == Some(id))
    }

    /// The root of the thread that it is in.
    pub fn thread(&self) -> PostId {
        if self.root_id.is_empty() { self.id.clone() } else { PostId::from(self.root_id.as_str()) }
    }

    pub(crate) fn is_system(&self) -> bool {
        self.kind.starts_with("system_")
    }

    pub(crate) fn check(&self, max_message_runes: usize) -> Result<(), Unfit> {
        let runes = |value: &Value| value.to_string().chars().count();
        if self.message.chars().count() > max_message_runes {
            return Err(Unfit::Message);
        }
        if !self.kind.is_empty()
            && !self.is_system()
            && !self.kind.starts_with("custom_")
            && self.kind != "slack_attachment"
            && self.kind != "me"
        {
            return Err(Unfit::Kind);
        }
        if runes(&json!(self.file_ids)) > MAX_FILE_IDS_RUNES {
            return Err(Unfit::FileIds);
        }
        if runes(&Value::Object(self.props.clone())) > MAX_PROPS_RUNES {
            return Err(Unfit::Props);
        }
        Ok(())
    }

    /// The post as clients get it: without what buttons do.
    pub(crate) fn to_json(&self, thread: ThreadFigures, files: &[Value]) -> Value {
        let mut metadata = Map::new();
        if !files.is_empty() {
            metadata.insert("files".to_owned(), json!(files));
        }
        json!({
            "id": self.id,
            "create_at": self.create_at,
            "update_at": self.update_at,
            "edit_at": self.edit_at,
            "delete_at": self.delete_at,
            "is_pinned": self.is_pinned,
            "user_id": self.user_id,
            "channel_id": self.channel_id,
            "root_id": self.root_id,
            "original_id": "",
            "message": self.message,
            "type": self.kind,
            "props": attachments::without_integrations(&self.props),
            "hashtags": "",
            "file_ids": if self.file_ids.is_empty() { Value::Null } else { json!(self.file_ids) },
            "pending_post_id": self.pending_post_id,
            "reply_count": thread.reply_count,
            "last_reply_at": thread.last_reply_at,
            "participants": null,
            "metadata": metadata,
        })
    }
}
