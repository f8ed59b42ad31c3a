//! What integrations answer to commands, at once and late.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{NewPost, Server};
use crate::mattermost::model::commands::{HOOK_LIFE, HOOK_USES};
use crate::mattermost::model::ids::UserId;
use crate::mattermost::model::world::World;
use crate::mattermost::refusal::Refusal;

/// What an integration answers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Response {
    #[serde(rename = "response_type")]
    shown_to: Option<String>,
    text: Option<String>,
    channel_id: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    props: Option<Map<String, Value>>,
    goto_location: Option<String>,
    skip_slack_parsing: bool,
    attachments: Option<Vec<Value>>,
    extra_responses: Option<Vec<Response>>,
}

impl Response {
    /// JSON if it says that it is, otherwise a text to show.
    pub(super) fn parse(content_type: &str, body: &[u8]) -> Option<Self> {
        let (kind, _) = content_type.split_once(';').unwrap_or((content_type, ""));
        if kind.trim() == "application/json" {
            let said: Map<String, Value> = serde_json::from_slice(body).ok()?;
            return serde_json::from_value(Value::Object(said)).ok();
        }
        let text = String::from_utf8_lossy(body).into_owned();
        Some(Self { text: Some(text), ..Self::default() })
    }

    /// The answer as the client of whoever typed the command gets it.
    pub(super) fn to_json(&self, trigger: &str) -> Value {
        json!({
            "response_type": self.shown_to.clone().unwrap_or_default(),
            "text": self.text.clone().unwrap_or_default(),
            "username": "",
            "channel_id": self.channel_id.clone().unwrap_or_default(),
            "icon_url": "",
            "type": "",
            "props": self.props,
            "goto_location": self.goto_location.clone().unwrap_or_default(),
            "trigger_id": trigger,
            "skip_slack_parsing": self.skip_slack_parsing,
            "attachments": self.attachments,
            "extra_responses": null,
        })
    }
}

/// Whose command it is, and where.
#[derive(Debug, Clone)]
pub(super) struct Place {
    pub(super) user: UserId,
    pub(super) channel: String,
    pub(super) root: String,
}

impl Server {
    /// `POST /hooks/commands/{id}`: a few late answers within half an hour.
    pub(crate) fn answer_late(
        &self,
        hook: &str,
        content_type: &str,
        body: &[u8],
    ) -> Result<(), Refusal> {
        let response = Response::parse(content_type, body).ok_or_else(|| {
            Refusal::new(400, "web.command_webhook.parse.app_error", "The body cannot be read.")
        })?;
        let (place, trigger) = self.world().use_hook(hook).map_err(|refusal| {
            Refusal::new(refusal.status, "web.command_webhook.general.app_error", refusal.message)
        })?;
        self.post_answers(&place, &response, &trigger)
    }

    pub(super) fn post_answers(
        &self,
        place: &Place,
        response: &Response,
        trigger: &str,
    ) -> Result<(), Refusal> {
        let mut failed = self.post_answer(place, response).is_err();
        for extra in response.extra_responses.iter().flatten() {
            failed |= self.post_answer(place, extra).is_err();
        }
        if failed {
            return Err(Refusal::new(
                500,
                "api.command.execute_command.create_post_failed.app_error",
                format!("The answer to /{trigger} could not be posted."),
            ));
        }
        Ok(())
    }

    /// Posts in the channel as the user who typed the command, or shows it to them alone.
    fn post_answer(&self, place: &Place, response: &Response) -> Result<(), Refusal> {
        let text = response.text.as_deref().unwrap_or_default();
        let text = if response.skip_slack_parsing { text.to_owned() } else { slack_links(text) };
        let mut new = place.post(&text);
        let mut props = response.props.clone().unwrap_or_default();
        props.insert("from_webhook".to_owned(), json!("true"));
        if let Some(attachments) = &response.attachments {
            props.insert("attachments".to_owned(), json!(attachments));
            "slack_attachment".clone_into(&mut new.kind);
        }
        new.props = Some(props);
        if let Some(kind) = response.kind.as_deref().filter(|kind| !kind.is_empty()) {
            if kind.starts_with("system_") {
                return Err(Refusal::bad_body("post.type"));
            }
            kind.clone_into(&mut new.kind);
        }
        if let Some(channel) = response.channel_id.as_deref().filter(|id| !id.is_empty()) {
            let member = self.world().channel(channel)?.members.contains(&place.user);
            if !member {
                let id = "api.command.command_post.forbidden.app_error";
                return Err(Refusal::new(403, id, "The user is not in that channel."));
            }
            channel.clone_into(&mut new.channel_id);
        }
        match response.shown_to.as_deref().unwrap_or_default() {
            "in_channel" => self.create_post_for(&place.user, &new).map(drop),
            "" | "ephemeral" if !text.is_empty() || response.attachments.is_some() => {
                self.send_ephemeral(&place.user, &place.user, &new);
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl World {
    fn use_hook(&mut self, id: &str) -> Result<(Place, String), Refusal> {
        let now = self.now();
        let missing = || {
            let id = "app.command_webhook.get.missing";
            Refusal::new(404, id, "There is no such address, or not any more.")
        };
        let hook = self.hooks.get_mut(id).ok_or_else(missing)?;
        if now - hook.create_at > HOOK_LIFE {
            return Err(missing());
        }
        let command =
            self.commands.get(&hook.command).ok_or_else(super::manage_commands::no_command)?;
        if hook.uses == HOOK_USES {
            let id = "app.command_webhook.try_use.invalid";
            return Err(Refusal::new(400, id, "The address was used too often."));
        }
        hook.uses += 1;
        let place = Place {
            user: hook.user.clone(),
            channel: hook.channel.to_string(),
            root: hook.root_id.clone(),
        };
        Ok((place, command.trigger.clone()))
    }
}

impl Place {
    pub(super) fn post(&self, text: &str) -> NewPost {
        NewPost {
            channel_id: self.channel.clone(),
            root_id: self.root.clone(),
            message: text.to_owned(),
            ..NewPost::default()
        }
    }
}

/// Links as Slack writes them become links as Mattermost does: `<https://x|name>`.
pub(super) fn slack_links(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        match after.split_once('>') {
            Some((link, after)) if is_named(link) => {
                let (target, name) = link.split_once('|').unwrap_or((link, link));
                out.extend(["[", name, "](", target, ")"]);
                rest = after;
            }
            Some(_) | None => {
                out.push('<');
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

fn is_named(link: &str) -> bool {
    !link.contains('<')
        && link.split_once('|').is_some_and(|(target, name)| !target.is_empty() && !name.is_empty())
}
