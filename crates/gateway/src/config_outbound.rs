//! The section `outbound`: what may leave the house, and with what it is sent.

use std::collections::{BTreeMap, BTreeSet};

use countersign_domain::outbound::{
    Destination, Directory, EmailAddress, OutboundPolicy, SecretPolicy, WebhookName,
};
use countersign_ports::duration::HumanDuration;
use countersign_ports::secret::Secret;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::config::{ConfigProblem, Problem, at_least_a_second, problem};

/// What may leave the house, and with what it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OutboundConfig {
    /// Whether a person decides about everything that leaves: messages, mail, and requests that
    /// send data or go to a host that is not listed.
    pub require_approval: bool,
    /// Exact destinations about which nobody is asked: `webhook:NAME`, `email:a@example.org`,
    /// `platform:chat`, or the whole URL of a request.
    pub exempt: Vec<String>,
    /// How long a decision about something that leaves is good.
    pub token_ttl: HumanDuration,
    /// How much may go to one receiver within an hour: a mailbox without its `+tag`, a conversation
    /// with all its threads, a host.
    pub max_per_hour: u32,
    /// What happens to content that holds a secret, or something that cards mask as one: `forbid`,
    /// `ask` or `off`.
    pub secret_policy: SecretPolicyText,
    /// Requests of the agent's `http_request` tool.
    pub http: OutboundHttpConfig,
    /// Names for destinations: `ops: webhook:ops`.
    pub directory: BTreeMap<String, String>,
    /// Where messages to `webhook:NAME` go.
    pub webhooks: BTreeMap<String, WebhookConfig>,
    /// With what mail is sent; without it there is no `send_email`.
    pub email: Option<EmailConfig>,
}

/// `outbound.secret_policy`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SecretPolicyText {
    /// It never leaves.
    #[default]
    Forbid,
    /// A person decides, each time anew.
    Ask,
    /// Nothing is looked for.
    Off,
}

/// Requests of the agent's `http_request` tool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct OutboundHttpConfig {
    /// Where GET and HEAD may go without a question: `example.org`, `*.example.org` (on the usual
    /// ports), `example.org:8443` (on that port), `https://example.org` (by that scheme).
    pub allow_hosts: Vec<String>,
}

/// Where messages to one webhook go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    /// Absolute http or https address.
    pub url: String,
    /// What requests are signed with; at least 16 characters.
    #[serde(default)]
    pub secret: Option<Secret>,
    /// The environment variable that holds it instead.
    #[serde(default)]
    pub secret_env: Option<String>,
    /// Whether the receiver takes what comes with the same `Idempotency-Key` once only and answers
    /// 2xx each time: then a send whose end is not known is attempted again, with the same key.
    #[serde(default)]
    pub idempotent: bool,
}

/// With what mail is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EmailConfig {
    /// The SMTP server.
    pub host: String,
    /// Its port; by default 587, with `tls: implicit` 465, with `tls: none` 25.
    #[serde(default)]
    pub port: Option<u16>,
    /// `starttls` (required, never left out), `implicit`, or `none` on this machine only.
    #[serde(default)]
    pub tls: MailTls,
    /// The user name; without one nobody signs in.
    #[serde(default)]
    pub user: Option<String>,
    /// The password.
    #[serde(default)]
    pub password: Option<Secret>,
    /// The environment variable that holds it instead.
    #[serde(default)]
    pub password_env: Option<String>,
    /// A file in PEM with the certificate of a private authority that is trusted too.
    #[serde(default)]
    pub ca_file: Option<std::path::PathBuf>,
    /// The sender of every mail.
    pub from: String,
}

/// `outbound.email.tls`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MailTls {
    /// STARTTLS, or nothing is sent.
    #[default]
    Starttls,
    /// TLS from the first byte.
    Implicit,
    /// No TLS.
    None,
}

/// Secrets shorter than this do not protect.
const SHORTEST_SECRET: usize = 16;

impl Default for OutboundConfig {
    fn default() -> Self {
        let policy = OutboundPolicy::default();
        Self {
            require_approval: policy.require_approval,
            exempt: Vec::new(),
            token_ttl: HumanDuration(policy.token_ttl),
            max_per_hour: policy.max_per_hour,
            secret_policy: SecretPolicyText::default(),
            http: OutboundHttpConfig::default(),
            directory: BTreeMap::new(),
            webhooks: BTreeMap::new(),
            email: None,
        }
    }
}

impl OutboundConfig {
    /// The policy that the guard follows.
    pub fn policy(&self) -> Result<OutboundPolicy, ConfigProblem> {
        let exempt = self.exempt.iter().map(|text| exempt(text));
        Ok(OutboundPolicy {
            require_approval: self.require_approval,
            exempt: exempt.collect::<Result<BTreeSet<String>, _>>()?,
            allow_hosts: self
                .http
                .allow_hosts
                .iter()
                .map(|text| allowed_host(text))
                .collect::<Result<Vec<String>, _>>()?,
            token_ttl: at_least_a_second("outbound.token_ttl", self.token_ttl)?,
            max_per_hour: self.max_per_hour,
            secrets: match self.secret_policy {
                SecretPolicyText::Forbid => SecretPolicy::Forbid,
                SecretPolicyText::Ask => SecretPolicy::Ask,
                SecretPolicyText::Off => SecretPolicy::Off,
            },
        })
    }

    /// The names of destinations: those given, and those of the webhooks.
    pub fn directory(&self) -> Result<Directory, ConfigProblem> {
        let mut entries = Vec::new();
        for (name, text) in &self.directory {
            let key = format!("outbound.directory.{name}");
            let destination: Destination = text.parse().map_err(|error| wrong(&key, error))?;
            if destination.is_by_name() {
                return Err(wrong(&key, format!("`{text}` is a name; write the id of the chat")));
            }
            entries.push((name.clone(), destination));
        }
        for name in self.webhook_names()?.into_keys() {
            entries.push((name.to_string(), Destination::webhook(&name)));
        }
        Ok(Directory::new(entries))
    }

    /// The webhooks by their names.
    pub fn webhook_names(&self) -> Result<BTreeMap<WebhookName, &WebhookConfig>, ConfigProblem> {
        let mut named = BTreeMap::new();
        for (name, hook) in &self.webhooks {
            let key = format!("outbound.webhooks.{name}");
            let parsed: WebhookName = name.parse().map_err(|_| {
                wrong(&key, "a name is lowercase letters, digits, `-` and `_`, a letter first")
            })?;
            if named.insert(parsed, hook).is_some() {
                return Err(wrong(&key, "there is another of this name in other capitals"));
            }
        }
        Ok(named)
    }

    /// Every credential of this section, for the redactor; what cannot be resolved is left out.
    pub fn secrets(&self, environment: impl Fn(&str) -> Option<String>) -> Vec<String> {
        let hooks = self.webhooks.iter().filter_map(|(name, hook)| {
            hook.resolve_secret(name, &environment).ok().map(|secret| secret.expose().to_owned())
        });
        let mail = self.email.iter().filter_map(|mail| {
            let password = mail.resolve_password(&environment).ok().flatten()?;
            Some(password.expose().to_owned())
        });
        let addresses = self.webhooks.values().flat_map(|hook| credentials_in(&hook.url));
        hooks.chain(mail).chain(addresses).collect()
    }
}

impl WebhookConfig {
    /// What requests are signed with.
    pub fn resolve_secret(
        &self,
        name: &str,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Secret, ConfigProblem> {
        let key = format!("outbound.webhooks.{name}.secret");
        let given = (self.secret.as_ref(), self.secret_env.as_deref());
        let secret = one_of(&key, given, environment)?
            .ok_or_else(|| wrong(&key, "missing: requests are signed with it"))?;
        if secret.expose().len() < SHORTEST_SECRET {
            return Err(wrong(&key, format!("too short: at least {SHORTEST_SECRET} characters")));
        }
        Ok(secret)
    }
}

impl EmailConfig {
    /// The sender.
    pub fn from(&self) -> Result<EmailAddress, ConfigProblem> {
        self.from.parse().map_err(|error| wrong("outbound.email.from", error))
    }

    /// The password, if there is one.
    pub fn resolve_password(
        &self,
        environment: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Secret>, ConfigProblem> {
        let given = (self.password.as_ref(), self.password_env.as_deref());
        one_of("outbound.email.password", given, environment)
    }

    /// The port, given or usual.
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.tls {
            MailTls::Starttls => 587,
            MailTls::Implicit => 465,
            MailTls::None => 25,
        })
    }
}

/// The address of a webhook, with and without its scheme: who knows it can post there. One that is
/// only a host is no credential.
fn credentials_in(url: &str) -> Vec<String> {
    let Some((_, rest)) = url.split_once("://") else {
        return Vec::new();
    };
    match rest.find(['/', '?']) {
        Some(end) if rest.len() > end + 1 => vec![url.to_owned(), rest.to_owned()],
        Some(_) | None => Vec::new(),
    }
}

/// A secret that stands here or in the environment.
fn one_of(
    key: &str,
    (given, variable): (Option<&Secret>, Option<&str>),
    environment: impl Fn(&str) -> Option<String>,
) -> Result<Option<Secret>, ConfigProblem> {
    match (given, variable) {
        (Some(_), Some(_)) => Err(wrong(key, format!("set together with `{key}_env`: keep one"))),
        (Some(secret), None) => Ok(Some(secret.clone())),
        (None, None) => Ok(None),
        (None, Some(name)) => {
            let value = environment(name).filter(|value| !value.is_empty());
            let unset = || format!("the environment variable `{name}` is not set");
            let value = value.ok_or_else(|| wrong(&format!("{key}_env"), unset()))?;
            Ok(Some(Secret::new(value)))
        }
    }
}

/// An exempt destination in the spelling that actions have.
fn exempt(text: &str) -> Result<String, ConfigProblem> {
    if text.starts_with("https://") || text.starts_with("http://") {
        return Ok(text.to_owned());
    }
    match text.parse::<Destination>() {
        Ok(destination) if !destination.is_by_name() => Ok(destination.to_string()),
        Ok(_) => Err(wrong("outbound.exempt", format!("`{text}` is a name; write the chat's id"))),
        Err(error) => Err(wrong("outbound.exempt", error)),
    }
}

/// An entry of `outbound.http.allow_hosts`; one that fits nothing is a mistake.
fn allowed_host(text: &str) -> Result<String, ConfigProblem> {
    let place = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let place = place.unwrap_or(text);
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if host.ends_with(']') || !host.contains(':') => (host, port),
        Some(_) | None => (place, "443"),
    };
    let strange = |c: char| c.is_whitespace() || "/?#@".contains(c);
    if host.is_empty() || host.contains(strange) || port.parse::<u16>().is_err() {
        let what = "write `example.org`, `*.example.org`, `example.org:8443` or \
                    `https://example.org`";
        return Err(wrong("outbound.http.allow_hosts", format!("`{text}` is no host; {what}")));
    }
    Ok(text.to_owned())
}

fn wrong(key: &str, what: impl std::fmt::Display) -> ConfigProblem {
    problem(key, Problem::Outbound(what.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowed_host_has_no_path() {
        for text in
            ["example.org", "*.example.org", "a.test:80", "https://a.test", "[::1]:80", "::1"]
        {
            assert_eq!(allowed_host(text).unwrap(), text);
        }
        for text in ["", "https://", "a.test/x", "a@b", "a.test:http", "ftp://a.test", "a b", ":80"]
        {
            assert!(allowed_host(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_address_of_a_webhook_is_a_credential() {
        let url = "https://hooks.example.org/T0/B0/x";
        let bare = |url: &str| credentials_in(url);
        assert_eq!(bare(url), [url, "hooks.example.org/T0/B0/x"]);
        assert_eq!(bare("http://127.0.0.1:9?k=v"), ["http://127.0.0.1:9?k=v", "127.0.0.1:9?k=v"]);
        for host in ["https://example.org", "https://example.org/", "example.org/x"] {
            assert!(bare(host).is_empty(), "{host}");
        }
        let hook = WebhookConfig {
            url: url.to_owned(),
            secret: None,
            secret_env: None,
            idempotent: false,
        };
        let webhooks = BTreeMap::from([("ops".to_owned(), hook)]);
        let config = OutboundConfig { webhooks, ..OutboundConfig::default() };
        assert!(config.secrets(|_| None).contains(&url.to_owned()));
    }
}
