//! Telling a chat at once what came of something that was said in it, where the platform does not do
//! so by itself.

use std::time::Duration;

use countersign_domain::chat::Address;
use countersign_ports::platform::TextPost;

use super::post::Lane;
use super::reply::pieces;
use crate::gateway::Gateway;

/// Whoever reads what is said waits no longer for what is told.
const PATIENCE: Duration = Duration::from_secs(10);

impl Gateway {
    /// Posts `text` at `address` under `id`. It is lost if the platform does not take it soon: what
    /// was said has its effect all the same.
    pub(crate) async fn tell_chat(&self, address: &Address, id: &str, text: &str) {
        let Some(adapter) = self.chats.adapter(address) else {
            return;
        };
        self.note_spoken(address).await;
        let about = adapter.about();
        for (number, piece) in pieces(text, about.longest_text).into_iter().enumerate() {
            let post = TextPost {
                id: format!("{id}:{number}"),
                address: address.clone(),
                reply_to: None,
                only_for: None,
                text: piece,
            };
            // Nobody else knows of it, also when this node does not keep the connection yet, or any more.
            let taken = self.is_taken(about, Lane::Answers, || adapter.post_text(&post));
            match tokio::time::timeout(PATIENCE, taken).await {
                Ok(true) => {}
                Ok(false) => return,
                Err(_) => {
                    tracing::warn!(platform = %about.platform, "a chat was not told in time");
                    return;
                }
            }
        }
    }
}
