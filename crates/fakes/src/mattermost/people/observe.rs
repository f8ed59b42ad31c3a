//! What a test sees, and how it waits for it.

use std::time::Duration;

use super::{Dialog, RegisteredCommand, Seen};
use crate::mattermost::fake::{Account, FakeMattermost};
use crate::mattermost::model::ids::{ChannelId, ConnectionId, PostId, TeamId};
use crate::mattermost::model::posts::Post;
use crate::mattermost::server::outgoing::Delivered;

/// How long a test waits in real time before it gives up.
const PATIENCE: Duration = Duration::from_secs(20);

impl FakeMattermost {
    /// The posts of a channel that are not deleted, in order.
    pub fn posts(&self, channel: &ChannelId) -> Vec<Post> {
        let world = self.server().peek();
        world.posts_of(channel).filter(|post| post.delete_at == 0).cloned().collect()
    }

    /// A post, deleted or not.
    pub fn post(&self, post: &PostId) -> Option<Post> {
        self.server().peek().posts.get(post).cloned()
    }

    /// What only this account saw, in order.
    pub fn ephemerals(&self, of: &dyn Account) -> Vec<Post> {
        self.seen(of)
            .into_iter()
            .filter_map(|seen| match seen {
                Seen::Ephemeral(post) => Some(post),
                Seen::Dialog(_) | Seen::Typing { .. } => None,
            })
            .collect()
    }

    /// The dialogs that opened on this account's screen, in order.
    pub fn dialogs(&self, of: &dyn Account) -> Vec<Dialog> {
        self.seen(of)
            .into_iter()
            .filter_map(|seen| match seen {
                Seen::Dialog(dialog) => Some(dialog),
                Seen::Ephemeral(_) | Seen::Typing { .. } => None,
            })
            .collect()
    }

    /// Everything that only this account saw, in order.
    pub fn seen(&self, of: &dyn Account) -> Vec<Seen> {
        let world = self.server().peek();
        let theirs = world.seen.iter().filter(|(user, _)| user == of.user_id());
        theirs.map(|(_, seen)| seen.clone()).collect()
    }

    /// The commands that are registered in a team, by trigger.
    pub fn commands(&self, team: &TeamId) -> Vec<RegisteredCommand> {
        let world = self.server().peek();
        let mut commands: Vec<RegisteredCommand> =
            world.commands_of(team).map(RegisteredCommand::from).collect();
        commands.sort_by(|one, other| one.trigger.cmp(&other.trigger));
        commands
    }

    /// The requests that the server made and that have ended, in order.
    pub fn delivered(&self) -> Vec<Delivered> {
        self.server().peek().delivered.clone()
    }

    /// How many sockets this account has open.
    pub fn open_sockets(&self, of: &dyn Account) -> usize {
        self.server().peek().hub.open_sockets(of.user_id())
    }

    /// The ids of this account's connections, with or without a socket.
    pub fn connections(&self, of: &dyn Account) -> Vec<ConnectionId> {
        self.server().peek().hub.connections_of(of.user_id())
    }

    /// Waits until `look` finds something. It is asked again whenever anything happens.
    ///
    /// # Panics
    /// If that takes too long, with `what` in the message.
    pub async fn wait_for<T>(&self, what: &str, mut look: impl FnMut(&Self) -> Option<T>) -> T {
        let mut changed = self.server().changed.subscribe();
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                changed.mark_unchanged();
                if let Some(found) = look(self) {
                    return found;
                }
                // The sender lives as long as the server that is borrowed here.
                drop(changed.changed().await);
            }
        });
        let found = found.await;
        found.unwrap_or_else(|_| unreachable!("waited in vain for {what}"))
    }

    /// Waits until a post of the channel is as wanted.
    pub async fn wait_for_post(&self, channel: &ChannelId, wanted: impl Fn(&Post) -> bool) -> Post {
        self.wait_for("a post", |server| server.posts(channel).into_iter().find(&wanted)).await
    }

    /// Waits until this account was privately told something with `text` in it.
    pub async fn wait_for_ephemeral(&self, of: &dyn Account, text: &str) -> Post {
        let told = |server: &Self| {
            server.ephemerals(of).into_iter().find(|post| post.message.contains(text))
        };
        self.wait_for(text, told).await
    }

    /// Waits until a dialog is on this account's screen.
    pub async fn wait_for_dialog(&self, of: &dyn Account) -> Dialog {
        self.wait_for("a dialog", |server| server.dialogs(of).pop()).await
    }

    /// Waits until this account has a socket.
    pub async fn wait_until_connected(&self, of: &dyn Account) {
        self.wait_for("a socket", |server| (server.open_sockets(of) > 0).then_some(())).await;
    }
}
