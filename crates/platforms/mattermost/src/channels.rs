//! What kind each channel is, and who began each thread: looked up once.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use reqwest::Method;

use crate::id::{ChannelId, PostId};
use crate::lane::Urgency;
use crate::rest::{Rest, RestError};
use crate::wire::{Channel, ChannelKind, Post};

/// So many of each are remembered; then all are forgotten, which costs a request each.
const MOST: usize = 20_000;

/// What was looked up.
#[derive(Debug, Default)]
pub(crate) struct Known {
    kinds: Mutex<BTreeMap<ChannelId, ChannelKind>>,
    /// Whether the post is the bot's own.
    own: Mutex<BTreeMap<PostId, bool>>,
}

impl Known {
    /// The channel is of this kind, as the server says.
    pub(crate) fn note_kind(&self, channel: &ChannelId, kind: ChannelKind) {
        insert(&self.kinds, channel, kind);
    }

    /// What kind of channel it is.
    pub(crate) async fn kind(
        &self,
        channel: &ChannelId,
        rest: &Rest,
    ) -> Result<ChannelKind, RestError> {
        if let Some(kind) = held(&self.kinds).get(channel) {
            return Ok(*kind);
        }
        // A click may wait for it, and gives way to nothing.
        let path = format!("channels/{channel}");
        let found: Channel = rest.call(Urgency::Card, Method::GET, &path, None).await?;
        self.note_kind(channel, found.kind);
        Ok(found.kind)
    }

    /// The bot has put it there.
    pub(crate) fn note_own(&self, post: &PostId) {
        insert(&self.own, post, true);
    }

    /// Whether the bot, which is `me`, has written the post. Where that cannot be told it has not.
    pub(crate) async fn is_own(&self, post: &PostId, me: &str, rest: &Rest) -> bool {
        if let Some(own) = held(&self.own).get(post) {
            return *own;
        }
        match rest.get::<Post>(&format!("posts/{post}")).await {
            Ok(found) => {
                let own = found.user_id.as_str() == me;
                insert(&self.own, post, own);
                own
            }
            Err(_) => false,
        }
    }
}

fn insert<K: Ord + Clone, V>(map: &Mutex<BTreeMap<K, V>>, key: &K, value: V) {
    let mut map = held(map);
    if map.len() >= MOST {
        map.clear();
    }
    map.insert(key.clone(), value);
}

fn held<T>(lock: &Mutex<T>) -> MutexGuard<'_, T> {
    lock.lock().unwrap_or_else(PoisonError::into_inner)
}
