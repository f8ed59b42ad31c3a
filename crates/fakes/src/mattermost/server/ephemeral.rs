//! Posts that one user sees and nobody stores.

use serde_json::{Map, Value, json};

use super::Server;
use crate::mattermost::model::attachments;
use crate::mattermost::model::ids::{PostId, UserId};
use crate::mattermost::model::posts::Post;
use crate::mattermost::people::Seen;
use crate::mattermost::refusal::Refusal;
use crate::mattermost::server::NewPost;
use crate::mattermost::socket::events::Audience;

/// Props that an update by a button leaves as they were.
pub(crate) const RETAINED: [&str; 5] =
    ["from_webhook", "from_bot", "from_plugin", "override_username", "override_icon_url"];

impl Server {
    /// `POST /posts/ephemeral`.
    pub(crate) fn post_ephemeral(
        &self,
        caller: &UserId,
        to: &UserId,
        new: &NewPost,
    ) -> Result<Value, Refusal> {
        if !self.world().may_post_ephemeral(caller) {
            return Err(Refusal::forbidden());
        }
        let post = self.send_ephemeral(to, caller, new);
        Ok(self.world().show(&post))
    }

    /// Shows a post to one user. Whether they are in the channel makes no difference.
    pub(crate) fn send_ephemeral(&self, to: &UserId, author: &UserId, new: &NewPost) -> Post {
        let mut world = self.world();
        let now = world.stamp();
        let mut post = Post {
            id: PostId::fresh(),
            create_at: now,
            update_at: 0,
            edit_at: 0,
            delete_at: 0,
            is_pinned: false,
            user_id: author.clone(),
            channel_id: new.channel_id.as_str().into(),
            root_id: new.root_id.clone(),
            message: new.message.clone(),
            kind: "system_ephemeral".to_owned(),
            props: attachments::settled(new.props.clone().unwrap_or_default()),
            file_ids: Vec::new(),
            pending_post_id: String::new(),
        };
        self.add_cookies(&mut post);
        let audience = Audience::User(to.clone(), Some(post.channel_id.clone()));
        world.publish_post("ephemeral_message", audience, &post);
        world.seen.push((to.clone(), Seen::Ephemeral(post.clone())));
        post
    }

    /// The buttons of a post that is not stored carry in a cookie what they do.
    fn add_cookies(&self, post: &mut Post) {
        let retained: Map<String, Value> = RETAINED
            .iter()
            .filter_map(|key| Some(((*key).to_owned(), post.props.get(*key)?.clone())))
            .collect();
        let removed: Vec<&str> =
            RETAINED.iter().copied().filter(|key| !post.props.contains_key(*key)).collect();
        let (id, channel, thread) = (post.id.clone(), post.channel_id.clone(), post.thread());
        attachments::each_action(&mut post.props, |action| {
            let cookie = json!({
                "type": action.get("type"),
                "post_id": id,
                "root_post_id": thread,
                "channel_id": channel,
                "integration": action.get("integration"),
                "retain_props": retained,
                "remove_props": removed,
            });
            action.insert("cookie".to_owned(), Value::String(self.keys.seal(&cookie.to_string())));
        });
    }
}
