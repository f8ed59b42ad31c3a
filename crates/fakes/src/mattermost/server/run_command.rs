//! A slash command that somebody types.

use serde::Deserialize;
use serde_json::{Value, json};

use super::Server;
use super::answer_command::{Place, Response};
use super::outgoing::{Answer, Method, Request};
use crate::mattermost::model::channels::{Channel, ChannelKind};
use crate::mattermost::model::commands::{Command, CommandHook, is_built_in};
use crate::mattermost::model::ids::{self, UserId};
use crate::mattermost::model::world::World;
use crate::mattermost::refusal::Refusal;
use crate::mattermost::socket::events::{channel_mentions, mentions};

/// What a client sends.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(crate) struct TypedCommand {
    pub(crate) command: String,
    pub(crate) channel_id: String,
    pub(crate) team_id: String,
    pub(crate) root_id: String,
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
        let mut fields = self.invocation(command, channel, place, text)?;
        fields.push(("trigger_id".to_owned(), trigger.signed));
        let method = if command.method == "G" { Method::Get } else { Method::Post };
        let request = Request::Form { fields, token: command.token.clone(), method };
        let answer = self.deliver(&command.url, request).await;
        let response = read(command, answer.ok())?;
        self.post_answers(place, &response, &command.trigger)?;
        Ok(response.to_json(&trigger.client_id))
    }

    /// The form of an invocation, without its `trigger_id`.
    fn invocation(
        &self,
        command: &Command,
        channel: &Channel,
        place: &Place,
        text: &str,
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
            ("root_id", place.root.as_str()),
            ("response_url", &format!("{site_url}/hooks/commands/{hook}")),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
        fields.extend(world.mention_fields(&command.team_id, text));
        Ok(fields)
    }

    /// What a command of the server's own says. It does nothing else here.
    fn answer_itself(&self, place: &Place, name: &str) -> Value {
        let text = format!("The server did /{name} itself.");
        let new = place.post(&text);
        self.send_ephemeral(&place.user, &place.user, &new);
        json!({"response_type": "ephemeral", "text": text, "trigger_id": ""})
    }
}

impl World {
    /// Members and public channels of the team of which a text speaks.
    fn mention_fields(&self, team: &str, text: &str) -> Vec<(String, String)> {
        let users = mentions(text).into_iter().filter_map(|name| {
            let user = self.user_named(&name)?;
            self.team_role(&user.id, team)?;
            Some(("user_mentions", name, user.id.to_string()))
        });
        let channels = channel_mentions(text).into_iter().filter_map(|name| {
            let channel = self.channels.values().find(|channel| {
                channel.kind == ChannelKind::Public
                    && channel.team_id() == team
                    && channel.name == name
            })?;
            Some(("channel_mentions", name, channel.id.to_string()))
        });
        users
            .chain(channels)
            .flat_map(|(field, name, id)| [(field.to_owned(), name), (format!("{field}_ids"), id)])
            .collect()
    }
}

fn read(command: &Command, answer: Option<Answer>) -> Result<Response, Refusal> {
    let failed =
        |id| Refusal::new(500, id, format!("The command \"/{}\" has failed.", command.trigger));
    let answer = answer.ok_or_else(|| failed("api.command.execute_command.failed.app_error"))?;
    if answer.status != 200 {
        return Err(failed("api.command.execute_command.failed_resp.app_error"));
    }
    Response::parse(&answer.content_type, &answer.body)
        .ok_or_else(|| failed("api.command.execute_command.failed.app_error"))
}
