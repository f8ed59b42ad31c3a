//! All that the server knows, in one place, and how to look things up in it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::channels::Channel;
use super::commands::{Command, CommandHook};
use super::ids::{ChannelId, CommandId, FileId, PostId, TeamId, UserId};
use super::posts::{Post, ThreadFigures};
use super::users::{Session, Team, User};
use crate::mattermost::people::Seen;
use crate::mattermost::refusal::Refusal;
use crate::mattermost::server::faults::Faults;
use crate::mattermost::server::outgoing::Delivered;
use crate::mattermost::server::rate::Buckets;
use crate::mattermost::settings::Settings;
use crate::mattermost::socket::hub::Hub;

/// What the server knows.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) settings: Settings,
    pub(crate) users: BTreeMap<UserId, User>,
    pub(crate) teams: BTreeMap<TeamId, Team>,
    pub(crate) channels: BTreeMap<ChannelId, Channel>,
    pub(crate) posts: BTreeMap<PostId, Post>,
    /// Posts in the order in which they were made.
    pub(crate) order: Vec<PostId>,
    /// The answers in each thread, by its first post, in the order in which they were made.
    pub(crate) threads: BTreeMap<PostId, Vec<PostId>>,
    pub(crate) sessions: BTreeMap<String, Session>,
    pub(crate) commands: BTreeMap<CommandId, Command>,
    pub(crate) hooks: BTreeMap<String, CommandHook>,
    pub(crate) files: BTreeMap<FileId, StoredFile>,
    pub(crate) pending: BTreeMap<String, Pending>,
    pub(crate) hub: Hub,
    pub(crate) seen: Vec<(UserId, Seen)>,
    pub(crate) delivered: Vec<Delivered>,
    pub(crate) buckets: Buckets,
    pub(crate) faults: Faults,
    /// The last time that was given to a post: no two have the same.
    last_stamp: i64,
}

/// A file that somebody uploaded.
#[derive(Debug, Clone)]
pub(crate) struct StoredFile {
    pub(crate) id: FileId,
    pub(crate) user: UserId,
    pub(crate) channel: ChannelId,
    pub(crate) post: Option<PostId>,
    pub(crate) create_at: i64,
    pub(crate) name: String,
    pub(crate) mime: String,
    pub(crate) content: bytes::Bytes,
}

/// A name that a client gave to a post, remembered for a while.
#[derive(Debug, Clone)]
pub(crate) struct Pending {
    pub(crate) expires: i64,
    /// The post, or nothing while it is being made.
    pub(crate) post: Option<PostId>,
}

impl World {
    pub(crate) fn new(settings: Settings) -> Self {
        Self {
            settings,
            users: BTreeMap::new(),
            teams: BTreeMap::new(),
            channels: BTreeMap::new(),
            posts: BTreeMap::new(),
            order: Vec::new(),
            threads: BTreeMap::new(),
            sessions: BTreeMap::new(),
            commands: BTreeMap::new(),
            hooks: BTreeMap::new(),
            files: BTreeMap::new(),
            pending: BTreeMap::new(),
            hub: Hub::default(),
            seen: Vec::new(),
            delivered: Vec::new(),
            buckets: Buckets::default(),
            faults: Faults::default(),
            last_stamp: 0,
        }
    }

    pub(crate) fn now(&self) -> i64 {
        self.settings.clock.now()
    }

    /// A time for something new: the clock's, and later than any before.
    pub(crate) fn stamp(&mut self) -> i64 {
        self.last_stamp = self.now().max(self.last_stamp + 1);
        self.last_stamp
    }

    pub(crate) fn user(&self, id: &str) -> Result<&User, Refusal> {
        self.users.get(id).ok_or_else(Refusal::no_user)
    }

    pub(crate) fn user_named(&self, name: &str) -> Option<&User> {
        self.users.values().find(|user| user.username == name)
    }

    pub(crate) fn team(&self, id: &str) -> Result<&Team, Refusal> {
        self.teams.get(id).ok_or_else(Refusal::no_team)
    }

    pub(crate) fn channel(&self, id: &str) -> Result<&Channel, Refusal> {
        self.channels.get(id).ok_or_else(Refusal::no_channel)
    }

    /// The post, unless it was deleted.
    pub(crate) fn post(&self, id: &str) -> Result<&Post, Refusal> {
        self.posts.get(id).filter(|post| post.delete_at == 0).ok_or_else(Refusal::no_post)
    }

    /// The post, if `user` may read it.
    pub(crate) fn readable_post(&self, user: &UserId, id: &str) -> Result<&Post, Refusal> {
        let post = self.post(id)?;
        let channel = self.channel(&post.channel_id)?;
        if self.may_read(user, channel) { Ok(post) } else { Err(Refusal::forbidden()) }
    }

    /// The channel, if `user` may read it.
    pub(crate) fn readable_channel(&self, user: &UserId, id: &str) -> Result<&Channel, Refusal> {
        let channel = self.channel(id)?;
        if self.may_read(user, channel) { Ok(channel) } else { Err(Refusal::forbidden()) }
    }

    /// All posts of a channel in order, deleted ones included.
    pub(crate) fn posts_of(&self, channel: &str) -> impl DoubleEndedIterator<Item = &Post> {
        self.order
            .iter()
            .filter_map(|id| self.posts.get(id))
            .filter(move |post| post.channel_id.as_str() == channel)
    }

    /// The post as clients get it.
    pub(crate) fn show(&self, post: &Post) -> Value {
        let files: Vec<Value> = post
            .file_ids
            .iter()
            .filter_map(|id| self.files.get(id.as_str()))
            .map(StoredFile::to_json)
            .collect();
        post.to_json(self.thread_figures(post), &files)
    }

    fn thread_figures(&self, post: &Post) -> ThreadFigures {
        let replies = self.threads.get(&post.thread()).into_iter().flatten();
        let replies =
            replies.filter_map(|id| self.posts.get(id)).filter(|reply| reply.delete_at == 0);
        replies.fold(ThreadFigures::default(), |figures, reply| ThreadFigures {
            reply_count: figures.reply_count + 1,
            last_reply_at: if post.root_id.is_empty() { reply.create_at } else { 0 },
        })
    }

    /// Posts as the server lists them: newest first in `order`, all in `posts`.
    pub(crate) fn list(&self, newest_first: &[&Post]) -> Value {
        let order: Vec<&PostId> = newest_first.iter().map(|post| &post.id).collect();
        let posts: BTreeMap<&str, Value> =
            newest_first.iter().map(|post| (post.id.as_str(), self.show(post))).collect();
        json!({
            "order": order,
            "posts": posts,
            "next_post_id": "",
            "prev_post_id": "",
            "has_next": false,
            "first_inaccessible_post_time": 0,
        })
    }
}

impl StoredFile {
    pub(crate) fn to_json(&self) -> Value {
        let extension = self.name.rsplit_once('.').map_or("", |(_, extension)| extension);
        json!({
            "id": self.id,
            "user_id": self.user,
            "post_id": self.post.as_ref().map_or("", PostId::as_str),
            "channel_id": self.channel,
            "create_at": self.create_at,
            "update_at": self.create_at,
            "delete_at": 0,
            "name": self.name,
            "extension": extension,
            "size": self.content.len(),
            "mime_type": self.mime,
            "mini_preview": null,
            "remote_id": "",
            "archived": false,
        })
    }
}
