//! A button that was pressed: seal, the server's signature, and then the gateway.

use std::sync::Arc;

use countersign_domain::chat::{Address, PersonId};
use countersign_ports::platform::{
    CallbackReply, Click, Inbound, Inbox, Origin, Receipt, SenderKind,
};
use serde_json::Value;

use crate::adapter::Mattermost;
use crate::callbacks::{FULL, astray, text, told};
use crate::id::{ChannelId, PostId, UserId};
use crate::seal::{Button, Dialog, Press};
use crate::wire::ChannelKind;

/// What the server says of a click.
#[derive(Debug)]
struct Pressed {
    user: UserId,
    channel: ChannelId,
    post: PostId,
    trigger: String,
    channel_name: String,
    context: Value,
}

impl Mattermost {
    /// A button.
    pub(crate) async fn pressed(&self, body: &[u8], inbox: &Arc<dyn Inbox>) -> CallbackReply {
        let Some(pressed) = read(body) else {
            let why = ("actions", None, "it is no click");
            return self.refused(why, inbox, told(NO_BUTTON)).await;
        };
        let Some(button) = self.seal.pressed(&pressed.context, &pressed.channel) else {
            let why = "its button was not made here, or for another channel";
            let why = ("actions", Some(&pressed.user), why);
            return self.refused(why, inbox, told(NO_BUTTON)).await;
        };
        let proof = self.proven(&pressed.trigger, &pressed.user);
        if let Err(unproven) = proof.await {
            let words = format!("Nothing was decided: {unproven}.");
            let why = unproven.to_string();
            let why = ("actions", Some(&pressed.user), why.as_str());
            return self.refused(why, inbox, told(&words)).await;
        }
        // What has come so far is the server's own, or somebody's who can make its signatures: only
        // that can fill the room.
        let Some(_room) = self.room().await else { return told(FULL) };
        match button.press {
            Press::Choice(choice) => {
                let Some(click) = self.click(&button, &pressed.post, &pressed.user, &pressed).await
                else {
                    return told(NO_BUTTON);
                };
                match inbox.receive(Inbound::Click(Click { choice, ..click })).await {
                    Receipt::Stray(text) => astray(&text),
                    receipt @ (Receipt::Dropped | Receipt::Taken(_) | Receipt::Later) => {
                        told(&said(receipt))
                    }
                }
            }
            Press::DenyWithReason => {
                let dialog = Dialog {
                    button,
                    post: pressed.post.clone(),
                    user: pressed.user.clone(),
                    opened_at: self.clock.now().as_millis(),
                };
                self.ask_reason(&pressed.trigger, &dialog).await
            }
        }
    }

    async fn click(
        &self,
        button: &Button,
        post: &PostId,
        user: &UserId,
        pressed: &Pressed,
    ) -> Option<Click> {
        let kind = match self.known.kind(&button.channel, &self.rest).await {
            Ok(kind) => kind,
            Err(_) => self.kind_by_name(&pressed.channel_name, user).await,
        };
        self.click_of(button, post, user, kind)
    }

    /// The click of `user`, who is authenticated, on `button` of `post`.
    pub(crate) fn click_of(
        &self,
        button: &Button,
        post: &PostId,
        user: &UserId,
        kind: ChannelKind,
    ) -> Option<Click> {
        let address = self.address(&button.channel, button.root.as_ref())?;
        Some(Click {
            origin: self.origin(address, kind, user, format!("click:{}:{user}", button.card)),
            message: post.as_str().parse().ok()?,
            card: button.card,
            nonce: button.nonce.clone(),
            choice: countersign_domain::approvals::Choice::Deny,
            reason: None,
        })
    }

    /// Where something of `user` comes from.
    pub(crate) fn origin(
        &self,
        address: Address,
        kind: ChannelKind,
        user: &UserId,
        delivery: String,
    ) -> Origin {
        Origin {
            address,
            chat_type: Some(kind.chat_type().to_owned()),
            sender: PersonId::on(&self.about.platform, user.as_str()),
            kind: SenderKind::Person,
            delivery,
        }
    }

    /// The kind of a channel that the bot cannot look at: only its own with `user` is between two.
    pub(crate) async fn kind_by_name(&self, name: &str, user: &UserId) -> ChannelKind {
        let Ok(me) = self.me().await else { return ChannelKind::Other };
        let own = [format!("{}__{user}", me.id), format!("{user}__{}", me.id)];
        if own.iter().any(|own| own == name) { ChannelKind::Direct } else { ChannelKind::Other }
    }
}

const NO_BUTTON: &str =
    "This button was not made by this gateway for this place; nothing was decided.";

/// What the person is told.
pub(crate) fn said(receipt: Receipt) -> String {
    match receipt {
        Receipt::Taken(Some(text)) | Receipt::Stray(text) => text,
        Receipt::Taken(None) => String::new(),
        Receipt::Dropped => "You may not use this bot here; nothing was decided.".to_owned(),
        Receipt::Later => {
            "The gateway cannot take this now; nothing was decided. Press again.".to_owned()
        }
    }
}

fn read(body: &[u8]) -> Option<Pressed> {
    let body: Value = serde_json::from_slice(body).ok()?;
    Some(Pressed {
        user: text(&body, "user_id").parse().ok()?,
        channel: text(&body, "channel_id").parse().ok()?,
        post: text(&body, "post_id").parse().ok()?,
        trigger: text(&body, "trigger_id").to_owned(),
        channel_name: text(&body, "channel_name").to_owned(),
        context: body.get("context")?.clone(),
    })
}
