//! What the server brings to the gateway's own address. None of it is believed as it stands: the
//! server signs no request, and anybody can send one.

use std::sync::Arc;

use async_trait::async_trait;
use countersign_ports::platform::{Callback, CallbackMethod, CallbackReply, Callbacks, Inbox};
use serde_json::{Value, json};

use crate::adapter::Mattermost;

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

/// A text field of what was brought.
pub(crate) fn text<'v>(body: &'v Value, name: &str) -> &'v str {
    body.get(name).and_then(Value::as_str).unwrap_or_default()
}

/// A field of a form that was brought.
pub(crate) fn field(body: &[u8], wanted: &str) -> Option<String> {
    let mut fields = url::form_urlencoded::parse(body);
    fields.find(|(name, _)| name == wanted).map(|(_, value)| value.into_owned())
}
