//! What happens, as listeners hear of it.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use crate::mattermost::model::channels::ChannelKind;
use crate::mattermost::model::ids::{ChannelId, ConnectionId, UserId};
use crate::mattermost::model::posts::Post;
use crate::mattermost::model::world::World;

/// Who gets an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Audience {
    /// Members of a channel.
    Channel(ChannelId),
    /// Members of a channel but one.
    ChannelWithout(ChannelId, UserId),
    /// One user; the channel is told along.
    User(UserId, Option<ChannelId>),
}

/// An event.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) name: &'static str,
    pub(crate) data: Map<String, Value>,
    pub(crate) audience: Audience,
    /// What some listeners get besides.
    pub(crate) personal: BTreeMap<UserId, Map<String, Value>>,
}

impl Event {
    pub(crate) fn new(name: &'static str, audience: Audience, mut data: Value) -> Self {
        let data = data.as_object_mut().map(std::mem::take).unwrap_or_default();
        Self { name, data, audience, personal: BTreeMap::new() }
    }

    fn for_user(&self, user: &UserId) -> Value {
        let mut data = self.data.clone();
        data.extend(self.personal.get(user).cloned().unwrap_or_default());
        json!({"event": self.name, "data": data, "broadcast": self.audience.to_json(), "seq": 0})
    }
}

impl Audience {
    fn to_json(&self) -> Value {
        let (omitted, user, channel) = match self {
            Self::Channel(channel) => (Value::Null, "", channel.as_str()),
            Self::ChannelWithout(channel, user) => {
                let omitted = Map::from_iter([(user.to_string(), Value::Bool(true))]);
                (Value::Object(omitted), "", channel.as_str())
            }
            Self::User(user, channel) => {
                (Value::Null, user.as_str(), channel.as_ref().map_or("", ChannelId::as_str))
            }
        };
        json!({
            "omit_users": omitted,
            "user_id": user,
            "channel_id": channel,
            "team_id": "",
            "connection_id": "",
            "omit_connection_id": "",
        })
    }
}

impl World {
    /// Tells everybody whom it concerns.
    pub(crate) fn publish(&mut self, event: &Event) {
        let channels = &self.channels;
        let is_member = |channel: &ChannelId, user: &UserId| {
            channels.get(channel).is_some_and(|channel| channel.members.contains(user))
        };
        self.hub.publish(|user| {
            let hears = match &event.audience {
                Audience::Channel(channel) => is_member(channel, user),
                Audience::ChannelWithout(channel, omitted) => {
                    user != omitted && is_member(channel, user)
                }
                Audience::User(only, _) => user == only,
            };
            hears.then(|| event.for_user(user))
        });
    }

    /// Tells a channel of a new post.
    pub(crate) fn publish_posted(&mut self, post: &Post) {
        let Some(channel) = self.channels.get(&post.channel_id) else { return };
        let author = self.users.get(&post.user_id);
        let sender = author.map_or_else(String::new, |user| format!("@{}", user.username));
        let display_name = match channel.kind {
            ChannelKind::Direct => sender.clone(),
            ChannelKind::Public | ChannelKind::Private | ChannelKind::Group => {
                channel.display_name.clone()
            }
        };
        let data = json!({
            "channel_display_name": display_name,
            "channel_name": channel.name,
            "channel_type": channel.kind.letter(),
            "post": self.show(post).to_string(),
            "sender_name": sender,
            "set_online": true,
            "team_id": channel.team_id(),
        });
        let mut event = Event::new("posted", Audience::Channel(post.channel_id.clone()), data);
        for user in self.mentioned(post) {
            let mentions = json!([user]).to_string();
            event.personal.insert(user, Map::from_iter([("mentions".to_owned(), json!(mentions))]));
        }
        self.publish(&event);
    }

    /// Members whom a post speaks to: by name, or because it is theirs alone.
    fn mentioned(&self, post: &Post) -> Vec<UserId> {
        let Some(channel) = self.channels.get(&post.channel_id) else { return Vec::new() };
        let words = mentions(&post.message);
        let everybody = ["all", "channel", "here"].iter().any(|word| words.contains(*word));
        channel
            .others(&post.user_id)
            .filter(|user| {
                channel.kind == ChannelKind::Direct
                    || everybody
                    || self.users.get(*user).is_some_and(|user| words.contains(&user.username))
            })
            .cloned()
            .collect()
    }

    /// Tells of a changed or deleted post, or of one that only one user sees.
    pub(crate) fn publish_post(&mut self, name: &'static str, audience: Audience, post: &Post) {
        let shown = self.show(post).to_string();
        self.publish(&Event::new(name, audience, json!({"post": shown})));
    }

    /// The first event of a connection.
    pub(crate) fn hello(version: &str, user: &UserId, connection: &ConnectionId) -> Value {
        let data = json!({
            "connection_id": connection,
            "server_version": format!("{version}.0000000000.c0ffee.false"),
            "server_hostname": "fake",
        });
        Event::new("hello", Audience::User(user.clone(), None), data).for_user(user)
    }
}

/// The people whom a text speaks to, without the sign before and marks after their names.
pub(crate) fn mentions(text: &str) -> BTreeSet<String> {
    names_after(text, '@')
}

/// The channels that a text speaks of.
pub(crate) fn channel_mentions(text: &str) -> BTreeSet<String> {
    names_after(text, '~')
}

fn names_after(text: &str, sign: char) -> BTreeSet<String> {
    text.split(sign)
        .skip(1)
        .map(|rest| {
            let end = rest.find(|letter: char| !is_name_letter(letter)).unwrap_or(rest.len());
            let (name, _) = rest.split_at(end);
            name.trim_end_matches(['.', '-', '_', ':']).to_lowercase()
        })
        .filter(|name| !name.is_empty())
        .collect()
}

fn is_name_letter(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || matches!(letter, '.' | '-' | '_' | ':')
}
