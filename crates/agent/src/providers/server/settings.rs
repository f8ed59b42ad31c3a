//! Where the server is and how to speak to it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use countersign_domain::redaction::Redactor;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use url::Url;

use crate::config::{ConfigError, Secret};

/// Where the server is and how to speak to it.
#[derive(Debug, Clone)]
pub struct ServerSettings {
    /// The server's address, with or without `/v1`.
    pub base_url: String,
    /// The model used when a run names none.
    pub model: String,
    /// The key, if the server wants one.
    pub api_key: Option<Secret>,
    /// How many tokens of conversation the model takes.
    pub context_tokens: usize,
    /// Headers of every request.
    pub headers: BTreeMap<String, Secret>,
    /// How long a connection may take.
    pub connect_timeout: Duration,
    /// How long the server may send nothing.
    pub idle_timeout: Duration,
    /// The longest reply, in bytes of text and arguments.
    pub max_reply_bytes: usize,
    /// Masks secrets in the server's error messages.
    pub redactor: Arc<Redactor>,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            base_url: String::new(),
            model: String::new(),
            api_key: None,
            context_tokens: 32_768,
            headers: BTreeMap::new(),
            connect_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_mins(2),
            max_reply_bytes: 4 * 1024 * 1024,
            redactor: Arc::new(Redactor::new([])),
        }
    }
}

impl ServerSettings {
    /// The address that requests go to: `whole_path` makes it of the base address's path, which has
    /// no slash at its end.
    pub(in crate::providers) fn endpoint(
        &self,
        whole_path: impl Fn(&str) -> String,
        example: &str,
    ) -> Result<Url, ConfigError> {
        let invalid = |problem: String| ConfigError {
            key: "model.base_url",
            problem: format!("`{}` {problem}; it is an address such as `{example}`", self.base_url),
        };
        let mut url = Url::parse(self.base_url.trim())
            .map_err(|error| invalid(format!("is not an address ({error})")))?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(invalid("is not an http or https address".to_owned()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ConfigError {
                key: "model.base_url",
                problem: "has a user name or password in it; use `model.api_key_env`".to_owned(),
            });
        }
        url.set_fragment(None);
        let path = whole_path(url.path().trim_end_matches('/'));
        url.set_path(&path);
        Ok(url)
    }

    /// The headers of every request; the key goes into `key_header`, as `written` has it.
    pub(in crate::providers) fn header_map(
        &self,
        key_header: HeaderName,
        written: impl Fn(&str) -> String,
    ) -> Result<HeaderMap, ConfigError> {
        let mut map = HeaderMap::new();
        if let Some(key) = &self.api_key {
            let value = written(key.expose().trim());
            map.insert(key_header, sensitive(&value, "model.api_key")?);
        }
        for (name, value) in &self.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| ConfigError {
                key: "model.headers",
                problem: format!("`{name}` is not the name of an HTTP header"),
            })?;
            map.insert(name, sensitive(value.expose(), "model.headers")?);
        }
        Ok(map)
    }

    /// `text` without this server's own secrets.
    pub(in crate::providers) fn without_secrets(&self, text: &str) -> String {
        let mut text = self.redactor.redact(text).into_owned();
        let own = self.api_key.iter().chain(self.headers.values());
        for secret in own.map(|secret| secret.expose().trim()) {
            if secret.len() >= 8 {
                text = text.replace(secret, "…");
            }
        }
        text
    }
}

fn sensitive(value: &str, key: &'static str) -> Result<HeaderValue, ConfigError> {
    let mut value = HeaderValue::from_str(value).map_err(|_| ConfigError {
        key,
        problem: "has characters that an HTTP header cannot carry".to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}
