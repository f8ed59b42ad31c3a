//! Somebody who uses the server, through their own client.

use std::sync::Arc;

use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{ClickOutcome, CommandOutcome, Dialog, DialogOutcome};
use crate::mattermost::fake::Account;
use crate::mattermost::model::ids::{ChannelId, PostId, UserId};
use crate::mattermost::model::posts::Post;
use crate::mattermost::model::users::SessionKind;
use crate::mattermost::refusal::Refusal;
use crate::mattermost::server::{Click, NewFile, NewPost, PostPatch, Server, TypedCommand};

/// Somebody who uses the server.
#[derive(Debug, Clone)]
pub struct Person {
    pub(crate) server: Arc<Server>,
    /// Their id.
    pub id: UserId,
    /// Their name.
    pub name: String,
    /// What they log in with.
    pub password: String,
}

impl Person {
    /// Writes in a channel or thread.
    pub async fn posts(&self, channel: &ChannelId, root: Option<&PostId>, text: &str) -> PostId {
        self.tries_to_post(channel, root, text).await.expect("they may post there")
    }

    /// Writes in a channel or thread, if they may.
    pub async fn tries_to_post(
        &self,
        channel: &ChannelId,
        root: Option<&PostId>,
        text: &str,
    ) -> Result<PostId, Refusal> {
        self.sends(NewPost::text(channel, root, text)).await
    }

    /// Writes a post with props of their own making, like buttons that lead somewhere.
    pub async fn posts_with_props(
        &self,
        channel: &ChannelId,
        root: Option<&PostId>,
        text: &str,
        props: Map<String, Value>,
    ) -> Result<PostId, Refusal> {
        self.sends(NewPost { props: Some(props), ..NewPost::text(channel, root, text) }).await
    }

    /// Writes a post with a file.
    pub async fn posts_file(
        &self,
        channel: &ChannelId,
        root: Option<&PostId>,
        text: &str,
        (name, mime, content): (&str, &str, &[u8]),
    ) -> Result<PostId, Refusal> {
        let file = NewFile {
            name: name.to_owned(),
            mime: mime.to_owned(),
            content: Bytes::copy_from_slice(content),
        };
        let file = self.server.upload(&self.id, channel, file)?;
        let file_ids = Some(vec![file.id.to_string()]);
        self.sends(NewPost { file_ids, ..NewPost::text(channel, root, text) }).await
    }

    async fn sends(&self, new: NewPost) -> Result<PostId, Refusal> {
        Ok(self.server.create_post(&self.id, SessionKind::Login, new).await?.id)
    }

    /// Changes the text of a post.
    pub fn edits(&self, post: &PostId, text: &str) -> Result<Post, Refusal> {
        let patch = PostPatch { message: Some(text.to_owned()), ..PostPatch::default() };
        self.server.patch_post(&self.id, SessionKind::Login, post, patch)
    }

    /// Deletes a post.
    pub fn deletes(&self, post: &PostId) -> Result<(), Refusal> {
        self.server.delete_post(&self.id, post)
    }

    /// Clicks on the button with this id.
    pub async fn clicks(&self, post: &PostId, action: &str) -> ClickOutcome {
        self.clicks_with(post, action, &Click::default()).await
    }

    /// Clicks on a button of a post that only they see.
    pub async fn clicks_ephemeral(&self, post: &Post, action: &str) -> ClickOutcome {
        let cookie = post.action(action).and_then(|action| action.get("cookie"));
        let cookie = cookie.and_then(Value::as_str).unwrap_or_default().to_owned();
        let click = Click { cookie, ..Click::default() };
        self.clicks_with(&post.id, action, &click).await
    }

    /// Clicks twice before the first answer is there.
    pub async fn clicks_twice_at_once(
        &self,
        post: &PostId,
        action: &str,
    ) -> (ClickOutcome, ClickOutcome) {
        futures::join!(self.clicks(post, action), self.clicks(post, action))
    }

    async fn clicks_with(&self, post: &PostId, action: &str, click: &Click) -> ClickOutcome {
        // The client asks for a page that is not there if the id has other signs in it.
        if !action.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return ClickOutcome::refused(&Refusal::no_such_page());
        }
        match self.server.click(&self.id, post, action, click).await {
            Err(refusal) => ClickOutcome::refused(&refusal),
            Ok(clicked) => ClickOutcome {
                status: 200,
                error: None,
                ephemeral: clicked.ephemeral,
                updated: clicked.updated,
            },
        }
    }

    /// Types a slash command in a channel or thread; in a direct channel, looking at it from the
    /// first team that they are in.
    pub async fn types_command(
        &self,
        channel: &ChannelId,
        root: Option<&PostId>,
        command: &str,
    ) -> CommandOutcome {
        let team = {
            let world = self.server.peek();
            let mine = world.teams.values().find(|team| team.members.contains_key(&self.id));
            mine.map_or_else(String::new, |team| team.id.to_string())
        };
        let typed = TypedCommand {
            command: command.to_owned(),
            channel_id: channel.to_string(),
            team_id: team,
            root_id: root.map_or_else(String::new, ToString::to_string),
        };
        CommandOutcome::new(self.server.run_command(&self.id, typed).await)
    }

    /// Fills in a dialog and submits it. What the dialog says about address and state is what their
    /// client sends back: change it to forge.
    pub async fn submits_dialog(
        &self,
        dialog: &Dialog,
        channel: &ChannelId,
        values: &[(&str, &str)],
    ) -> DialogOutcome {
        let team = {
            let world = self.server.peek();
            world
                .channels
                .get(channel)
                .map_or_else(String::new, |channel| channel.team_id().to_owned())
        };
        let filled: Map<String, Value> =
            values.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let submission = json!({
            "url": dialog.url,
            "callback_id": dialog.callback_id,
            "state": dialog.state,
            "channel_id": channel,
            "team_id": team,
            "submission": filled,
            "cancelled": false,
        });
        DialogOutcome::new(self.server.submit_dialog(&self.id, submission).await)
    }

    /// Types in a channel without sending anything.
    pub fn types_in(&self, channel: &ChannelId) -> Result<(), Refusal> {
        self.server.type_in(&self.id, channel, "")
    }

    /// The direct channel with somebody, opened if it is not there yet.
    pub fn direct_with(&self, other: &dyn Account) -> ChannelId {
        let mut world = self.server.world();
        world.direct_channel(&self.id, &self.id, other.user_id()).id
    }
}
