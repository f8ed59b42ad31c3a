//! Looking at a server as an operator would: what works, and what to set where it does not.

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::adapter::Mattermost;
use crate::lane::Urgency;
use crate::reach::answer_to;
use crate::registering::{forbidden_in, taken_in};
use crate::rest::RestError;
use crate::slash::{Step, steps};
use crate::trigger::ServerKey;
use crate::wire::{Channel, ChannelKind, Command, Team};

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// What.
    pub what: &'static str,
    /// How it is.
    pub health: Health,
    /// What was found, and what to set.
    pub says: String,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Health {
    /// As it should be.
    Good,
    /// Something works less well.
    Poor,
    /// It does not work.
    Bad,
}

/// The server's settings that clients see.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct ClientConfig {
    #[serde(rename = "Version")]
    version: String,
    #[serde(rename = "SiteURL")]
    site_url: String,
    #[serde(rename = "EnableCommands")]
    enable_commands: String,
    #[serde(rename = "AsymmetricSigningPublicKey")]
    key: String,
}

impl Health {
    /// The word for people.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Good => "ok",
            Self::Poor => "warning",
            Self::Bad => "failed",
        }
    }
}

fn good(what: &'static str, says: impl Into<String>) -> Checked {
    Checked { what, health: Health::Good, says: says.into() }
}

fn poor(what: &'static str, says: impl Into<String>) -> Checked {
    Checked { what, health: Health::Poor, says: says.into() }
}

fn bad(what: &'static str, says: impl Into<String>) -> Checked {
    Checked { what, health: Health::Bad, says: says.into() }
}

impl Mattermost {
    /// Looks at everything that the bot needs. One slash command is made for it and removed again.
    pub async fn check(&self) -> Vec<Checked> {
        let mut checked = Vec::new();
        // It is asked anew: what was accepted before may be good no more.
        let asked = self.me_again().await;
        match asked.and(self.me().await) {
            Ok(me) if me.is_bot => {
                checked.push(good("token", format!("the bot is @{}", me.username)));
            }
            Ok(me) => checked.push(poor(
                "token",
                format!("@{} is an account of a person; make a bot account instead", me.username),
            )),
            Err(RestError::Token) => {
                let what =
                    "the server does not accept it: make a new one (Integrations > Bot Accounts)";
                checked.push(bad("token", what));
                return checked;
            }
            Err(error) => {
                checked.push(bad("server", format!("{}: {error}", self.rest.base())));
                return checked;
            }
        }
        checked.extend(self.check_settings().await);
        let teams = match self.teams().await {
            Ok(teams) => teams,
            Err(error) => {
                checked.push(bad("teams", error.to_string()));
                return checked;
            }
        };
        checked.extend(self.check_teams(&teams));
        checked.extend(self.check_home().await);
        for team in &teams {
            checked.extend(self.check_names(team).await);
            checked.extend(self.check_round_trip(team).await);
        }
        checked
    }

    async fn check_settings(&self) -> Vec<Checked> {
        let config: ClientConfig = match self.rest.get("config/client?format=old").await {
            Ok(config) => config,
            Err(error) => return vec![bad("settings", error.to_string())],
        };
        let site = if config.site_url.is_empty() {
            bad(
                "SiteURL",
                "is not set, and slash commands fail without it: System Console > Web Server > Site URL",
            )
        } else {
            good("SiteURL", config.site_url)
        };
        let commands = if config.enable_commands == "false" {
            bad(
                "EnableCommands",
                "is off: System Console > Integration Management > Enable Custom Slash Commands",
            )
        } else {
            good("EnableCommands", "is on")
        };
        let key = match ServerKey::from_published(&config.key) {
            Some(_) => good("signature", "clicks are signed by the server"),
            None => poor(
                "signature",
                "the server shows no key for its signatures; with `require_signed_click: always` no click counts",
            ),
        };
        let mut checked = vec![good("version", config.version), site, commands, key];
        checked.extend(self.settings.warnings().into_iter().map(|why| poor("address", why)));
        checked
    }

    fn check_teams(&self, teams: &[Team]) -> Vec<Checked> {
        let names: Vec<&str> = teams.iter().map(|team| team.name.as_str()).collect();
        let mut checked = Vec::new();
        for wanted in &self.settings.teams {
            if !names.contains(&wanted.as_str()) {
                checked
                    .push(bad("teams", format!("the bot is not in `{wanted}`: invite it there")));
            }
        }
        checked.push(if names.is_empty() {
            bad("teams", "the bot is in none: invite it to a team, and to the channels where it is to be heard")
        } else {
            good("teams", names.join(", "))
        });
        checked
    }

    /// Which names of commands others have.
    async fn check_names(&self, team: &Team) -> Option<Checked> {
        let me = self.me().await.ok()?.id.clone();
        let path = format!("commands?team_id={}&custom_only=true", team.id.as_str());
        // Where they may not be seen it shows when they are registered.
        let there: Vec<Command> = self.rest.get(&path).await.ok()?;
        let (prefix, url) = (self.settings.prefix.as_str(), self.settings.callback("commands"));
        let (mut prefixed, mut left_out) = (Vec::new(), Vec::new());
        let foreign = |trigger: &str| {
            let has = |command: &&Command| command.trigger == trigger && command.delete_at == 0;
            there.iter().find(has).is_some_and(|command| command.creator_id.as_ref() != Some(&me))
        };
        for step in steps(&self.slash.wishes_or_builtin(), &there, (&me, &url, prefix)) {
            let Step::Make(wish, triggers) = step else { continue };
            if triggers.is_empty() {
                left_out.push(wish.name);
            } else if foreign(&wish.name) {
                prefixed.push(wish.name);
            }
        }
        let name = &team.name;
        if !left_out.is_empty() {
            return taken_in(name, &left_out).map(|says| poor("names", says));
        }
        (!prefixed.is_empty()).then(|| {
            let names = prefixed.join(", ");
            good("names", format!(
                "in `{name}` others have {names}; they are registered with `{prefix}` before them"
            ))
        })
    }

    async fn check_home(&self) -> Option<Checked> {
        let home = self.settings.home.as_ref()?;
        Some(match self.rest.get::<Channel>(&format!("channels/{home}")).await {
            Ok(channel) => good("home_channel", channel.display_name),
            Err(error) => bad("home_channel", format!("{error}; invite the bot there")),
        })
    }

    /// Has the server itself call the gateway.
    async fn check_round_trip(&self, team: &Team) -> Vec<Checked> {
        let what = "callback";
        let word = format!("{:032x}", u128::from(self.random()) << 64 | u128::from(self.random()));
        let trigger =
            format!("{}check-{}", self.settings.prefix, word.get(..8).unwrap_or_default());
        let body = json!({
            "team_id": team.id, "trigger": trigger, "method": "P", "auto_complete": false,
            "url": self.settings.callback("check"), "display_name": "Countersign: check",
        });
        let made =
            self.rest.call::<Command>(Urgency::Text, Method::POST, "commands", Some(&body)).await;
        let made = match made {
            Ok(made) => made,
            Err(RestError::Forbidden(_)) => return vec![bad("commands", forbidden_in(&team.name))],
            Err(error) => return vec![bad("commands", format!("in `{}`: {error}", team.name))],
        };
        let called = self.call(team, &trigger, &word).await;
        let path = format!("commands/{}", made.id);
        let removed = self.rest.tell(Urgency::Text, Method::DELETE, &path, None).await;
        let mut checked =
            vec![good("commands", format!("the bot may register them in `{}`", team.name))];
        if let Err(error) = removed {
            checked
                .push(poor("commands", format!("/{trigger} could not be removed again: {error}")));
        }
        checked.push(match called {
            Ok(text) if text.trim() == answer_to(&self.seal, &word) => {
                good(what, format!("the server reaches {}", self.settings.callback))
            }
            Ok(_) => bad(
                what,
                format!("something else than this gateway answers at {}", self.settings.callback),
            ),
            Err(error) => bad(what, self.unreached(&error)),
        });
        checked
    }

    async fn call(&self, team: &Team, trigger: &str, word: &str) -> Result<String, RestError> {
        let path = format!("users/me/teams/{}/channels", team.id);
        let channels: Vec<Channel> = self.rest.get(&path).await?;
        let channel = channels
            .iter()
            .find(|channel| channel.kind == ChannelKind::Open)
            .or(channels.first())
            .ok_or_else(|| {
                RestError::Unavailable("the bot is in no channel of the team".to_owned())
            })?;
        let body = json!({
            "channel_id": channel.id, "team_id": team.id, "command": format!("/{trigger} {word}"),
        });
        let answer: Value =
            self.rest.call(Urgency::Text, Method::POST, "commands/execute", Some(&body)).await?;
        Ok(answer.get("text").and_then(Value::as_str).unwrap_or_default().to_owned())
    }

    fn unreached(&self, error: &RestError) -> String {
        let address = &self.settings.callback;
        let host = address.host_str().unwrap_or_default();
        format!(
            "the server does not reach {address} ({error}). Is the gateway running, and is \
             `callback_url` the address under which the server sees it? Where that is a private or \
             local address, the server refuses to call it until it is allowed: System Console > \
             Developer > Allow untrusted internal connections to: add `{host}`"
        )
    }
}
