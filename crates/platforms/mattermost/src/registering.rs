//! Registering slash commands, team by team.

use std::time::Duration;

use countersign_ports::platform::PlatformError;
use futures::FutureExt as _;
use reqwest::Method;
use serde_json::Value;

use crate::adapter::Mattermost;
use crate::backoff::{Why, pause};
use crate::id::{CommandId, UserId};
use crate::rest::RestError;
use crate::slash::{Held, Step, Wish, and_known, body, steps};
use crate::wire::{AppError, Command, Team};

/// Teams come and go, and rights are given: it is looked again so often.
const AGAIN: Duration = Duration::from_mins(15);

/// The name of the note with the tokens.
const TOKENS: &str = "command_tokens";

impl Mattermost {
    /// Registers what is wanted whenever that changes, and now and then.
    pub(crate) async fn keep_commands(&self) -> PlatformError {
        let mut failed = 0;
        self.recall_tokens().await;
        loop {
            // What was wanted until now is seen to by this pass.
            self.commands_changed.notified().now_or_never();
            let rest = match self.register_everywhere().await {
                Ok(()) => {
                    failed = 0;
                    AGAIN
                }
                Err(RestError::SlowDown(pause)) => pause,
                Err(error) => {
                    failed += 1;
                    tracing::warn!(account = %self.about.account, %error, "slash commands are not registered yet");
                    pause(
                        if error == RestError::Token { Why::Refused } else { Why::Broken(failed) },
                        self.random(),
                    )
                }
            };
            // A change while it was at work has left a permit, and is seen to at once.
            tokio::select! {
                () = self.commands_changed.notified() => {}
                () = tokio::time::sleep(rest) => {}
            }
        }
    }

    /// The teams in which commands are registered.
    pub(crate) async fn teams(&self) -> Result<Vec<Team>, RestError> {
        let teams: Vec<Team> = self.rest.get("users/me/teams").await?;
        let wanted = &self.settings.teams;
        Ok(teams
            .into_iter()
            .filter(|team| wanted.is_empty() || wanted.contains(&team.name))
            .collect())
    }

    async fn register_everywhere(&self) -> Result<(), RestError> {
        let me = self.me().await?.id.clone();
        let before = self.slash.tokens();
        let mut tokens = Vec::new();
        let mut failure = None;
        for team in self.teams().await? {
            let known: Vec<Held> =
                before.iter().filter(|one| one.team == team.id).cloned().collect();
            let mut held = Vec::new();
            match self.register_in(&team, (&me, &known), &mut held).await {
                Ok(problem) => {
                    if self.slash.note_problem(&team.id, problem.as_ref())
                        && let Some(problem) = problem
                    {
                        tracing::warn!(account = %self.about.account, "{problem}");
                    }
                }
                Err(RestError::Refused(501, _)) => {
                    and_known(&mut held, &known);
                    let problem = disabled();
                    if self.slash.note_problem(&team.id, Some(&problem)) {
                        tracing::warn!(account = %self.about.account, "{problem}");
                    }
                }
                Err(error) => {
                    // What was made before it failed is there, and its tokens are told once only.
                    and_known(&mut held, &known);
                    failure = Some(error);
                }
            }
            tokens.extend(held);
        }
        self.remember_tokens(tokens).await;
        self.registrations.send_modify(|times| *times += 1);
        failure.map_or(Ok(()), Err)
    }

    /// Gives a team what it should have, notes the tokens, and says what an operator has to do.
    async fn register_in(
        &self,
        team: &Team,
        (me, known): (&UserId, &[Held]),
        tokens: &mut Vec<Held>,
    ) -> Result<Option<String>, RestError> {
        let url = self.settings.callback("commands");
        let path = format!("commands?team_id={}&custom_only=true", team.id.as_str());
        // Some servers let a bot make commands and not see them.
        let (there, seen) =
            match self.rest.patiently::<Vec<Command>>(Method::GET, &path, None).await {
                Ok(there) => (there, true),
                Err(RestError::Forbidden(_)) => (Vec::new(), false),
                Err(error) => return Err(error),
            };
        let (mut named, mut refused, mut forbidden) = (Vec::new(), Vec::new(), false);
        for step in steps(&self.slash.wishes(), &there, (me, &url, &self.settings.prefix)) {
            // One that the server does not take is left out; the others are seen to all the same.
            match step {
                Step::Remove(id) => self.remove(&id).await?,
                Step::Keep(id, wish, trigger) => {
                    let listed = there.iter().find(|command| command.id == id);
                    let token = listed.map(|command| command.token.clone()).unwrap_or_default();
                    match left_out(self.token_of(&id, token).await)? {
                        Ok(token) => tokens.push(held(team, &wish, &trigger, token)),
                        Err(why) => refused.push(format!("/{trigger}: {why}")),
                    }
                }
                Step::Change(id, wish, trigger) => {
                    match left_out(self.change(team, &id, (&wish, &trigger)).await)? {
                        Ok(token) => tokens.push(held(team, &wish, &trigger, token)),
                        Err(why) => refused.push(format!("/{trigger}: {why}")),
                    }
                }
                Step::Make(_, _) if forbidden => {}
                Step::Make(wish, triggers) => {
                    let known = if seen { &[] } else { known };
                    match self.make(team, &wish, &triggers, known).await? {
                        Made::There(held) => tokens.push(held),
                        Made::Taken => named.push(wish.name),
                        Made::Refused(why) => refused.push(format!("/{}: {why}", wish.name)),
                        Made::Forbidden => forbidden = true,
                    }
                }
            }
        }
        // What could not be looked at may well be there as it was.
        if !seen || forbidden || !refused.is_empty() {
            and_known(tokens, known);
        }
        let problems = [
            forbidden.then(|| forbidden_in(&team.name)),
            taken_in(&team.name, &named),
            refused_in(&team.name, &refused),
        ];
        let problems: Vec<String> = problems.into_iter().flatten().collect();
        Ok((!problems.is_empty()).then(|| problems.join(" ")))
    }

    /// Removes a command that nobody wants. Where the bot may not, it stands, and leads nowhere.
    async fn remove(&self, id: &CommandId) -> Result<(), RestError> {
        let path = format!("commands/{id}");
        match left_out(self.rest.patiently::<Value>(Method::DELETE, &path, None).await)? {
            Ok(_) => {}
            Err(why) => tracing::warn!(%id, %why, "a slash command could not be removed"),
        }
        Ok(())
    }

    /// Makes a command say what is wanted; its token.
    async fn change(
        &self,
        team: &Team,
        id: &CommandId,
        (wish, trigger): (&Wish, &str),
    ) -> Result<String, RestError> {
        let mut body = body(wish, &team.id, trigger, &self.settings.callback("commands"));
        if let Some(body) = body.as_object_mut() {
            body.insert("id".to_owned(), id.as_str().into());
        }
        let path = format!("commands/{id}");
        let changed: Command = self.rest.patiently(Method::PUT, &path, Some(&body)).await?;
        self.token_of(id, changed.token).await
    }

    async fn make(
        &self,
        team: &Team,
        wish: &Wish,
        triggers: &[String],
        known: &[Held],
    ) -> Result<Made, RestError> {
        let url = self.settings.callback("commands");
        for trigger in triggers {
            let body = body(wish, &team.id, trigger, &url);
            let made = self.rest.patiently::<Command>(Method::POST, "commands", Some(&body)).await;
            match made {
                Ok(command) => return Ok(Made::There(held(team, wish, trigger, command.token))),
                Err(RestError::Forbidden(_)) => return Ok(Made::Forbidden),
                Err(RestError::Refused(_, error)) if !is_taken(&error) => {
                    return Ok(Made::Refused(error.message));
                }
                Err(RestError::Refused(_, _)) => {
                    // It may be our own, which cannot be seen.
                    let own = known
                        .iter()
                        .find(|held| held.trigger == *trigger && held.name == wish.name);
                    if let Some(own) = own {
                        return Ok(Made::There(own.clone()));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Made::Taken)
    }

    /// The token of a command: a new one where the server does not say which it has.
    async fn token_of(&self, id: &CommandId, shown: String) -> Result<String, RestError> {
        if !shown.is_empty() {
            return Ok(shown);
        }
        let path = format!("commands/{id}/regen_token");
        let made: NewToken = self.rest.patiently(Method::PUT, &path, None).await?;
        Ok(made.token)
    }

    /// Reads the tokens that this or another node has noted.
    pub(crate) async fn recall_tokens(&self) {
        match self.notes.read(&self.note_name(TOKENS)).await {
            Ok(Some(sealed)) => {
                let open =
                    self.vault.open(&sealed).and_then(|text| serde_json::from_str(&text).ok());
                if let Some(tokens) = open {
                    self.slash.hold(tokens);
                } else {
                    tracing::warn!(
                        "the tokens of the slash commands cannot be read; new ones are made"
                    );
                }
            }
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the tokens of the slash commands cannot be read"),
        }
    }

    async fn remember_tokens(&self, tokens: Vec<Held>) {
        let same = self.slash.tokens() == tokens;
        self.slash.hold(tokens.clone());
        if same {
            return;
        }
        let sealed = serde_json::to_string(&tokens)
            .ok()
            .and_then(|text| self.vault.seal(&text, self.entropy.secret()));
        let Some(sealed) = sealed else { return };
        if let Err(error) = self.notes.write(&self.note_name(TOKENS), sealed).await {
            tracing::warn!(%error, "the tokens of the slash commands could not be noted");
        }
    }
}

#[derive(serde::Deserialize)]
struct NewToken {
    token: String,
}

/// What became of a command that was to be made.
enum Made {
    There(Held),
    Taken,
    /// The server does not take it, whatever it is called.
    Refused(String),
    Forbidden,
}

/// What an operator has to do where the bot may not register commands.
pub(crate) fn forbidden_in(team: &str) -> String {
    format!(
        "The bot may not register slash commands in the team `{team}`: make it a team admin, or give its \
         role the permission `manage_own_slash_commands` (System Console > Permissions). Until then \
         commands work as text: `!help` instead of `/help`."
    )
}

/// What an operator has to do where the server has no slash commands.
fn disabled() -> String {
    "The server has slash commands switched off: System Console > Integration Management > Enable \
     Custom Slash Commands (`EnableCommands`). Until then commands work as text: `!help` instead of \
     `/help`."
        .to_owned()
}

/// What an operator can do where others have the names.
pub(crate) fn taken_in(team: &str, names: &[String]) -> Option<String> {
    if names.is_empty() {
        return None;
    }
    let names = names.join(", ");
    Some(format!(
        "In the team `{team}` the names of these commands are taken: {names}. Remove what has them, or \
         choose another `command_prefix`; `/countersign <command>` and `!<command>` work."
    ))
}

/// What an operator is told of commands that the server does not take.
fn refused_in(team: &str, commands: &[String]) -> Option<String> {
    if commands.is_empty() {
        return None;
    }
    let commands = commands.join("; ");
    Some(format!(
        "In the team `{team}` the server does not take these commands: {commands}. \
         `/countersign <command>` and `!<command>` work."
    ))
}

/// What came of one command: an error only where the others would fare no better.
fn left_out<T>(done: Result<T, RestError>) -> Result<Result<T, String>, RestError> {
    match done {
        Ok(done) => Ok(Ok(done)),
        Err(
            error @ (RestError::Refused(_, _) | RestError::Missing(_) | RestError::Forbidden(_)),
        ) => Ok(Err(error.to_string())),
        Err(error) => Err(error),
    }
}

fn held(team: &Team, wish: &Wish, trigger: &str, token: String) -> Held {
    Held { team: team.id.clone(), trigger: trigger.to_owned(), name: wish.name.clone(), token }
}

fn is_taken(error: &AppError) -> bool {
    error.id.contains("duplicate_trigger") || error.id.contains("trigger.app_error")
}
