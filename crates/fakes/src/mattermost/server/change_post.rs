//! Editing and deleting posts.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Server;
use crate::mattermost::model::attachments;
use crate::mattermost::model::ids::{PostId, UserId};
use crate::mattermost::model::posts::Post;
use crate::mattermost::model::users::SessionKind;
use crate::mattermost::model::world::World;
use crate::mattermost::refusal::Refusal;
use crate::mattermost::socket::events::Audience;

/// What a client wants to change; what is missing stays.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct PostPatch {
    pub(crate) is_pinned: Option<bool>,
    pub(crate) message: Option<String>,
    pub(crate) props: Option<Map<String, Value>>,
    pub(crate) file_ids: Option<Vec<String>>,
}

/// A post as an update leaves it.
#[derive(Debug, Clone)]
pub(crate) struct Updated {
    pub(crate) message: String,
    pub(crate) props: Map<String, Value>,
    pub(crate) is_pinned: bool,
    pub(crate) file_ids: Vec<String>,
}

impl Server {
    /// `PUT /posts/{id}/patch`.
    pub(crate) fn patch_post(
        &self,
        user: &UserId,
        session: SessionKind,
        id: &str,
        patch: PostPatch,
    ) -> Result<Post, Refusal> {
        let mut world = self.world();
        world.check_props(user, session, patch.props.as_ref())?;
        // A post that is not there is answered like one that may not be edited.
        let post = world.post(id).map_err(|_| Refusal::forbidden())?.clone();
        world.check_edit(user, &post)?;
        world.check_edit_time(&post, patch.message.as_deref())?;
        let updated = Updated {
            message: patch.message.unwrap_or_else(|| post.message.clone()),
            props: patch.props.unwrap_or_else(|| post.props.clone()),
            is_pinned: patch.is_pinned.unwrap_or(post.is_pinned),
            file_ids: patch.file_ids.unwrap_or_else(|| post.file_ids.clone()),
        };
        world.update_post(&post.id, updated)
    }

    /// `DELETE /posts/{id}`.
    pub(crate) fn delete_post(&self, user: &UserId, id: &str) -> Result<(), Refusal> {
        let mut world = self.world();
        let post = world.post(id)?.clone();
        let channel = world.channel(&post.channel_id)?.clone();
        if !world.may_delete(user, &post.user_id, &channel) {
            return Err(Refusal::forbidden());
        }
        if channel.archived_at.is_some() {
            return Err(archived("api.post.delete_post.can_not_delete_post_in_deleted.error"));
        }
        world.remove_post(&post);
        Ok(())
    }
}

impl World {
    fn check_edit(&self, user: &UserId, post: &Post) -> Result<(), Refusal> {
        let channel = self.channel(&post.channel_id)?;
        if !self.may_edit(user, &post.user_id, channel) || !self.may_post(user, channel) {
            return Err(Refusal::forbidden());
        }
        Ok(())
    }

    fn check_edit_time(&self, post: &Post, message: Option<&str>) -> Result<(), Refusal> {
        let Some(limit) = self.settings.post_edit_time_limit else { return Ok(()) };
        let limit = i64::try_from(limit.as_millis()).unwrap_or(i64::MAX);
        if message.is_some() && self.now() > post.create_at.saturating_add(limit) {
            return Err(Refusal::new(
                400,
                "api.post.update_post.permissions_time_limit.app_error",
                "The time in which this post could be edited is over.",
            ));
        }
        Ok(())
    }

    /// Replaces what can change about a post and tells everybody. Asks for no permission.
    pub(crate) fn update_post(&mut self, id: &PostId, to: Updated) -> Result<Post, Refusal> {
        let old = self.post(id)?.clone();
        if old.is_system() {
            return Err(Refusal::new(
                400,
                "api.post.update_post.system_message.app_error",
                "What the server says itself cannot be edited.",
            ));
        }
        if self.channel(&old.channel_id)?.archived_at.is_some() {
            return Err(archived("api.post.update_post.can_not_update_post_in_deleted.error"));
        }
        let mut new = old.clone();
        new.message = to.message;
        new.is_pinned = to.is_pinned;
        new.props = attachments::settled(to.props);
        new.file_ids = to.file_ids;
        self.check_post(&new)?;
        new.file_ids = self.attach_files(&new, &new.file_ids);
        new.update_at = self.stamp();
        let shown = |post: &Post| {
            (
                post.message.clone(),
                post.file_ids.clone(),
                post.props.get(attachments::PROP).cloned(),
            )
        };
        if shown(&old) != shown(&new) {
            new.edit_at = new.update_at;
        }
        self.posts.insert(id.clone(), new.clone());
        self.publish_post("post_edited", Audience::Channel(new.channel_id.clone()), &new);
        Ok(new)
    }

    /// Deletes a post and, if it is a root, its thread.
    fn remove_post(&mut self, post: &Post) {
        let stamp = self.stamp();
        let in_thread = |other: &&mut Post| other.id == post.id || other.root_id == *post.id;
        for gone in self.posts.values_mut().filter(in_thread) {
            gone.delete_at = stamp;
            gone.update_at = stamp;
        }
        self.publish_post("post_deleted", Audience::Channel(post.channel_id.clone()), post);
    }
}

fn archived(id: &'static str) -> Refusal {
    Refusal::new(400, id, "The channel is archived.")
}
