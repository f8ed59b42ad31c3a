//! The accounts under `platforms.mattermost`.

use std::collections::BTreeMap;

use countersign_domain::chat::AccountId;
use countersign_ports::secret::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::id::ChannelId;
use crate::plain_http::warning;

/// The bots, by names of your own.
pub type AccountsConfig = BTreeMap<String, AccountConfig>;

/// The name of the account that the environment alone describes.
pub const FROM_ENVIRONMENT: &str = "main";

/// One bot on one server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "MattermostAccount")]
pub struct AccountConfig {
    /// The server's address, as people open it; by default `MATTERMOST_URL`.
    pub url: Option<String>,
    /// The bot's access token. Better in the environment: see `token_env`.
    pub token: Option<Secret>,
    /// The environment variable with the token.
    pub token_env: String,
    /// The names of the teams in which slash commands are registered; by default all that the bot is
    /// in.
    pub teams: Vec<String>,
    /// Where answers in channels go: `thread`: into the thread of what is answered; `flat`: into the
    /// channel, unless a thread was written in.
    pub reply_mode: ReplyMode,
    /// The address under which the server reaches this gateway, such as `https://gateway.example.org`;
    /// by default where the gateway listens.
    pub callback_url: Option<String>,
    /// Whether clicks need the server's own signature: `always`, `never`, or `auto`: from a
    /// server that shows its key, or has ever shown one.
    pub require_signed_click: SignedClicks,
    /// What comes before the names of commands that the server or others have already.
    pub command_prefix: String,
    /// The id of the channel that the agent knows as `home`; by default `MATTERMOST_HOME_CHANNEL`.
    pub home_channel: Option<String>,
}

/// `reply_mode`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReplyMode {
    /// Into the thread.
    #[default]
    Thread,
    /// Into the channel.
    Flat,
}

/// `require_signed_click`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SignedClicks {
    /// Needed from a server that shows its key, or has ever shown one; one that never did is taken at
    /// its word.
    #[default]
    Auto,
    /// Without it no click counts.
    Always,
    /// It is not looked at.
    Never,
}

/// A value that cannot be used; names its key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}`: {problem}")]
pub struct ConfigProblem {
    /// The key below `platforms.mattermost`, with dots.
    pub key: String,
    /// What is wrong, and what is accepted.
    pub problem: String,
}

/// What one bot is made of.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The bot, in the gateway's words.
    pub account: AccountId,
    pub(crate) url: Url,
    pub(crate) token: Secret,
    pub(crate) teams: Vec<String>,
    pub(crate) reply_mode: ReplyMode,
    pub(crate) callback: Url,
    pub(crate) signed_clicks: SignedClicks,
    pub(crate) prefix: String,
    pub(crate) home: Option<ChannelId>,
}

impl Default for AccountConfig {
    fn default() -> Self {
        Self {
            url: None,
            token: None,
            token_env: "MATTERMOST_TOKEN".to_owned(),
            teams: Vec::new(),
            reply_mode: ReplyMode::Thread,
            callback_url: None,
            require_signed_click: SignedClicks::Auto,
            command_prefix: "cs-".to_owned(),
            home_channel: None,
        }
    }
}

/// Every bot that the section and the environment describe. `here` is where the gateway listens.
pub fn settings(
    accounts: &AccountsConfig,
    environment: impl Fn(&str) -> Option<String>,
    here: &str,
) -> Result<Vec<Settings>, ConfigProblem> {
    let from_environment =
        BTreeMap::from([(FROM_ENVIRONMENT.to_owned(), AccountConfig::default())]);
    let named = |name: &str| environment(name).filter(|value| !value.trim().is_empty());
    let accounts = if accounts.is_empty() && named("MATTERMOST_URL").is_some() {
        &from_environment
    } else {
        accounts
    };
    accounts.iter().map(|(name, account)| account.settings(name, &named, here)).collect()
}

/// The tokens, for whoever masks them.
pub fn secrets(
    accounts: &AccountsConfig,
    environment: impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    let default = AccountConfig::default();
    let tokens = accounts.values().chain([&default]).filter_map(|account| {
        let written = account.token.as_ref().map(|token| token.expose().to_owned());
        written.or_else(|| environment(&account.token_env))
    });
    tokens.filter(|token| !token.trim().is_empty()).collect()
}

impl AccountConfig {
    fn settings(
        &self,
        name: &str,
        environment: &impl Fn(&str) -> Option<String>,
        here: &str,
    ) -> Result<Settings, ConfigProblem> {
        let at = |key: &str| format!("accounts.{name}.{key}");
        let problem =
            |key: &str, problem: &str| ConfigProblem { key: at(key), problem: problem.to_owned() };
        let account: AccountId = name
            .parse()
            .ok()
            .filter(|_| !name.is_empty() && name.bytes().all(is_plain))
            .ok_or_else(|| ConfigProblem {
                key: format!("accounts.{name}"),
                problem: "the name stands in addresses: use a-z, 0-9, `-` and `_`".to_owned(),
            })?;
        let url = self.url.clone().or_else(|| environment("MATTERMOST_URL"));
        let url = url.ok_or_else(|| {
            problem("url", "missing; write the server's address, or set MATTERMOST_URL")
        })?;
        let url = address(&url).ok_or_else(|| problem("url", NO_ADDRESS))?;
        let token = match &self.token {
            Some(token) => token.clone(),
            None => Secret::new(environment(&self.token_env).ok_or_else(|| {
                let what = format!("the environment has no `{}`", self.token_env);
                problem("token_env", &what)
            })?),
        };
        let token = Secret::new(token.expose().trim());
        if token.expose().is_empty() || !token.expose().bytes().all(|b| b.is_ascii_graphic()) {
            return Err(problem("token", "not a token as Mattermost makes them"));
        }
        let callback = self.callback_url.as_deref().unwrap_or(here);
        let callback = address(callback).ok_or_else(|| problem("callback_url", NO_ADDRESS))?;
        let legal = |b: u8| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'.' | b'-');
        let prefix = self.command_prefix.trim();
        if prefix.is_empty() || prefix.len() > 32 || !prefix.bytes().all(legal) {
            return Err(problem(
                "command_prefix",
                "write 1 to 32 of a-z, 0-9, `_`, `.` and `-`, such as `cs-`",
            ));
        }
        let home = self.home_channel.clone().or_else(|| environment("MATTERMOST_HOME_CHANNEL"));
        let home = home.map(|home| home.trim().parse()).transpose();
        Ok(Settings {
            account,
            url,
            token,
            teams: self.teams.iter().map(|team| team.trim().to_lowercase()).collect(),
            reply_mode: self.reply_mode,
            callback,
            signed_clicks: self.require_signed_click,
            prefix: prefix.to_owned(),
            home: home.map_err(|_| {
                problem("home_channel", "write the channel's id, 26 letters and digits")
            })?,
        })
    }
}

const NO_ADDRESS: &str = "write an absolute http or https address without a user name, `?` and `#`";

const fn is_plain(b: u8) -> bool {
    matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_')
}

fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    let plain = matches!(url.scheme(), "http" | "https")
        && url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    (plain && url.has_host()).then_some(url)
}

impl Settings {
    /// Where the server is.
    pub const fn server(&self) -> &Url {
        &self.url
    }

    /// What an operator should know of the addresses.
    pub(crate) fn warnings(&self) -> Vec<String> {
        let addresses = [("url", &self.url), ("callback_url", &self.callback)];
        addresses.into_iter().filter_map(|(key, url)| warning(key, url)).collect()
    }

    /// Where the server brings `what` to.
    pub(crate) fn callback(&self, what: &str) -> String {
        let base = self.callback.as_str().trim_end_matches('/');
        format!("{base}/platforms/mattermost/{}/{what}", self.account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Result<Vec<Settings>, ConfigProblem> {
        let accounts: AccountsConfig = serde_json::from_str(text).unwrap();
        let environment = |name: &str| match name {
            "MATTERMOST_URL" => Some("https://chat.example.org/".to_owned()),
            "MATTERMOST_TOKEN" => Some("abc\n".to_owned()),
            _ => None,
        };
        settings(&accounts, environment, "http://127.0.0.1:8642")
    }

    #[test]
    fn the_environment_alone_describes_a_bot() {
        let [main] = of("{}").unwrap().try_into().unwrap();
        assert_eq!(main.account.as_str(), "main");
        assert_eq!(main.token.expose(), "abc");
        assert_eq!(
            main.callback("actions"),
            "http://127.0.0.1:8642/platforms/mattermost/main/actions"
        );
        assert!(settings(&AccountsConfig::new(), |_| None, "http://x").unwrap().is_empty());
    }

    #[test]
    fn several_bots_stand_side_by_side() {
        let text = r#"{"one": {"token": "t1", "callback_url": "https://gw.example.org/base/"},
            "two": {"url": "http://10.0.0.7:8065/sub", "token": "t2"}}"#;
        let [one, two] = of(text).unwrap().try_into().unwrap();
        assert_eq!(
            one.callback("actions"),
            "https://gw.example.org/base/platforms/mattermost/one/actions"
        );
        assert_eq!(two.url.as_str(), "http://10.0.0.7:8065/sub");
    }

    #[test]
    fn what_cannot_be_used_names_its_key() {
        for (text, key) in [
            (r#"{"a": {"url": "chat.example.org"}}"#, "accounts.a.url"),
            (r#"{"a": {"url": "https://me:pw@chat.example.org"}}"#, "accounts.a.url"),
            (r#"{"a": {"token": "a b"}}"#, "accounts.a.token"),
            (r#"{"a": {"token_env": "NO_SUCH"}}"#, "accounts.a.token_env"),
            (r#"{"a": {"callback_url": "gw:1"}}"#, "accounts.a.callback_url"),
            (r#"{"a": {"command_prefix": "/x"}}"#, "accounts.a.command_prefix"),
            (r#"{"a": {"home_channel": "town square"}}"#, "accounts.a.home_channel"),
            (r#"{"a/b": {}}"#, "accounts.a/b"),
        ] {
            assert_eq!(of(text).unwrap_err().key, key);
        }
    }
}
