//! Finding a card whose post was made, although the answer that says so was lost.
//!
//! The server knows for thirty seconds that it was asked before, and forgets it when it is restarted.
//! A second post would leave the first one with buttons that nothing ever takes away.

use std::time::Duration;

use countersign_domain::chat::MessageId;
use countersign_ports::platform::{CardPost, PlatformError};
use reqwest::Method;
use serde_json::Value;

use crate::adapter::{Mattermost, place};
use crate::card::{CARD, stray};
use crate::lane::Urgency;
use crate::rest::RestError;
use crate::wire::{Post, PostList};

/// Nothing is tried for longer than a day.
const LOOKED_BACK: Duration = Duration::from_hours(25);

impl Mattermost {
    /// The post that shows this card already. Of several the first one is kept, and the others lose
    /// their buttons.
    pub(crate) async fn card_that_is_there(
        &self,
        card: &CardPost,
    ) -> Result<Option<MessageId>, PlatformError> {
        let (channel, root) = place(&card.address)?;
        let path = match &root {
            Some(root) => format!("posts/{root}/thread"),
            None => format!("channels/{channel}/posts?since={}", self.oldest(LOOKED_BACK)),
        };
        let me = self.me().await?.id.clone();
        let asked = self.rest.call::<PostList>(Urgency::Card, Method::GET, &path, None).await;
        let list = match asked {
            Ok(list) => list,
            Err(
                error @ (RestError::SlowDown(_) | RestError::Unavailable(_) | RestError::Token),
            ) => {
                return Err(error.into());
            }
            // What cannot be looked at is put there, once more perhaps.
            Err(RestError::Forbidden(_) | RestError::Missing(_) | RestError::Refused(_, _)) => {
                return Ok(None);
            }
        };
        let id = card.id.to_string();
        let shows = |post: &Post| {
            let shown =
                post.props.as_ref().and_then(|props| props.get(CARD)).and_then(Value::as_str);
            post.user_id == me && post.delete_at == 0 && shown == Some(id.as_str())
        };
        let mut found: Vec<Post> = list.posts.into_values().filter(shows).collect();
        found.sort_by(|one, other| (one.create_at, &one.id).cmp(&(other.create_at, &other.id)));
        let mut found = found.into_iter();
        let Some(first) = found.next() else { return Ok(None) };
        for other in found {
            let path = format!("posts/{}/patch", other.id);
            let body = serde_json::json!({"props": stray()});
            self.rest.tell(Urgency::Card, Method::PUT, &path, Some(&body)).await?;
        }
        self.known.note_own(&first.id);
        Ok(first.id.as_str().parse().ok())
    }
}
