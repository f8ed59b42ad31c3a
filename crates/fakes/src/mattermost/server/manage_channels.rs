//! Making channels and joining them.

use std::collections::BTreeSet;

use serde_json::json;

use super::Server;
use crate::mattermost::model::channels::{Channel, ChannelKind, direct_name};
use crate::mattermost::model::ids::{ChannelId, TeamId, UserId};
use crate::mattermost::model::world::World;
use crate::mattermost::refusal::Refusal;
use crate::mattermost::socket::events::{Audience, Event};

/// A channel to make.
#[derive(Debug, Clone)]
pub(crate) struct NewChannel {
    pub(crate) team: Option<TeamId>,
    pub(crate) kind: ChannelKind,
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) creator: Option<UserId>,
    pub(crate) members: BTreeSet<UserId>,
}

impl Server {
    /// `POST /channels/direct`: the same channel whenever the same two ask.
    pub(crate) fn direct_channel(
        &self,
        caller: &UserId,
        ids: &[String],
    ) -> Result<Channel, Refusal> {
        let [one, other] = ids else { return Err(Refusal::bad_body("user_ids")) };
        let mut world = self.world();
        let (one, other) = (world.user(one)?.id.clone(), world.user(other)?.id.clone());
        if *caller != one && *caller != other && !world.is_admin(caller) {
            return Err(Refusal::forbidden());
        }
        Ok(world.direct_channel(caller, &one, &other))
    }

    /// `POST /channels/group`: three to eight people, the caller among them.
    pub(crate) fn group_channel(
        &self,
        caller: &UserId,
        ids: &[String],
    ) -> Result<Channel, Refusal> {
        let mut world = self.world();
        let mut members = BTreeSet::from([caller.clone()]);
        for id in ids {
            members.insert(world.user(id)?.id.clone());
        }
        if !(3..=8).contains(&members.len()) {
            let id = "api.channel.create_group.bad_size.app_error";
            return Err(Refusal::new(400, id, "A group has three to eight members."));
        }
        let existing = world
            .channels
            .values()
            .find(|channel| channel.kind == ChannelKind::Group && channel.members == members);
        if let Some(channel) = existing {
            return Ok(channel.clone());
        }
        let names: Vec<String> = members
            .iter()
            .filter_map(|id| world.users.get(id))
            .map(|user| user.username.clone())
            .collect();
        let channel = world.add_channel(NewChannel {
            team: None,
            kind: ChannelKind::Group,
            name: ChannelId::fresh().to_string(),
            display_name: names.join(", "),
            creator: Some(caller.clone()),
            members,
        });
        let audience = Audience::Channel(channel.id.clone());
        world.publish(&Event::new("group_added", audience, json!({"teammate_ids": "[]"})));
        Ok(channel)
    }

    /// `POST /channels/{id}/members`: members add people; anybody in the team joins what is public.
    pub(crate) fn add_member(
        &self,
        caller: &UserId,
        channel: &str,
        user: &str,
    ) -> Result<Channel, Refusal> {
        let mut world = self.world();
        let place = world.channel(channel)?.clone();
        let user = world.user(user)?.id.clone();
        let in_team = |who: &UserId| {
            place.team.as_ref().is_some_and(|team| world.team_role(who, team).is_some())
        };
        let may = match place.kind {
            ChannelKind::Public => in_team(caller),
            ChannelKind::Private => place.members.contains(caller),
            ChannelKind::Direct | ChannelKind::Group => {
                return Err(Refusal::bad_url("channel_id"));
            }
        };
        if !may && !world.is_admin(caller) {
            return Err(Refusal::forbidden());
        }
        if !in_team(&user) {
            let id = "api.channel.add_user.to.channel.failed.deleted.app_error";
            return Err(Refusal::new(400, id, "The user is not in the team."));
        }
        world.join(&place.id, &user);
        Ok(world.channel(channel)?.clone())
    }
}

impl World {
    pub(crate) fn add_channel(&mut self, new: NewChannel) -> Channel {
        let channel = Channel {
            id: ChannelId::fresh(),
            team: new.team,
            kind: new.kind,
            name: new.name,
            display_name: new.display_name,
            creator: new.creator,
            create_at: self.now(),
            archived_at: None,
            last_post_at: 0,
            members: new.members,
        };
        self.channels.insert(channel.id.clone(), channel.clone());
        channel
    }

    pub(crate) fn direct_channel(
        &mut self,
        creator: &UserId,
        one: &UserId,
        other: &UserId,
    ) -> Channel {
        let name = direct_name(one, other);
        let existing = self
            .channels
            .values()
            .find(|channel| channel.kind == ChannelKind::Direct && channel.name == name);
        if let Some(channel) = existing {
            return channel.clone();
        }
        let channel = self.add_channel(NewChannel {
            team: None,
            kind: ChannelKind::Direct,
            name,
            display_name: String::new(),
            creator: Some(creator.clone()),
            members: BTreeSet::from([one.clone(), other.clone()]),
        });
        let teammate = if creator == one { other } else { one };
        let data = json!({"creator_id": creator, "teammate_id": teammate});
        self.publish(&Event::new("direct_added", Audience::Channel(channel.id.clone()), data));
        channel
    }

    pub(crate) fn join(&mut self, channel: &str, user: &UserId) {
        let Some(place) = self.channels.get_mut(channel) else { return };
        if !place.members.insert(user.clone()) {
            return;
        }
        let data = json!({"user_id": user, "team_id": place.team_id()});
        let audience = Audience::Channel(place.id.clone());
        self.publish(&Event::new("user_added", audience, data));
    }

    pub(crate) fn leave(&mut self, channel: &str, user: &UserId) {
        let Some(place) = self.channels.get_mut(channel) else { return };
        if !place.members.remove(user) {
            return;
        }
        let id = place.id.clone();
        let data = json!({"user_id": user, "remover_id": user});
        self.publish(&Event::new("user_removed", Audience::Channel(id.clone()), data));
        let data = json!({"channel_id": id, "remover_id": user});
        self.publish(&Event::new("user_removed", Audience::User(user.clone(), None), data));
    }
}
