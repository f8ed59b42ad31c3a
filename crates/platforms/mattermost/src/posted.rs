//! A post as the gateway takes it.

use countersign_domain::chat::{Address, PersonId, ThreadId};
use countersign_ports::platform::{BroughtFile, Mention, Message, Origin, SenderKind};
use serde_json::Value;

use crate::adapter::Mattermost;
use crate::config::ReplyMode;
use crate::id::{ChannelId, FileId, PostId};
use crate::mention::{named, typed_command};
use crate::rest::RestError;
use crate::wire::{AppError, ChannelKind, FileInfo, Post, User};

/// More files of one message are not looked at.
const MOST_FILES: usize = 10;

impl Mattermost {
    /// The message that `post` is.
    pub(crate) async fn message(
        &self,
        post: &Post,
        kind: ChannelKind,
    ) -> Result<Message, RestError> {
        let me = self.me().await?;
        let sender = sender_of(post, me);
        let address =
            self.address_of(post, kind).ok_or_else(|| RestError::Missing(AppError::default()))?;
        let (text, is_named) = named(&post.message, &me.username);
        let text = typed_command(text.trim(), |name| self.slash.has(name));
        // Whose thread it is matters only where nothing else says that the bot is meant.
        let ours = match &post.root_id {
            Some(root) if sender == SenderKind::Person && !is_named => {
                self.known.is_own(root, me.id.as_str(), &self.rest).await
            }
            Some(_) | None => false,
        };
        let files = if sender == SenderKind::Person { self.files(post).await } else { Vec::new() };
        Ok(Message {
            origin: Origin {
                address,
                chat_type: Some(kind.chat_type().to_owned()),
                sender: PersonId::on(&self.about.platform, post.user_id.as_str()),
                kind: sender,
                delivery: post.id.to_string(),
            },
            id: post.id.as_str().parse().ok(),
            text,
            files,
            mention: if is_named || ours { Mention::Named } else { Mention::None },
            reply_to: post.root_id.as_ref().and_then(|root| root.as_str().parse().ok()),
        })
    }

    /// Where the conversation of a post goes on.
    fn address_of(&self, post: &Post, kind: ChannelKind) -> Option<Address> {
        let opens = self.settings.reply_mode == ReplyMode::Thread && kind != ChannelKind::Direct;
        let thread = post.root_id.as_ref().or(opens.then_some(&post.id));
        self.address(&post.channel_id, thread)
    }

    /// A place of this bot.
    pub(crate) fn address(&self, channel: &ChannelId, thread: Option<&PostId>) -> Option<Address> {
        let thread = thread.map(|root| root.as_str().parse::<ThreadId>()).transpose();
        Some(Address {
            platform: self.about.platform.clone(),
            account: self.about.account.clone(),
            chat: channel.as_str().parse().ok()?,
            thread: thread.ok()?,
        })
    }

    async fn files(&self, post: &Post) -> Vec<BroughtFile> {
        let mut files = Vec::new();
        for id in post.file_ids.iter().flatten().take(MOST_FILES) {
            files.push(self.file(id).await);
        }
        files
    }

    async fn file(&self, id: &FileId) -> BroughtFile {
        match self.rest.get::<FileInfo>(&format!("files/{}/info", id.as_str())).await {
            Ok(info) => BroughtFile {
                id: info.id.to_string(),
                name: info.name,
                media_type: Some(info.mime_type).filter(|text| !text.is_empty()),
                size: Some(info.size),
            },
            Err(_) => BroughtFile {
                id: id.to_string(),
                name: id.to_string(),
                media_type: None,
                size: None,
            },
        }
    }
}

/// What kind of sender wrote a post. Whatever is no plain post of a person counts as a program's.
fn sender_of(post: &Post, me: &User) -> SenderKind {
    if post.user_id == me.id {
        return SenderKind::Myself;
    }
    let marked = ["from_bot", "from_webhook", "from_plugin", "from_oauth_app"].iter().any(|name| {
        let value = post.props.as_ref().and_then(|props| props.get(*name));
        value.is_some_and(|value| {
            !matches!(value, Value::Null | Value::Bool(false)) && value != "false"
        })
    });
    match post.kind.as_str() {
        "" | "me" if !marked => SenderKind::Person,
        _ => SenderKind::Bot,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn posts_of_programs_are_told_from_those_of_people() {
        let me: User = serde_json::from_value(json!({"id": "me", "username": "signer"})).unwrap();
        let post = |user: &str, kind: &str, props: Value| -> Post {
            serde_json::from_value(json!({"id": "p", "user_id": user, "channel_id": "c",
                "message": "x", "type": kind, "props": props}))
            .unwrap()
        };
        for (user, kind, props, sender) in [
            ("ann", "", json!({}), SenderKind::Person),
            ("ann", "", Value::Null, SenderKind::Person),
            ("ann", "me", json!({"disable_group_highlight": true}), SenderKind::Person),
            ("ann", "", json!({"from_webhook": "true"}), SenderKind::Bot),
            ("ann", "", json!({"from_bot": "true"}), SenderKind::Bot),
            ("ann", "", json!({"from_plugin": true}), SenderKind::Bot),
            ("ann", "", json!({"from_bot": "false"}), SenderKind::Person),
            ("ann", "system_join_channel", json!({}), SenderKind::Bot),
            ("ann", "custom_x", json!({}), SenderKind::Bot),
            ("me", "", json!({"from_bot": "true"}), SenderKind::Myself),
        ] {
            assert_eq!(
                sender_of(&post(user, kind, props.clone()), &me),
                sender,
                "{user} {kind} {props}"
            );
        }
    }
}
