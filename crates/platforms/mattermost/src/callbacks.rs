//! What the server brings to the gateway's own address. None of it is believed as it stands: the
//! server signs no request, and anybody can send one.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use countersign_ports::platform::{Callback, CallbackMethod, CallbackReply, Callbacks, Inbox};
use serde_json::{Value, json};
use tokio::sync::SemaphorePermit;

use crate::adapter::Mattermost;
use crate::card::stray;

/// How many clicks, dialogs and commands that have proved themselves are seen to at once.
pub(crate) const AT_ONCE: usize = 64;

/// How long one more waits for room; the server itself waits for thirty seconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is said where there was none.
pub(crate) const FULL: &str =
    "The gateway has more to do than it can; nothing was decided or done. Try again.";

impl Mattermost {
    /// Room to see to something. It is asked for only after the seal, or the token, has been looked
    /// at, which costs next to nothing: whoever cannot make them takes no room from anybody.
    pub(crate) async fn room(&self) -> Option<SemaphorePermit<'_>> {
        let room = tokio::time::timeout(PATIENCE, self.room.acquire()).await;
        let room = room.ok().and_then(Result::ok);
        if room.is_none() {
            tracing::warn!(account = %self.about.account, "more is brought at once than can be seen to");
        }
        room
    }
}

#[async_trait]
impl Callbacks for Mattermost {
    async fn call(&self, callback: Callback, inbox: &Arc<dyn Inbox>) -> CallbackReply {
        if callback.method != CallbackMethod::Post {
            return CallbackReply::empty(405);
        }
        match callback.what.as_str() {
            "actions" => self.pressed(&callback.body, inbox).await,
            "dialogs" => self.submitted(&callback.body, inbox).await,
            "commands" => self.invoked(&callback, inbox).await,
            "check" => self.reached(&callback.body),
            _ => CallbackReply::empty(404),
        }
    }
}

/// The answer to a click: any other status than 200 shows as a failure of the whole integration.
pub(crate) fn told(text: &str) -> CallbackReply {
    CallbackReply::json(200, &json!({"ephemeral_text": text, "skip_slack_parsing": true}))
}

/// The same, and the post that was pressed loses its buttons: the server itself changes it, whichever
/// it is.
pub(crate) fn astray(text: &str) -> CallbackReply {
    let update = json!({"message": "", "props": stray()});
    let body = json!({"update": update, "ephemeral_text": text, "skip_slack_parsing": true});
    CallbackReply::json(200, &body)
}

/// A text field of what was brought.
pub(crate) fn text<'v>(body: &'v Value, name: &str) -> &'v str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A field of a form that was brought.
pub(crate) fn field(body: &[u8], wanted: &str) -> Option<String> {
    let mut fields = url::form_urlencoded::parse(body);
    fields.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
}
