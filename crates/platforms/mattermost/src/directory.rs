//! The channels that the bot is in, and what was posted in them since.

use std::collections::BTreeMap;
use std::time::Duration;

use countersign_ports::platform::{KnownChat, PlatformError};
use futures::StreamExt as _;
use reqwest::Method;
use serde_json::json;

use crate::adapter::Mattermost;
use crate::backoff::{Why, pause};
use crate::id::{ChannelId, UserId};
use crate::lane::Urgency;
use crate::rest::RestError;
use crate::wire::{Channel, ChannelKind, Post, PostList, Team, User};

/// What was said before is not answered any more when the connection is back.
const LOOKED_BACK: Duration = Duration::from_hours(1);

/// In milliseconds: posts become visible in another order than they were made in, and what comes twice
/// is known by its id.
const OVERLAP: i64 = 30_000;

/// So often something is asked for again that cannot be had.
const TRIED: u32 = 4;

/// So many channels are looked up at once.
const READ_AT_ONCE: usize = 4;

/// So many people are asked about at once.
const AT_ONCE: usize = 100;

/// What the agent calls the channel of `home_channel`.
const HOME: &str = "home";

impl Mattermost {
    /// Every channel that the bot is in.
    async fn channels(&self) -> Result<Vec<Channel>, RestError> {
        let teams: Vec<Team> = self.rest.get("users/me/teams").await?;
        let mut channels: BTreeMap<ChannelId, Channel> = BTreeMap::new();
        for team in teams {
            let path = format!("users/me/teams/{}/channels", team.id);
            let found: Vec<Channel> = self.rest.get(&path).await?;
            channels.extend(found.into_iter().map(|channel| (channel.id.clone(), channel)));
        }
        for channel in channels.values() {
            self.known.note_kind(&channel.id, channel.kind);
        }
        Ok(channels.into_values().collect())
    }

    pub(crate) async fn directory(&self) -> Result<Vec<KnownChat>, PlatformError> {
        let me = self.me().await?.id.clone();
        let channels = self.channels().await?;
        let others: Vec<UserId> =
            channels.iter().filter_map(|channel| other(channel, &me)).collect();
        let names = self.names(&others).await?;
        let mut chats = Vec::new();
        if let Some(home) = &self.settings.home {
            let kind = self.known.kind(home, &self.rest).await?;
            chats.extend(known(home, Some(HOME.to_owned()), kind));
        }
        for channel in &channels {
            let name = match other(channel, &me) {
                Some(other) => names.get(&other).cloned(),
                None if channel.kind == ChannelKind::Group => Some(channel.display_name.clone()),
                None => Some(channel.name.clone()),
            };
            chats.extend(known(&channel.id, name, channel.kind));
        }
        Ok(chats)
    }

    async fn names(&self, users: &[UserId]) -> Result<BTreeMap<UserId, String>, RestError> {
        let mut names = BTreeMap::new();
        for some in users.chunks(AT_ONCE) {
            let found: Vec<User> = self
                .rest
                .call(Urgency::Text, Method::POST, "users/ids", Some(&json!(some)))
                .await?;
            names.extend(found.into_iter().map(|user| (user.id, user.username)));
        }
        Ok(names)
    }

    /// What was posted since shortly before `since`, in the server's time, oldest first. A channel
    /// that cannot be read takes nothing from the others.
    pub(crate) async fn posts_since(&self, since: i64) -> Found {
        let since = since.saturating_sub(OVERLAP).max(self.oldest(LOOKED_BACK));
        let mut found = Found { posts: Vec::new(), whole: true };
        let channels = match self.in_the_end(|| self.channels()).await {
            Ok(channels) => channels,
            Err(error) => {
                tracing::warn!(%error, "what was missed cannot be looked up");
                return Found { whole: false, ..found };
            }
        };
        let wanted = channels.into_iter().filter(|channel| channel.last_post_at >= since);
        // One that is slow does not hold up the others.
        let asked = futures::stream::iter(wanted).map(|channel| async move {
            let path = format!("channels/{}/posts?since={since}", channel.id);
            let list = self.in_the_end(|| self.rest.get::<PostList>(&path)).await;
            (channel, list)
        });
        let mut asked = std::pin::pin!(asked.buffer_unordered(READ_AT_ONCE));
        while let Some((channel, list)) = asked.next().await {
            match list {
                Ok(list) => {
                    let posts = list
                        .posts
                        .into_values()
                        .filter(|post| post.create_at >= since && post.delete_at == 0);
                    found.posts.extend(posts.map(|post| (post, channel.kind)));
                }
                Err(error) => {
                    let channel = &channel.id;
                    tracing::warn!(%channel, %error, "what was missed in a channel cannot be looked up");
                    // Where the bot may not read, it may not read later either.
                    found.whole &= !matches!(
                        error,
                        RestError::Forbidden(_) | RestError::Missing(_) | RestError::Refused(_, _)
                    );
                }
            }
        }
        found.posts.sort_by(|(a, _), (b, _)| (a.create_at, &a.id).cmp(&(b.create_at, &b.id)));
        found
    }

    /// Asks again while the server wants pauses, and a few times while it cannot be reached.
    async fn in_the_end<T, F>(&self, ask: impl Fn() -> F) -> Result<T, RestError>
    where
        F: Future<Output = Result<T, RestError>>,
    {
        let mut failed = 0;
        loop {
            match ask().await {
                Err(RestError::SlowDown(pause)) => tokio::time::sleep(pause).await,
                Err(RestError::Unavailable(_)) if failed < TRIED => {
                    failed += 1;
                    tokio::time::sleep(pause(Why::Broken(failed), self.random())).await;
                }
                done => return done,
            }
        }
    }
}

/// What was looked up.
pub(crate) struct Found {
    pub(crate) posts: Vec<(Post, ChannelKind)>,
    /// Whether that is all of it.
    pub(crate) whole: bool,
}

/// The other one of a direct channel, whose name is both ids.
fn other(channel: &Channel, me: &UserId) -> Option<UserId> {
    if channel.kind != ChannelKind::Direct {
        return None;
    }
    let (one, two) = channel.name.split_once("__")?;
    let other = if one == me.as_str() { two } else { one };
    other.parse().ok()
}

fn known(id: &ChannelId, name: Option<String>, kind: ChannelKind) -> Option<KnownChat> {
    let name = name.filter(|name| !name.is_empty());
    Some(KnownChat { id: id.as_str().parse().ok()?, name, scope: kind.scope() })
}
