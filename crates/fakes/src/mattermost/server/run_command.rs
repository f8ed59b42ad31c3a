//! A slash command that somebody types, and late answers to it.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::outgoing::{Answer, Method, Request};
use super::{NewPost, Server};
use crate::mattermost::model::channels::{Channel, ChannelKind};
use crate::mattermost::model::commands::{Command, CommandHook, HOOK_LIFE, HOOK_USES, is_built_in};
use crate::mattermost::model::ids::{self, UserId};
use crate::mattermost::model::world::World;
use crate::mattermost::refusal::Refusal;
use crate::mattermost::socket::events::mentions;

/// What a client sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TypedCommand {
    pub(crate) command: String,
    pub(crate) channel_id: String,
    pub(crate) team_id: String,
    pub(crate) root_id: String,
}

/// What an integration answers.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Response {
    response_type: Option<String>,
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

/// Whose command it is, and where.
#[derive(Debug, Clone)]
struct Place {
    user: UserId,
    channel: String,
    root: String,
}

impl Server {
    /// `POST /commands/execute`.
    pub(crate) async fn run_command(
        &self,
        user: &UserId,
        typed: TypedCommand,
    ) -> Result<Value, Refusal> {
        if typed.command.len() <= 1
            || !typed.command.starts_with('/')
            || !ids::is_id(&typed.channel_id)
        {
            let id = "api.command.execute_command.start.app_error";
            return Err(Refusal::new(400, id, "A command begins with a slash."));
        }
        let (channel, team) = self.place_of(user, &typed)?;
        let (name, text) = match typed.command.split_once(char::is_whitespace) {
            Some((name, text)) => (name, text),
            None => (typed.command.as_str(), ""),
        };
        let name = name.trim_start_matches('/').to_lowercase();
        let place = Place {
            user: user.clone(),
            channel: channel.id.to_string(),
            root: typed.root_id.clone(),
        };
        let command = {
            let world = self.world();
            world.commands_enabled()?;
            world.commands_of(&team).find(|command| command.trigger == name).cloned()
        };
        match command {
            Some(command) => self.invoke(&command, &channel, &place, text).await,
            None if is_built_in(&name) => Ok(self.answer_itself(&place, &name)),
            None => Err(Refusal::new(
                404,
                "api.command.execute_command.not_found.app_error",
                format!("There is no command \"/{name}\"."),
            )),
        }
    }

    fn place_of(&self, user: &UserId, typed: &TypedCommand) -> Result<(Channel, String), Refusal> {
        let world = self.world();
        let channel =
            world.channels.get(typed.channel_id.as_str()).ok_or_else(Refusal::forbidden)?;
        if !world.may_post(user, channel) {
            return Err(Refusal::forbidden());
        }
        if channel.archived_at.is_some() {
            let id = "api.command.execute_command.deleted.error";
            return Err(Refusal::new(400, id, "The channel is archived."));
        }
        let team = match channel.kind {
            ChannelKind::Public | ChannelKind::Private => channel.team_id().to_owned(),
            // A direct channel is in no team: the client says from which it looks at it.
            ChannelKind::Direct | ChannelKind::Group => typed.team_id.clone(),
        };
        world.team(&team)?;
        if !world.may_view_team(user, &team) {
            return Err(Refusal::forbidden());
        }
        Ok((channel.clone(), team))
    }

    async fn invoke(
        &self,
        command: &Command,
        channel: &Channel,
        place: &Place,
        text: &str,
    ) -> Result<Value, Refusal> {
        let trigger = self.keys.trigger(&place.user, self.clock.now());
        let fields = self.invocation(command, channel, place, text, &trigger.signed)?;
        let method = if command.method == "G" { Method::Get } else { Method::Post };
        let request = Request::Form { fields, token: command.token.clone(), method };
        let answer = self.deliver(&command.url, request).await;
        let response = read(command, answer.ok())?;
        self.post_answers(place, &response, &command.trigger)?;
        Ok(json!({
            "response_type": response.response_type.clone().unwrap_or_default(),
            "text": response.text.clone().unwrap_or_default(),
            "username": "",
            "channel_id": response.channel_id.clone().unwrap_or_default(),
            "icon_url": "",
            "type": "",
            "props": response.props,
            "goto_location": response.goto_location.clone().unwrap_or_default(),
            "trigger_id": trigger.client_id,
            "skip_slack_parsing": response.skip_slack_parsing,
            "attachments": response.attachments,
            "extra_responses": null,
        }))
    }

    fn invocation(
        &self,
        command: &Command,
        channel: &Channel,
        place: &Place,
        text: &str,
        trigger: &str,
    ) -> Result<Vec<(String, String)>, Refusal> {
        let site_url = self.site_url();
        if site_url.is_empty() {
            return Err(Refusal::new(
                400,
                "api.command.execute_command.site_url_required.app_error",
                "SiteURL is not set, and commands need it.",
            ));
        }
        let hook = ids::fresh();
        let mut world = self.world();
        let now = world.now();
        world.hooks.insert(
            hook.clone(),
            CommandHook {
                command: command.id.as_str().into(),
                user: place.user.clone(),
                channel: channel.id.clone(),
                root_id: place.root.clone(),
                create_at: now,
                uses: 0,
            },
        );
        let team = world.team(&command.team_id)?;
        let user = world.user(&place.user)?;
        let mut fields: Vec<(String, String)> = [
            ("token", command.token.as_str()),
            ("team_id", command.team_id.as_str()),
            ("team_domain", team.name.as_str()),
            ("channel_id", channel.id.as_str()),
            ("channel_name", channel.name.as_str()),
            ("user_id", place.user.as_str()),
            ("user_name", user.username.as_str()),
            ("command", &format!("/{}", command.trigger)),
            ("text", text),
            ("trigger_id", trigger),
            ("root_id", place.root.as_str()),
            ("response_url", &format!("{site_url}/hooks/commands/{hook}")),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        for name in mentions(text) {
            let member = world.user_named(&name).filter(|user| team.members.contains_key(&user.id));
            if let Some(member) = member {
                fields.push(("user_mentions".to_owned(), name));
                fields.push(("user_mentions_ids".to_owned(), member.id.to_string()));
            }
        }
        Ok(fields)
    }

    /// What a command of the server's own says. It does nothing else here.
    fn answer_itself(&self, place: &Place, name: &str) -> Value {
        let text = format!("The server did /{name} itself.");
        let new = place.post(&text);
        self.send_ephemeral(&place.user, &place.user, &new);
        json!({"response_type": "ephemeral", "text": text, "trigger_id": ""})
    }

    /// `POST /hooks/commands/{id}`: a few late answers within half an hour.
    pub(crate) fn answer_late(
        &self,
        hook: &str,
        content_type: &str,
        body: &[u8],
    ) -> Result<(), Refusal> {
        let response = parse(content_type, body).ok_or_else(|| {
            Refusal::new(400, "web.command_webhook.parse.app_error", "The body cannot be read.")
        })?;
        let (place, trigger) = self.world().use_hook(hook).map_err(|refusal| {
            Refusal::new(refusal.status, "web.command_webhook.general.app_error", refusal.message)
        })?;
        self.post_answers(&place, &response, &trigger)
    }

    fn post_answers(
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
            new.kind = "slack_attachment".to_owned();
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
        match response.response_type.as_deref().unwrap_or_default() {
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
    fn post(&self, text: &str) -> NewPost {
        NewPost {
            channel_id: self.channel.clone(),
            root_id: self.root.clone(),
            message: text.to_owned(),
            ..NewPost::default()
        }
    }
}

fn read(command: &Command, answer: Option<Answer>) -> Result<Response, Refusal> {
    let failed =
        |id| Refusal::new(500, id, format!("The command \"/{}\" has failed.", command.trigger));
    let answer = answer.ok_or_else(|| failed("api.command.execute_command.failed.app_error"))?;
    if answer.status != 200 {
        return Err(failed("api.command.execute_command.failed_resp.app_error"));
    }
    parse(&answer.content_type, &answer.body)
        .ok_or_else(|| failed("api.command.execute_command.failed.app_error"))
}

/// JSON if it says that it is, otherwise a text to show.
fn parse(content_type: &str, body: &[u8]) -> Option<Response> {
    let (kind, _) = content_type.split_once(';').unwrap_or((content_type, ""));
    if kind.trim() == "application/json" {
        return serde_json::from_slice(body).ok();
    }
    let text = String::from_utf8_lossy(body).into_owned();
    Some(Response { text: Some(text), ..Response::default() })
}

/// Links as Slack writes them become links as Mattermost does: `<https://x|name>`.
pub(super) fn slack_links(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        out.push_str(before);
        match after.split_once('>') {
            Some((link, after)) if link.contains('|') && !link.contains('<') => {
                let (target, name) = link.split_once('|').unwrap_or((link, link));
                out.push_str(&format!("[{name}]({target})"));
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
