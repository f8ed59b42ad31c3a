//! Somebody is typing.

use serde_json::json;

use super::Server;
use crate::mattermost::model::ids::UserId;
use crate::mattermost::people::Seen;
use crate::mattermost::refusal::Refusal;
use crate::mattermost::socket::events::{Audience, Event};

impl Server {
    /// Tells the others in a channel.
    pub(crate) fn type_in(&self, user: &UserId, channel: &str, root: &str) -> Result<(), Refusal> {
        let mut world = self.world();
        let place = world.channel(channel).map_err(|_| Refusal::forbidden())?;
        if !world.may_post(user, place) {
            return Err(Refusal::forbidden());
        }
        let id = place.id.clone();
        let members: Vec<UserId> = place.others(user).cloned().collect();
        for member in members {
            let seen =
                Seen::Typing { who: user.clone(), channel: id.clone(), root: root.to_owned() };
            world.seen.push((member, seen));
        }
        let audience = Audience::ChannelWithout(id, user.clone());
        world.publish(&Event::new("typing", audience, json!({"parent_id": root, "user_id": user})));
        Ok(())
    }
}
