//! `POST /posts`.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Server;
use crate::mattermost::model::attachments;
use crate::mattermost::model::channels::Channel;
use crate::mattermost::model::ids::{ChannelId, PostId, UserId};
use crate::mattermost::model::posts::{Post, Unfit};
use crate::mattermost::model::users::{SessionKind, User};
use crate::mattermost::model::world::{Pending, World};
use crate::mattermost::refusal::Refusal;

/// How long the server remembers the name that a client gave to a post, in milliseconds.
const PENDING_LIFE: i64 = 30_000;

/// Props that only integrations may set.
const RESERVED: [&str; 5] = [
    "from_webhook",
    "override_username",
    "override_icon_url",
    "webhook_display_name",
    "override_icon_emoji",
];

/// A post as a client asks for it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct NewPost {
    pub(crate) channel_id: String,
    pub(crate) root_id: String,
    pub(crate) message: String,
    #[serde(rename = "type")]
    pub(crate) kind: String,
    pub(crate) props: Option<Map<String, Value>>,
    pub(crate) file_ids: Option<Vec<String>>,
    pub(crate) pending_post_id: String,
}

impl Server {
    /// Makes a post as a client asks for it.
    pub(crate) async fn create_post(
        &self,
        user: &UserId,
        session: SessionKind,
        new: NewPost,
    ) -> Result<Post, Refusal> {
        self.world().check_new_post(user, session, &new)?;
        if let Some(post) = self.world().reserve(user, &new.pending_post_id)? {
            return Ok(post);
        }
        let gate = self.world().faults.gate_of_posting();
        if let Some(gate) = gate {
            gate.pass().await;
        }
        let mut world = self.world();
        let made = world.store_post(user, &new);
        world.settle_reservation(&new.pending_post_id, made.as_ref().ok());
        made
    }

    /// Makes a post on somebody's behalf, as answers to commands do.
    pub(crate) fn create_post_for(&self, user: &UserId, new: &NewPost) -> Result<Post, Refusal> {
        self.world().store_post(user, new)
    }
}

impl World {
    fn check_new_post(
        &self,
        user: &UserId,
        session: SessionKind,
        new: &NewPost,
    ) -> Result<(), Refusal> {
        let channel = self.channels.get(new.channel_id.as_str()).ok_or_else(Refusal::forbidden)?;
        if !self.may_post(user, channel) {
            return Err(Refusal::forbidden());
        }
        let has_files = new.file_ids.as_ref().is_some_and(|files| !files.is_empty());
        if has_files && !self.may_upload(user, channel) {
            return Err(Refusal::forbidden());
        }
        self.check_props(user, session, new.props.as_ref())?;
        if channel.archived_at.is_some() {
            return Err(archived("api.post.create_post.can_not_post_to_deleted.error"));
        }
        if new.kind.starts_with("system_") {
            return Err(Refusal::bad_body("type"));
        }
        Ok(())
    }

    /// In hardened mode, props of integrations are for integrations.
    pub(crate) fn check_props(
        &self,
        user: &UserId,
        session: SessionKind,
        props: Option<&Map<String, Value>>,
    ) -> Result<(), Refusal> {
        let integration =
            session == SessionKind::AccessToken || self.users.get(user).is_some_and(User::is_bot);
        let reserved =
            props.is_some_and(|props| RESERVED.iter().any(|key| props.contains_key(*key)));
        if self.settings.hardened_mode && reserved && !integration {
            return Err(Refusal::bad_body("props"));
        }
        Ok(())
    }

    /// The post that this name already stands for; otherwise the name is taken from now on.
    fn reserve(&mut self, user: &UserId, name: &str) -> Result<Option<Post>, Refusal> {
        let now = self.now();
        self.pending.retain(|_, pending| pending.expires > now);
        if name.is_empty() {
            return Ok(None);
        }
        match self.pending.get(name).map(|pending| pending.post.clone()) {
            None => {
                let pending = Pending { expires: now + PENDING_LIFE, post: None };
                self.pending.insert(name.to_owned(), pending);
                Ok(None)
            }
            Some(None) => Err(Refusal::new(
                500,
                "api.post.deduplicate_create_post.pending",
                "This post is being made already.",
            )),
            Some(Some(id)) => match self.readable_post(user, &id) {
                Ok(post) => Ok(Some(post.clone())),
                Err(refusal) if refusal.status == 403 => Ok(None),
                Err(_) => Err(Refusal::new(
                    500,
                    "api.post.deduplicate_create_post.failed_to_get",
                    "The post that was made first could not be read.",
                )),
            },
        }
    }

    fn settle_reservation(&mut self, name: &str, made: Option<&Post>) {
        if name.is_empty() {
            return;
        }
        match made {
            None => {
                self.pending.remove(name);
            }
            Some(post) => {
                let expires = self.now() + PENDING_LIFE;
                let pending = Pending { expires, post: Some(post.id.clone()) };
                self.pending.insert(name.to_owned(), pending);
            }
        }
    }

    /// Stores a post and tells everybody.
    pub(crate) fn store_post(&mut self, user: &UserId, new: &NewPost) -> Result<Post, Refusal> {
        let channel = self.channel(&new.channel_id)?.clone();
        self.check_root(&channel, &new.root_id)?;
        let mut props = new.props.clone().unwrap_or_default();
        if self.user(user)?.is_bot() {
            props.insert("from_bot".to_owned(), Value::String("true".to_owned()));
        }
        let stamp = self.stamp();
        let mut post = Post {
            id: PostId::fresh(),
            create_at: stamp,
            update_at: stamp,
            edit_at: 0,
            delete_at: 0,
            is_pinned: false,
            user_id: user.clone(),
            channel_id: channel.id.clone(),
            root_id: new.root_id.clone(),
            message: new.message.clone(),
            kind: new.kind.clone(),
            props: attachments::settled(props),
            file_ids: new.file_ids.clone().unwrap_or_default(),
            pending_post_id: new.pending_post_id.clone(),
        };
        self.check_post(&post)?;
        post.file_ids = self.attach_files(&post, &post.file_ids);
        self.order.push(post.id.clone());
        if !post.root_id.is_empty() {
            self.threads.entry(post.thread()).or_default().push(post.id.clone());
        }
        self.posts.insert(post.id.clone(), post.clone());
        if let Some(channel) = self.channels.get_mut(&channel.id) {
            channel.last_post_at = stamp;
        }
        self.publish_posted(&post);
        Ok(post)
    }

    fn check_root(&self, channel: &Channel, root_id: &str) -> Result<(), Refusal> {
        if root_id.is_empty() {
            return Ok(());
        }
        let bad_root = || {
            let id = "api.post.create_post.root_id.app_error";
            Refusal::new(400, id, "The root of the thread is not a post that can have one.")
        };
        let root = self.post(root_id).map_err(|_| bad_root())?;
        if root.channel_id != channel.id {
            return Err(Refusal::new(
                400,
                "api.post.create_post.channel_root_id.app_error",
                "The root of the thread is in another channel.",
            ));
        }
        if root.root_id.is_empty() { Ok(()) } else { Err(bad_root()) }
    }

    pub(crate) fn check_post(&self, post: &Post) -> Result<(), Refusal> {
        post.check(self.settings.max_message_runes).map_err(|unfit| match unfit {
            Unfit::Message => Refusal::new(
                400,
                "model.post.is_valid.message_length.app_error",
                "The message is too long.",
            ),
            Unfit::Props => {
                Refusal::new(400, "model.post.is_valid.props.app_error", "The props are too long.")
            }
            Unfit::FileIds => {
                let id = "model.post.is_valid.file_ids.app_error";
                Refusal::new(400, id, "There are too many files.")
            }
            Unfit::Kind => {
                Refusal::new(400, "model.post.is_valid.type.app_error", "There is no such type.")
            }
        })
    }

    /// Gives files to a post; only the author's own that no post has.
    pub(crate) fn attach_files(&mut self, post: &Post, files: &[String]) -> Vec<String> {
        let mut attached = Vec::new();
        for id in files {
            let Some(file) = self.files.get_mut(id.as_str()) else { continue };
            let free = file.post.is_none() || file.post.as_ref() == Some(&post.id);
            if free && file.user == post.user_id && file.channel == post.channel_id {
                file.post = Some(post.id.clone());
                attached.push(id.clone());
            }
        }
        attached
    }
}

fn archived(id: &'static str) -> Refusal {
    Refusal::new(400, id, "The channel is archived.")
}

impl NewPost {
    /// A text in a channel or thread.
    pub(crate) fn text(channel: &ChannelId, root: Option<&PostId>, message: &str) -> Self {
        Self {
            channel_id: channel.to_string(),
            root_id: root.map_or_else(String::new, ToString::to_string),
            message: message.to_owned(),
            ..Self::default()
        }
    }
}
