//! A slash command that somebody has typed.

use std::sync::Arc;

use countersign_ports::platform::{Callback, CallbackReply, Inbound, Inbox, NativeCall, Receipt};
use serde_json::{Value, json};
use subtle::ConstantTimeEq as _;

use crate::adapter::Mattermost;
use crate::callbacks::FULL;
use crate::id::{ChannelId, PostId, TeamId, UserId};
use crate::slash::{Held, UMBRELLA};
use crate::split::{LONGEST, posts};

/// What the server says of a command.
struct Invoked {
    token: String,
    team: TeamId,
    channel: ChannelId,
    channel_name: String,
    user: UserId,
    trigger: String,
    arguments: String,
    trigger_id: String,
    root: Option<PostId>,
}

impl Mattermost {
    /// A slash command.
    pub(crate) async fn invoked(
        &self,
        callback: &Callback,
        inbox: &Arc<dyn Inbox>,
    ) -> CallbackReply {
        let Some(invoked) = read(&callback.body) else {
            let why = ("commands", None, "it is no command");
            return self.refused(why, inbox, CallbackReply::empty(400)).await;
        };
        // Both say the same, or somebody else wrote one of them.
        let header =
            callback.header("authorization").map(|value| value.trim_start_matches("Token ").trim());
        if header.is_some_and(|header| !same(header, &invoked.token)) {
            let why = ("commands", Some(&invoked.user), "its two tokens differ");
            return self.refused(why, inbox, CallbackReply::empty(401)).await;
        }
        let Some(held) = self.command_of(&invoked).await else {
            let why = "its token is not that of this command in this team";
            let why = ("commands", Some(&invoked.user), why);
            return self.refused(why, inbox, CallbackReply::empty(401)).await;
        };
        let Some(_room) = self.room().await else { return answer(FULL) };
        let proof = self.proven(&invoked.trigger_id, &invoked.user);
        if let Err(unproven) = proof.await {
            let words = format!("Nothing was done: {unproven}.");
            let why = unproven.to_string();
            let why = ("commands", Some(&invoked.user), why.as_str());
            return self.refused(why, inbox, answer(&words)).await;
        }
        let (name, arguments) = named(&held, &invoked.arguments);
        let kind = self.kind_by_name(&invoked.channel_name, &invoked.user).await;
        let Some(address) = self.address(&invoked.channel, invoked.root.as_ref()) else {
            return CallbackReply::empty(400);
        };
        let delivery = if invoked.trigger_id.is_empty() {
            format!("command:{}", self.entropy.uuid())
        } else {
            format!("command:{}", invoked.trigger_id)
        };
        let origin = self.origin(address, kind, &invoked.user, delivery);
        let receipt = inbox.receive(Inbound::Command(NativeCall { origin, name, arguments })).await;
        answer(&match receipt {
            Receipt::Taken(text) => text.unwrap_or_default(),
            Receipt::Stray(text) => text,
            Receipt::Dropped => "You may not use this bot here; nothing was done.".to_owned(),
            Receipt::Later => {
                "The gateway cannot take this now; nothing was done. Try again.".to_owned()
            }
        })
    }

    /// The command whose token was brought: that of this trigger in this team and no other.
    async fn command_of(&self, invoked: &Invoked) -> Option<Held> {
        let find = |tokens: Vec<Held>| {
            tokens
                .into_iter()
                .find(|held| held.team == invoked.team && held.trigger == invoked.trigger)
        };
        let is_its = |held: &Held| same(&held.token, &invoked.token);
        if let Some(held) = find(self.slash.tokens()).filter(is_its) {
            return Some(held);
        }
        // Another node may have made it meanwhile. Whoever guesses has the store asked now and then.
        if !self.slash.may_recall() {
            return None;
        }
        self.recall_tokens().await;
        find(self.slash.tokens()).filter(is_its)
    }
}

/// Which of the gateway's commands is meant, with what follows it.
fn named(held: &Held, arguments: &str) -> (String, String) {
    let arguments = arguments.trim();
    if held.name != UMBRELLA {
        return (held.name.clone(), arguments.to_owned());
    }
    let (name, rest) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
    let name = name.trim_start_matches(['/', '!']);
    (if name.is_empty() { "help" } else { name }.to_owned(), rest.trim().to_owned())
}

fn answer(text: &str) -> CallbackReply {
    let mut pieces = posts(text, LONGEST).into_iter();
    let first = ephemeral(&pieces.next().unwrap_or_default());
    let more: Vec<Value> = pieces.map(|piece| ephemeral(&piece)).collect();
    let mut first = first;
    if !more.is_empty()
        && let Some(first) = first.as_object_mut()
    {
        first.insert("extra_responses".to_owned(), more.into());
    }
    CallbackReply::json(200, &first)
}

fn ephemeral(text: &str) -> Value {
    json!({"response_type": "ephemeral", "text": text, "skip_slack_parsing": true})
}

fn same(one: &str, other: &str) -> bool {
    !one.is_empty() && bool::from(one.as_bytes().ct_eq(other.as_bytes()))
}

fn read(body: &[u8]) -> Option<Invoked> {
    let fields: Vec<(String, String)> = url::form_urlencoded::parse(body)
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect();
    let field = |wanted: &str| {
        fields.iter().find(|(name, _)| name == wanted).map_or("", |(_, value)| value.as_str())
    };
    let root = field("root_id");
    Some(Invoked {
        token: field("token").to_owned(),
        team: field("team_id").parse().ok()?,
        channel: field("channel_id").parse().ok()?,
        channel_name: field("channel_name").to_owned(),
        user: field("user_id").parse().ok()?,
        trigger: field("command").strip_prefix('/')?.to_lowercase(),
        arguments: field("text").to_owned(),
        trigger_id: field("trigger_id").to_owned(),
        root: if root.is_empty() { None } else { Some(root.parse().ok()?) },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_umbrella_takes_the_command_from_its_arguments() {
        let held = |name: &str| Held {
            team: "team".parse().unwrap(),
            trigger: name.to_owned(),
            name: name.to_owned(),
            token: "t".to_owned(),
        };
        let of = |name: &str, text: &str| named(&held(name), text);
        let pair = |name: &str, rest: &str| (name.to_owned(), rest.to_owned());
        assert_eq!(of("approve", " once "), pair("approve", "once"));
        assert_eq!(of(UMBRELLA, "approve  all once"), pair("approve", "all once"));
        assert_eq!(of(UMBRELLA, "/status"), pair("status", ""));
        assert_eq!(of(UMBRELLA, ""), pair("help", ""));
    }

    #[test]
    fn an_empty_token_is_nobodys() {
        assert!(same("a", "a"));
        assert!(!same("", "") && !same("a", "b") && !same("a", "aa"));
    }
}
