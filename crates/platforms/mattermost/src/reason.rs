//! Denying with a reason: a dialog, opened with the click's own proof, and what is written in it.

use std::sync::Arc;
use std::time::Duration;

use countersign_domain::approvals::Choice;
use countersign_domain::time::Timestamp;
use countersign_ports::platform::{CallbackReply, Click, Inbound, Inbox, Receipt};
use reqwest::Method;
use serde_json::{Value, json};

use crate::adapter::Mattermost;
use crate::callbacks::{FULL, text, told};
use crate::id::UserId;
use crate::lane::Urgency;
use crate::pressing::said;
use crate::seal::Dialog;
use crate::wire::ChannelKind;

/// A dialog is good for so long.
const GOOD_FOR: Duration = Duration::from_mins(30);

/// The longest reason, in characters.
const LONGEST: usize = 280;

/// What is written in a dialog.
const REASON: &str = "reason";

impl Mattermost {
    /// Asks for the reason.
    pub(crate) async fn ask_reason(&self, trigger: &str, dialog: &Dialog) -> CallbackReply {
        let body = json!({
            "trigger_id": trigger,
            "url": self.settings.callback("dialogs"),
            "dialog": {
                "callback_id": "denyreason",
                "title": "Deny with reason",
                "introduction_text": "The agent is told what you write.",
                "elements": [{
                    "display_name": "Reason",
                    "name": REASON,
                    "type": "textarea",
                    "max_length": LONGEST,
                    "optional": false,
                }],
                "submit_label": "Deny",
                "notify_on_cancel": false,
                "state": self.seal.dialog(dialog),
            },
        });
        let opened =
            self.rest.tell(Urgency::Card, Method::POST, "actions/dialogs/open", Some(&body));
        match opened.await {
            Ok(()) => CallbackReply::json(200, &json!({})),
            Err(error) => {
                tracing::warn!(%error, "a dialog could not be opened");
                told(
                    "The dialog could not be opened; nothing was decided. Press Deny, or write `!deny <id> <reason>`.",
                )
            }
        }
    }

    /// What was written in a dialog. Its state is known to the person for whom it was opened and to
    /// nobody else.
    pub(crate) async fn submitted(&self, body: &[u8], inbox: &Arc<dyn Inbox>) -> CallbackReply {
        let refused = |words: &str| CallbackReply::json(200, &json!({"error": words}));
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let dialog = self.seal.submitted(text(&body, "state"));
        let user = text(&body, "user_id").parse::<UserId>().ok();
        let of_now = |dialog: &Dialog| {
            let opened = Timestamp::from_millis(dialog.opened_at);
            self.clock.now().since(opened) <= GOOD_FOR
        };
        let Some(dialog) = dialog.filter(|dialog| user.as_ref() == Some(&dialog.user)) else {
            let words = "This dialog was not opened for you by this gateway; nothing was decided.";
            let why = ("dialogs", user.as_ref(), "its state was not made here for this user");
            return self.refused(why, inbox, refused(words)).await;
        };
        if !of_now(&dialog) {
            return refused("This dialog was open for too long; nothing was decided.");
        }
        if body.get("cancelled").and_then(Value::as_bool) == Some(true) {
            return CallbackReply::json(200, &json!({}));
        }
        let reason =
            body.get("submission").map_or("", |submission| text(submission, REASON)).trim();
        if reason.chars().count() > LONGEST {
            let errors = json!({"errors": {REASON: "At most 280 characters."}});
            return CallbackReply::json(200, &errors);
        }
        let Some(_room) = self.room().await else { return refused(FULL) };
        let kind = match self.known.kind(&dialog.button.channel, &self.rest).await {
            Ok(kind) => kind,
            Err(_) => ChannelKind::Other,
        };
        let Some(click) = self.click_of(&dialog.button, &dialog.post, &dialog.user, kind) else {
            return refused("Nothing was decided.");
        };
        let reason = Some(reason.to_owned()).filter(|reason| !reason.is_empty());
        let receipt =
            inbox.receive(Inbound::Click(Click { choice: Choice::Deny, reason, ..click })).await;
        let denied = matches!(&receipt, Receipt::Taken(Some(words)) if words.starts_with("Denied"));
        if denied {
            // The dialog closes; the card says the rest.
            return CallbackReply::json(200, &json!({}));
        }
        refused(&said(receipt))
    }
}
