//! The accounts under `platforms.whatsapp`.

use std::collections::BTreeMap;
use std::net::IpAddr;

use countersign_domain::chat::AccountId;
use countersign_domain::outbound::is_loopback;
use countersign_ports::secret::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use url::Url;

/// The business numbers, by names of your own. There is one at most.
pub type AccountsConfig = BTreeMap<String, AccountConfig>;

/// The name of the account that the environment alone describes.
pub const FROM_ENVIRONMENT: &str = "main";

/// The variable that alone makes an account.
pub const NUMBER: &str = "WHATSAPP_CLOUD_PHONE_NUMBER_ID";

/// Meta takes away versions two years after they came.
const OLDEST_VERSION: u32 = 20;

/// One business number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
#[schemars(rename = "WhatsappAccount")]
pub struct AccountConfig {
    /// The way to the platform: `cloud`, Meta's official Cloud API. Your own account is behind
    /// `whatsapp.bridge` instead.
    pub transport: Way,
    /// The number's id (not the number), as the app's page shows it; by default
    /// `WHATSAPP_CLOUD_PHONE_NUMBER_ID`.
    pub phone_number_id: Option<String>,
    /// The access token of a system user. Better in the environment: see `access_token_env`.
    pub access_token: Option<Secret>,
    /// The environment variable with the access token.
    pub access_token_env: String,
    /// The app's secret, with which Meta signs what it brings. Better in the environment: see
    /// `app_secret_env`.
    pub app_secret: Option<Secret>,
    /// The environment variable with the app's secret.
    pub app_secret_env: String,
    /// A word of your own, which you give Meta with the callback's address. Better in the
    /// environment: see `verify_token_env`.
    pub verify_token: Option<Secret>,
    /// The environment variable with that word.
    pub verify_token_env: String,
    /// The address under which Meta reaches this gateway, such as `https://gateway.example.org`: for
    /// `platforms test`, which looks whether it is.
    pub callback_url: Option<String>,
    /// The version of the Graph API, such as `v23.0`.
    pub api_version: String,
    /// Where the Graph API is.
    pub graph_url: String,
}

/// `transport`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Way {
    /// The Cloud API.
    #[default]
    Cloud,
}

/// A value that cannot be used; names its key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{key}`: {problem}")]
pub struct ConfigProblem {
    /// The key below `platforms.whatsapp`, with dots.
    pub key: String,
    /// What is wrong, and what is accepted.
    pub problem: String,
}

/// What the adapter of one number is made of.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The account, in the gateway's words.
    pub account: AccountId,
    pub(crate) phone_number_id: String,
    pub(crate) access_token: Secret,
    pub(crate) app_secret: Secret,
    pub(crate) verify_token: Secret,
    pub(crate) callback: Option<Url>,
    pub(crate) api_version: String,
    pub(crate) graph: Url,
}

impl Default for AccountConfig {
    fn default() -> Self {
        Self {
            transport: Way::Cloud,
            phone_number_id: None,
            access_token: None,
            access_token_env: "WHATSAPP_CLOUD_ACCESS_TOKEN".to_owned(),
            app_secret: None,
            app_secret_env: "WHATSAPP_CLOUD_APP_SECRET".to_owned(),
            verify_token: None,
            verify_token_env: "WHATSAPP_CLOUD_VERIFY_TOKEN".to_owned(),
            callback_url: None,
            api_version: "v23.0".to_owned(),
            graph_url: "https://graph.facebook.com".to_owned(),
        }
    }
}

/// The number that the section or the environment describes; `None` if they describe none.
pub fn settings(
    accounts: &AccountsConfig,
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Option<Settings>, ConfigProblem> {
    let named = |name: &str| environment(name).filter(|value| !value.trim().is_empty());
    if accounts.len() > 1 {
        return Err(ConfigProblem {
            key: "accounts".to_owned(),
            problem: "there is one business number at most: remove the others".to_owned(),
        });
    }
    match accounts.iter().next() {
        Some((name, account)) => account.settings(name, &named).map(Some),
        None if named(NUMBER).is_some() => {
            AccountConfig::default().settings(FROM_ENVIRONMENT, &named).map(Some)
        }
        None => Ok(None),
    }
}

/// The secrets, for whoever masks them.
pub fn secrets(
    accounts: &AccountsConfig,
    environment: impl Fn(&str) -> Option<String>,
) -> Vec<String> {
    let default = AccountConfig::default();
    let written = accounts.values().chain([&default]).flat_map(|account| {
        let one = |given: &Option<Secret>, variable: &str| {
            let given = given.as_ref().map(|secret| secret.expose().to_owned());
            given.or_else(|| environment(variable))
        };
        [
            one(&account.access_token, &account.access_token_env),
            one(&account.app_secret, &account.app_secret_env),
            one(&account.verify_token, &account.verify_token_env),
        ]
    });
    let filled = written.flatten().map(|secret| secret.trim().to_owned());
    filled.filter(|secret| !secret.is_empty()).collect()
}

impl AccountConfig {
    fn settings(
        &self,
        name: &str,
        environment: &impl Fn(&str) -> Option<String>,
    ) -> Result<Settings, ConfigProblem> {
        let problem = |key: &str, problem: &str| ConfigProblem {
            key: format!("accounts.{name}.{key}"),
            problem: problem.to_owned(),
        };
        let account: AccountId = name
            .parse()
            .ok()
            .filter(|_| !name.is_empty() && name.bytes().all(is_plain))
            .ok_or_else(|| ConfigProblem {
                key: format!("accounts.{name}"),
                problem: "the name stands in addresses: use a-z, 0-9, `-` and `_`".to_owned(),
            })?;
        // What Meta brings for the bridge's account would not be told from it.
        if name == "own" {
            return Err(ConfigProblem {
                key: "accounts.own".to_owned(),
                problem: "`own` is the account behind the bridge: use another name".to_owned(),
            });
        }
        let id = self.phone_number_id.clone().or_else(|| environment(NUMBER));
        let id = id.map(|id| id.trim().to_owned()).ok_or_else(|| {
            problem("phone_number_id", &format!("missing; write it here, or set {NUMBER}"))
        })?;
        if !(5..=32).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_digit()) {
            let what = "write the id of the number, digits only, as the app's page shows it";
            return Err(problem("phone_number_id", what));
        }
        let secret = |key: &str, given: &Option<Secret>, variable: &str| {
            let missing =
                || problem(&format!("{key}_env"), &format!("the environment has no `{variable}`"));
            let given = given.as_ref().map(|secret| secret.expose().to_owned());
            let text = given.or_else(|| environment(variable)).ok_or_else(missing)?;
            let text = text.trim();
            if text.is_empty() || !text.bytes().all(|b| b.is_ascii_graphic()) {
                return Err(problem(key, "blanks, or signs that no such secret has"));
            }
            Ok(Secret::new(text))
        };
        let access_token = secret("access_token", &self.access_token, &self.access_token_env)?;
        let app_secret = secret("app_secret", &self.app_secret, &self.app_secret_env)?;
        let verify_token = secret("verify_token", &self.verify_token, &self.verify_token_env)?;
        let api_version = version(&self.api_version).ok_or_else(|| {
            problem("api_version", &format!("write a version from v{OLDEST_VERSION}.0 on"))
        })?;
        let graph = address(&self.graph_url).ok_or_else(|| problem("graph_url", NO_ADDRESS))?;
        let callback = self.callback_url.as_deref().map(|url| address(url).ok_or(()));
        let callback = callback.transpose().map_err(|()| problem("callback_url", NO_ADDRESS))?;
        Ok(Settings {
            account,
            phone_number_id: id,
            access_token,
            app_secret,
            verify_token,
            callback,
            api_version,
            graph,
        })
    }
}

const NO_ADDRESS: &str = "write an https address without a user name, `?` and `#`; http only on \
                          this machine";

const fn is_plain(b: u8) -> bool {
    matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_')
}

fn version(text: &str) -> Option<String> {
    let text = text.trim();
    let (whole, part) = text.strip_prefix('v')?.split_once('.')?;
    let whole: u32 = whole.parse().ok()?;
    part.parse::<u32>().ok()?;
    (whole >= OLDEST_VERSION).then(|| text.to_owned())
}

fn address(text: &str) -> Option<Url> {
    let url = Url::parse(text.trim()).ok()?;
    let here = || {
        let host = url.host_str().unwrap_or_default();
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || bare.parse::<IpAddr>().is_ok_and(is_loopback)
    };
    // The token goes with every request.
    let safe = url.scheme() == "https" || (url.scheme() == "http" && here());
    let plain = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    (safe && plain && url.has_host()).then_some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(name: &str) -> Option<String> {
        let value = match name {
            "WHATSAPP_CLOUD_PHONE_NUMBER_ID" => "106540352242922",
            "WHATSAPP_CLOUD_ACCESS_TOKEN" => " EAAG-token ",
            "WHATSAPP_CLOUD_APP_SECRET" => "app-secret",
            "WHATSAPP_CLOUD_VERIFY_TOKEN" => "a-word",
            _ => return None,
        };
        Some(value.to_owned())
    }

    #[test]
    fn the_environment_alone_makes_an_account() {
        let made = settings(&AccountsConfig::new(), environment).unwrap().unwrap();
        assert_eq!(made.account.as_str(), "main");
        assert_eq!(made.access_token.expose(), "EAAG-token");
        assert_eq!(made.graph.as_str(), "https://graph.facebook.com/");
        assert!(settings(&AccountsConfig::new(), |_| None).unwrap().is_none());
        let held = secrets(&AccountsConfig::new(), environment);
        assert_eq!(held, ["EAAG-token", "app-secret", "a-word"]);
    }

    #[test]
    fn what_cannot_be_used_is_named_with_what_is_accepted() {
        let base = AccountConfig::default();
        let id = |id: &str| AccountConfig { phone_number_id: Some(id.to_owned()), ..base.clone() };
        let url = |url: &str| AccountConfig { graph_url: url.to_owned(), ..base.clone() };
        let callback =
            |url: &str| AccountConfig { callback_url: Some(url.to_owned()), ..base.clone() };
        let version = |text: &str| AccountConfig { api_version: text.to_owned(), ..base.clone() };
        for (name, account, key) in [
            ("main", id("+34600111222"), "phone_number_id"),
            ("main", id(""), "phone_number_id"),
            ("main", url("http://graph.example.org"), "graph_url"),
            ("main", url("https://a:b@graph.example.org"), "graph_url"),
            ("main", url("https://graph.example.org/?x=1"), "graph_url"),
            ("main", callback("gateway.example.org"), "callback_url"),
            ("main", version("23"), "api_version"),
            ("main", version("v9.0"), "api_version"),
            ("Main", base.clone(), "accounts.Main"),
            ("own", base.clone(), "accounts.own"),
        ] {
            let accounts = AccountsConfig::from([(name.to_owned(), account)]);
            let refused = settings(&accounts, environment).unwrap_err();
            assert!(refused.key.contains(key), "{refused}");
        }
        let missing = AccountsConfig::from([("main".to_owned(), id("106540352242922"))]);
        let refused = settings(&missing, |_| None).unwrap_err();
        assert!(refused.to_string().contains("WHATSAPP_CLOUD_ACCESS_TOKEN"), "{refused}");
        let two = ["a", "b"].map(|name| (name.to_owned(), base.clone()));
        let refused = settings(&AccountsConfig::from(two), environment).unwrap_err();
        assert_eq!(refused.key, "accounts");
    }

    #[test]
    fn a_fake_on_this_machine_may_be_reached_in_the_clear() {
        for url in ["http://127.0.0.1:1", "http://[::1]:1", "http://localhost:1"] {
            assert!(address(url).is_some(), "{url}");
        }
    }
}
